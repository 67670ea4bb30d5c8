"""`hotline doctor`: what is wrong with a broker and the services on it, and what to do."""

import sys
from collections.abc import Iterator
from typing import Annotated, Final

import msgspec
from cyclopts import Parameter

from hotline_services.doctor.diagnosis.findings import findings
from hotline_services.doctor.diagnosis.kinds import Finding
from hotline_services.doctor.diagnosis.observations import Observations
from hotline_services.doctor.looking import look
from hotline_services.monitor.wording import printable

from .connection import FROM_HERE, Reach, tool_settings
from .exits import NO_BROKER
from .options import Flag
from .query import complain
from .runfile import OBSERVER
from .tables import write_json

FOUND: Final = 1
LISTEN_S: Final = 12.0
"""Long enough to hear each service once: it says that it lives every ten seconds."""
LONGEST_S: Final = 3600.0


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What --json prints. ``connected_to`` is the node of the broker that let us in, if one did."""

    broker: str
    user: str | None
    connected_to: str | None
    services: list[str]
    findings: list[Finding]


def doctor(
    *,
    broker: str | None = None,
    as_: Annotated[str, Parameter(name="--as")] = OBSERVER,
    seconds: float = LISTEN_S,
    json: Annotated[bool, Flag] = False,
    reach: Reach = FROM_HERE,
) -> int:
    """Look at a broker, listen for some seconds, and tell what is wrong, with a remedy for each finding.

    It disturbs nobody: it listens, and publishes nothing but an echo to itself, and that only as a service's user.
    It sees no more than its user may hear; observer hears everything.

    For example:

    hotline doctor

    hotline doctor --broker mqtt://observer:PASSWORD@127.0.0.1:1883 --json

    The exit code is 0 when nothing is wrong, 1 when something is, 2 for bad input, 4 when there is no connection to the
    broker. Why there is none is a finding, too.

    Parameters
    ----------
    broker
        mqtt://user:password@host:port, or the nodes of a cluster with commas between;
        by default HOTLINE_BROKER of the environment, else that of the run in --data, else this machine.
    as_
        As whom to look, of those in the run file: observer, control, or a desk such as us-desk.
    seconds
        How long to listen. What is said every ten seconds is missed in a shorter time: 12 by default.
    json
        A JSON object on the standard output instead of lines.
    """
    try:
        if not 0 <= seconds <= LONGEST_S:
            raise ValueError(f"--seconds: {seconds:g}: from 0 to {LONGEST_S:g}")
        settings = tool_settings(broker, reach, as_)
    except ValueError as error:
        return complain("doctor", str(error))
    sys.stderr.write(f"hotline doctor: looking at {settings}, for {seconds:g} s\n")
    seen = look(settings, seconds)
    found = findings(seen)
    if json:
        write_json(_report(seen, found))
    else:
        sys.stdout.writelines(f"{printable(line)}\n" for line in told(seen, found))
    if seen.connected_to is None:
        return NO_BROKER
    return FOUND if found else 0


def _report(seen: Observations, found: list[Finding]) -> Report:
    return Report(
        broker=seen.broker,
        user=seen.user,
        connected_to=seen.connected_to,
        services=list(seen.signs),
        findings=found,
    )


def told(seen: Observations, found: list[Finding]) -> Iterator[str]:
    """The findings, in lines for a person."""
    if seen.connected_to is not None:
        who = f" as {seen.user}" if seen.user else ""
        yield f"Connected to {seen.connected_to}{who}. Services: {', '.join(seen.signs) or 'none'}."
    if not found:
        yield "Nothing is wrong."
    for number, one in enumerate(found, start=1):
        yield f"{number}. {one.kind.value}: {one.sentence}"
        yield f"   {one.remedy}"
