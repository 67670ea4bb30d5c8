"""`hotline debrief`: what one side did at its desk, after an exercise."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec

from hotline_protocol.authority import Role, role_of
from hotline_services.export.output import STDOUT, OutputError, refuse_to_overwrite, write_text
from hotline_services.runtime.store import StoreError

from .options import FileOrHyphen, Flag
from .query import complain

if TYPE_CHECKING:
    from hotline_services.console.desk.debrief_report import AfterAction


def debrief(
    run: Path,
    /,
    *,
    party: str,
    sitting: str | None = None,
    json: Annotated[bool, Flag] = False,
    out: Annotated[Path, FileOrHyphen] = Path(STDOUT),
    force: Annotated[bool, Flag] = False,
) -> int:
    """Write the after-action report of one side: calls, decisions, agreements, what was conceded, escalations, lapses.

    From any recording or monitor's record. Of each offer that was laid before a person at the desk (hotline console)
    it tells what was said and what the automatic officer would have said by the party's own costs. It gives no marks.

    Examples:

    hotline debrief run.jsonl --party ru

    hotline debrief var/monitor.sqlite3 --party ru --out after.md

    hotline debrief var/monitor.sqlite3 --party ru --sitting console-ru-a1b2c3

    The exit code is 0, or 2 when the run cannot be read or the report cannot be written.

    Parameters
    ----------
    run
        A recording (run.jsonl), or a monitor's record (var/monitor.sqlite3).
    party
        Whose desk, such as us or ru.
    sitting
        One sitting alone, by the name that the report has for it: the same as hotline console --report wrote of it.
    json
        The same as one JSON object.
    out
        The file to write; - is the standard output.
    force
        Write over what is there.
    """
    from hotline_services.console.desk.after_action import report_text

    try:
        refuse_to_overwrite(out, force=force)
        told = _told(run, party, sitting)
        write_text(out, _json(told) if json else report_text(told), force=force)
    except (StoreError, OutputError) as error:
        return complain("debrief", str(error))
    return 0


def _told(path: Path, party: str, sitting: str | None) -> "AfterAction":
    """What there is to tell of this party, or of one sitting at its desk. Raises StoreError when there is nothing."""
    from hotline_protocol.orders import DeskTaken
    from hotline_services.console.desk.debrief import Debrief
    from hotline_services.export.run import Run

    fold = Debrief(party, sitting)
    parties, sittings = set(), set()
    with Run(path, partial=True) as run:
        for recorded in run.messages():
            if role_of(recorded.message.source) is Role.CENTRE:
                parties.add(recorded.message.source)
            if isinstance(recorded.message, DeskTaken) and recorded.message.source == party:
                sittings.add(recorded.message.by.sitting)
            fold.hear(recorded.message, recorded.at)
        if run.cut_off:
            complain("debrief", run.cut_off)
    if party not in parties:
        known = ", ".join(sorted(parties)) or "none"
        raise StoreError(f"--party: no centre called {party} speaks in {path}; there are: {known}")
    if sitting is not None and sitting not in sittings:
        there = ", ".join(sorted(sittings)) or "nobody took that desk"
        raise StoreError(f"--sitting: there is no sitting {sitting} at the desk of {party}; it knows: {there}")
    return fold.report()


def _json(report: "AfterAction") -> str:
    return msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n"
