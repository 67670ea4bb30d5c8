"""The page as a service: what `hotline run page` does."""

import asyncio
import os
import secrets
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from hotline_services.director.script import Scenario
from hotline_services.runtime.wire import BrokerSettings

USUAL_PORT: Final = 8080
TOKEN_VARIABLE: Final = "HOTLINE_PAGE_TOKEN"  # noqa: S105  where it is found, not what it is
TOKEN_BYTES: Final = 16
YIELDS: Final = 5
"""How far the page gives way, as nice(1) counts: where cores are short, those who are looked at go before who looks."""

USUAL_DAYS: Final = 60.0
MOST_DAYS: Final = 36_500.0

Token = Annotated[str | None, Parameter(env_var=TOKEN_VARIABLE)]
Hosts = Annotated[tuple[str, ...], Parameter(negative="", env_var="HOTLINE_PAGE_HOSTS")]
Keep = Annotated[float, Parameter(env_var="HOTLINE_PAGE_KEEP")]


def new_token() -> str:
    """A token that nobody guesses."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def sound_token(token: str | None) -> str:
    """This token, or a new one. Raises ValueError for one that an address cannot hold."""
    if token is None or token == "":
        return new_token()
    if not token.isascii() or not token.isprintable() or " " in token:
        raise ValueError("--token: letters, digits, - and _ only, since it stands in the page's address")
    return token


def kept(days: float) -> timedelta | None:
    """So many days; None, for 0, without an end. Raises ValueError."""
    if not 0 <= days <= MOST_DAYS:
        raise ValueError(f"--keep: {days:g}: simulated days, up to {MOST_DAYS:,.0f}, or 0 for all of them")
    return timedelta(days=days) or None


def run_page(
    scenario: Scenario,
    broker: BrokerSettings,
    record: Path,
    *,
    host: str,
    port: int,
    token: str | None,
    others: Sequence[str],
    keep: timedelta | None,
    log_level: str,
) -> int:
    """Serve the page until told to stop. Raises ValueError, and PortError."""
    from hotline_services.runtime.logs import set_up_logs
    from hotline_services.web.feeds import LiveFeed
    from hotline_services.web.inbound import Inbound
    from hotline_services.web.serving import address_of, allowed_hosts, listen, serve_until_told
    from hotline_services.web.sources import Sources
    from hotline_services.web.state import State

    set_up_logs("page", level=log_level)
    with suppress(OSError):
        os.nice(YIELDS)
    token = sound_token(token)
    sources = Sources(scenario)
    sources.watch(LiveFeed(record, keep=keep), record)
    with listen(host, port) as bound:
        print(f"The page is at {address_of(bound, host)}#token={token}", file=sys.stderr, flush=True)
        state = State(sources, token, Inbound(broker))
        asyncio.run(serve_until_told(state, allowed_hosts(host, others), bound))
    return 0
