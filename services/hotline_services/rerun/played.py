"""The scenario that a recording was played with, as its header names it."""

from typing import Final

from hotline_protocol.theatre import enter, theatre_now
from hotline_services.director.changes import read_change
from hotline_services.director.scenario import read_scenario, scenario_digest
from hotline_services.director.script import Scenario
from hotline_services.runtime.provenance import Provenance
from hotline_services.runtime.recording import Header

LONGEST_DAYS: Final = 3_660
NAME_IT: Final = "Name the one that was played with --scenario."


class UnplayableError(Exception):
    """A recording cannot be made again; the message says why, and what to do."""


def played_scenario(header: Header, given: str | None = None) -> Scenario:
    """The scenario that was played, with the values that were set; ``given`` is where it is now, if anybody says so.

    Raises UnplayableError when it cannot be found, or is not the same any more.
    """
    if header.days is not None and header.days > LONGEST_DAYS:
        raise UnplayableError(f"days: {header.days:g}: no more than {LONGEST_DAYS:,} are simulated.")
    made = header.provenance if isinstance(header.provenance, Provenance) else None
    which = given or (made.file if made else "") or header.scenario
    try:
        changes = dict(map(read_change, made.set)) if made else {}
        scenario, digest = read_scenario(which, changes), scenario_digest(which, changes)
    except ValueError as error:
        raise UnplayableError(f"{error}. {NAME_IT}") from error
    if made and digest != made.digest:
        raise UnplayableError(f"{which} is not what was played: its digest is {digest}, not {made.digest}. {NAME_IT}")
    if not made and not header.is_live and scenario.agreement.digest != header.agreement:
        raise UnplayableError(f"{which} has another agreement than the one that was played under. {NAME_IT}")
    return scenario


def known_scenario(header: Header) -> Scenario | None:
    """The scenario that was played, with the values that were set; None when it cannot be found as it was.

    While it is known, this process plays in its theatre; else in that of before.
    """
    before = theatre_now()
    try:
        return played_scenario(header)
    except UnplayableError:
        enter(before)
        return None
