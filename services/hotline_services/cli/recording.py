"""`hotline recording`: a recording of a monitor's record, with what each service heard."""

import sys
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from hotline_services.director.scenario import ScenarioError, read_scenario, shipped_scenarios
from hotline_services.monitor.wording import printable_lines
from hotline_services.records.liveheader import Told
from hotline_services.records.recordings import record_to_recording
from hotline_services.runtime.store import StoreError

from .numbers import Whole
from .options import Flag
from .query import complain, record_path


def recording(
    *,
    out: Path,
    record: Path | None = None,
    scenario: str | None = None,
    seed: Whole = None,
    journals: Annotated[tuple[Path, ...], Parameter(negative="")] = (),
    json: Annotated[bool, Flag] = False,
) -> int:
    """Write a record as a recording: the format in which a simulation writes, one JSON line a message.

    What each service heard is written behind the messages, from its journal, so that hotline rerun can make the run
    again. Services must have ended for that; a journal in use is left out, which is told.

    Examples:

    hotline recording --out run.jsonl

    hotline recording --record monitor/monitor.sqlite3 --journals us --journals ru --out run.jsonl

    The exit code is 0, or 2 with a sentence on what is wrong.

    Parameters
    ----------
    out
        The file to write.
    record
        The monitor's record; by default HOTLINE_RECORD of the environment, else monitor.sqlite3
        in HOTLINE_DATA, else in var.
    scenario
        Only for a record of an earlier version, which does not say it: the scenario's name or file, for the header.
    seed
        Likewise: the run's seed; by default the scenario's own.
    journals
        A folder with journals of services; may be given again. By default the folder of the record.
    json
        What was written, as one JSON object.
    """
    path = record_path(record)
    try:
        told = Told(scenario=scenario, seed=seed)
        if scenario is not None and (scenario.endswith(".toml") or scenario in shipped_scenarios()):
            played = read_scenario(scenario)
            chance = played.seed if seed is None else seed
            told = Told(scenario=played.name, seed=chance, agreement=played.agreement.digest)
        written = record_to_recording(path, out, told, journals or [path.parent])
    except (StoreError, ScenarioError) as error:
        return complain("recording", str(error))
    except OSError as error:
        return complain("recording", f"{out}: {error.strerror}")
    for fault in written.faults:
        sys.stderr.write(f"hotline recording: {printable_lines(fault)}\n")
    if json:
        sys.stdout.write(msgspec.json.encode({"out": str(out), **written._asdict()}).decode() + "\n")
    else:
        heard = f"; what was heard by {', '.join(written.journals)}" if written.journals else ""
        sys.stdout.write(f"{out}: {written.messages:,} messages{heard}\n")
    return 0
