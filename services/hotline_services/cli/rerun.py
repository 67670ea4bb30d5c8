"""`hotline rerun`: a recorded run, made again and compared with its recording."""

import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import msgspec

from hotline_services.monitor.wording import date_time_group, printable
from hotline_services.program import program
from hotline_services.records.reading import is_record
from hotline_services.rerun.difference import Difference
from hotline_services.rerun.inputs import Replayed, play_again
from hotline_services.rerun.played import UnplayableError, played_scenario
from hotline_services.rerun.sequence import Sequence
from hotline_services.runtime.provenance import Provenance
from hotline_services.runtime.recording import Header, RecordingError, RecordingReader
from hotline_services.runtime.store import StoreError, usable

from .options import Flag
from .query import complain

DIFFERENT: Final = 1


class Rerun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The result. ``lines`` counts the equal lines of a simulated run; ``services`` has the results of a live run."""

    recording: str
    scenario: str
    seed: int | None
    equal: bool
    made_by: Provenance | None = None
    program: str
    python: str
    lines: int | None = None
    difference: Difference | None = None
    services: tuple[Replayed, ...] = ()


def rerun(
    recording: Path,
    /,
    *,
    scenario: str | None = None,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Make a recorded run again, and compare it with the recording.

    A simulated run is made again from its header, and everything after the header is compared. Of a live run each
    service is played again: what it heard is fed to a fresh one, which must say what was recorded of it.

    Examples:

    hotline rerun run.jsonl

    hotline rerun run.jsonl --scenario my-valley.toml --json

    The exit code is 0 when it is the same, 1 when it differs, 2 when it cannot be made again.

    Parameters
    ----------
    recording
        What hotline simulate --out, hotline demo --out or hotline recording has written.
    scenario
        The scenario that was played, where it lies elsewhere now: the path of a .toml file, or a shipped name.
    json
        What came of it, as one JSON object.
    """
    try:
        found = _rerun(recording, scenario)
    except (StoreError, UnplayableError) as error:
        return complain("rerun", str(error))
    except RecordingError as error:
        return complain("rerun", f"{recording}: {error}")
    if json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        sys.stdout.write("\n".join(_told(found)) + "\n")
    return 0 if found.equal else DIFFERENT


def _rerun(recording: Path, given: str | None) -> Rerun:
    if is_record(recording):
        raise UnplayableError(
            f"{recording} is a monitor's record. Make a recording of it with: "
            f"hotline recording --record {recording} --out run.jsonl"
        )
    with usable(recording), recording.open("rb") as file:
        reader = RecordingReader(file)
        header = reader.header
        if header.is_live and not header.has_journals:
            raise UnplayableError(
                f"{recording} is of a live run, and does not say what each service heard. Once the run has ended, "
                "hotline recording makes one of its data folder that does."
            )
        scenario = played_scenario(header, given)
        if header.is_live:
            services = tuple(play_again(reader, scenario))
            equal = not any(each.difference for each in services) and any(not each.reason for each in services)
            return _result(recording, header, equal=equal, services=services)
        sequence = Sequence(file)
        found = sequence.run_again(header, scenario)
        return _result(recording, header, equal=found is None, lines=sequence.lines, found=found)


def _result(
    recording: Path,
    header: Header,
    *,
    equal: bool,
    lines: int | None = None,
    found: Difference | None = None,
    services: tuple[Replayed, ...] = (),
) -> Rerun:
    return Rerun(
        recording=str(recording),
        scenario=header.scenario,
        seed=header.seed,
        equal=equal,
        made_by=header.provenance if isinstance(header.provenance, Provenance) else None,
        program=program(),
        python=platform.python_version(),
        lines=lines,
        difference=found,
        services=services,
    )


def _told(found: Rerun) -> Iterator[str]:
    """The result as lines of text for a person."""
    if found.lines is not None:
        same = f"{found.lines:,} messages are the same when {found.scenario} is run again with seed {found.seed}"
        yield f"{found.recording}: {same}{'.' if found.equal else ', and then it differs.'}"
    if found.difference:
        yield from _shown(found.difference)
    for each in found.services:
        state = each.reason or ("differs" if each.difference else "the same")
        if each.since and not each.reason:
            state += f" since {date_time_group(each.since)}: inputs before that were pruned"
        yield f"{each.service:10} {each.inputs:7,} inputs {each.messages:7,} messages  {state}"
        if each.difference:
            yield from _shown(each.difference)
    made = found.made_by
    if not found.equal and made is None:
        yield "The recording does not say which values were set, nor by which program it was made."
    elif not found.equal and made is not None:
        yield f"It was made by {made.program} on Python {made.python}; this is {found.program} on {found.python}."


def _shown(different: Difference) -> Iterator[str]:
    yield f"line {different.line}"
    yield f"  recorded:  {printable(different.recorded or 'nothing')}"
    yield f"  run again: {printable(different.rerun or 'nothing')}"
