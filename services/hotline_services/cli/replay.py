"""`hotline replay`: the page over recordings, without a broker."""

import asyncio
import sys
import webbrowser
from contextlib import closing
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from hotline_services.director.scenario import ScenarioError, read_scenario
from hotline_services.monitor.wording import printable_lines
from hotline_services.runtime.store import StoreError

from .exits import BAD_INPUT
from .options import FileOrHyphen
from .page import USUAL_PORT, Hosts, Token, sound_token

SIDE_BY_SIDE_AT_MOST: Final = 2


def replay(
    recordings: Annotated[list[Path], FileOrHyphen],
    /,
    *,
    host: str = "127.0.0.1",
    port: int = USUAL_PORT,
    scenario: str | None = None,
    open: Annotated[bool, Parameter(negative="")] = False,  # noqa: A002  the option is called so
    allow_host: Hosts = (),
    token: Token = None,
) -> int:
    """Show one recording, or two side by side, on a page: play, pause, any speed, and any time at once.

    A recording is what hotline simulate --out, hotline demo --out and hotline recording write; a monitor's record
    can be shown as well. Ctrl-C ends it.

    For example:

    hotline replay run.jsonl --open

    hotline replay with.jsonl without.jsonl

    The exit code is 0 when stopped, 2 for bad input.

    Parameters
    ----------
    recordings
        One or two files.
    host
        Where to listen: by default for this machine alone.
    port
        Where to listen: the next free port is taken when this one is in use; 0 for any.
    scenario
        The scenario that was played, where a recording does not say so: its name, or the path of a .toml file.
    open
        Open the page in a browser.
    allow_host
        Another name by which browsers may ask for this server; may be given more than once.
    token
        What has to be shown to upload another recording; by default one is made up, and printed.
    """
    try:
        if not 1 <= len(recordings) <= SIDE_BY_SIDE_AT_MOST:
            raise ValueError(f"one recording, or two to compare, not {len(recordings)}")
        return _replay(recordings, host, port, scenario, allow_host, token, open_it=open)
    except (ScenarioError, StoreError, ValueError) as error:
        print(f"hotline replay: {printable_lines(str(error))}", file=sys.stderr)
        return BAD_INPUT


def _replay(
    recordings: list[Path],
    host: str,
    port: int,
    scenario: str | None,
    others: tuple[str, ...],
    token: str | None,
    *,
    open_it: bool,
) -> int:
    from hotline_services.runtime.logs import set_up_logs
    from hotline_services.web.serving import address_of, allowed_hosts, listen, serve_until_told
    from hotline_services.web.sources import Sources
    from hotline_services.web.state import State

    set_up_logs("page", level="warning")
    token, sources = sound_token(token), Sources(read_scenario(scenario) if scenario else None)
    with closing(sources):
        for path in recordings:
            sources.add(path, path.name)
        with listen(host, port, or_next=True) as bound:
            if port and bound.getsockname()[1] != port:
                print(f"Port {port} is in use; this is the next free one.", file=sys.stderr)
            address = f"{address_of(bound, host)}#token={token}"
            names = " and ".join(path.name for path in recordings)
            print(f"Replaying {names} at {address} (Ctrl-C ends it)", file=sys.stderr, flush=True)
            if open_it:
                webbrowser.open(address)
            asyncio.run(serve_until_told(State(sources, token), allowed_hosts(host, others), bound))
    return 0
