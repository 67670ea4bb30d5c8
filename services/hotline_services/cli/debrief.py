"""`hotline debrief`: what one side did at its desk, after an exercise."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from cyclopts import Parameter

from hotline_services.runtime.store import StoreError

if TYPE_CHECKING:
    from hotline_services.console.debrief import AfterAction

BAD_INPUT: Final = 2

Flag = Parameter(negative="")


def debrief(
    run: Path,
    /,
    *,
    party: str,
    json: Annotated[bool, Flag] = False,
    out: Path | None = None,
) -> int:
    """Write the after-action report of one side: calls, decisions, agreements, what was conceded, escalations, lapses.

    From any recording or monitor's record. Of each offer that was laid before a person at the desk (hotline console)
    it tells what was said and what the automatic officer would have said by the party's own costs. It gives no marks.

    Examples:

    hotline debrief run.jsonl --party ru

    hotline debrief var/monitor.sqlite3 --party ru --out after.md

    The exit code is 0, or 2 when the run cannot be read or the report cannot be written.

    Parameters
    ----------
    run
        A recording (run.jsonl), or a monitor's record (var/monitor.sqlite3).
    party
        Whose desk, such as us or ru.
    json
        The same as one JSON object.
    out
        Write it to this file instead of the standard output.
    """
    from hotline_services.console.after_action import report_text
    from hotline_services.console.debrief import Debrief
    from hotline_services.export.run import Run

    fold = Debrief(party)
    try:
        with Run(run, partial=True) as whole:
            parties = set()
            for recorded in whole.messages():
                parties.add(recorded.message.source)
                fold.hear(recorded.message, recorded.at)
            if whole.cut_off:
                _complain(whole.cut_off)
        if party not in parties:
            return _fail(f"{party} says nothing in {run}; there are: {', '.join(sorted(parties)) or 'none'}")
        report = fold.report()
        text = _json(report) if json else report_text(report)
        if out is None:
            sys.stdout.write(text)
        else:
            out.write_text(text, encoding="utf-8")
    except StoreError as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"{error.filename or run}: {error.strerror}")
    return 0


def _json(report: "AfterAction") -> str:
    return msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n"


def _fail(reason: str) -> int:
    _complain(reason)
    return BAD_INPUT


def _complain(reason: str) -> None:
    print(f"hotline debrief: {reason}", file=sys.stderr)
