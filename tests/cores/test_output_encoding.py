"""Every command on a terminal that is not UTF-8: what the encoding lacks is replaced, and nothing ends of it."""

import io
import shutil
import sys
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from hotline_services.cli import main as command_line

from .orders import CIRCLE, HEAD, LEVELS, TIMES

pytestmark = pytest.mark.filterwarnings("ignore:Cyclopts application invoked")  # main() reads sys.argv, as it should

ENCODINGS = ("latin-1", "koi8-r", "cp1252", "cp437", "ascii")
COMMANDS = [name for name, *_ in command_line.COMMANDS]

ROWS = (
    *("calls", "escalations", "agreements", "negotiations", "plans", "crossings", "encounters", "flights", "strain"),
    *("volume", "status"),
)
RUNS: dict[str, list[str]] = {
    **{name: [f"{name} --record RUN", f"{name} --record RUN --json"] for name in ROWS},
    "simulate": ["simulate valley-2017 --days 1", "simulate valley-2017 --days 1 --json"],
    "experiment": ["experiment --outcomes"],
    "calibrate": ["calibrate --days 1 --seeds 1"],
    "debrief": ["debrief RUN --party ru", "debrief RUN --party ru --json"],
    "recording": ["recording --record RECORD --out FRESH"],
    "export": ["export RUN --to kml --out FRESH"],
    "report": ["report RUN --out FRESH"],
    "aco": ["aco read ORDER", "aco read ORDER --json", "aco write RUN --out FRESH"],
    "rebuild": ["rebuild --record RECORD"],
    "keys": ["keys make FRESH --acl compose/acl"],
    "party": ["party add tr --tree TREE --dry-run"],
    "conformance": ["conformance --list"],
    "asyncapi": ["asyncapi"],
    "replay": ["replay MISSING→RUN"],
    "access": ["access --data MISSING→RUN"],
    "health": ["health us --data MISSING→RUN"],
    "rerun": ["rerun RUN", "rerun RUN --json"],
    "doctor": ["doctor --broker mqtt://127.0.0.1:1 --data MISSING→RUN"],
    "explore": ["explore peer-down", "explore MISSING→RUN"],
    "run": ["run monitor --data MISSING→RUN --scenario MISSING→SCENARIO"],
}
"""What is run of each command without a broker. RUN, RECORD, ORDER, TREE and FRESH stand for files."""
LIVE = frozenset({"demo", "console", "inject", "watch"})
"""Commands that need a broker: tests/broker/test_output_encoding.py runs them."""
SLOW = frozenset({"calibrate", "report"})


class Ended(NamedTuple):
    code: object
    out: bytes
    err: bytes


@pytest.fixture(autouse=True)
def _same_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "150")
    for name in ("HOTLINE_BROKER", "HOTLINE_DATA", "HOTLINE_RECORD"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A run as a recording and as a record, an airspace order, and a tree to write to."""
    from hotline_services.cli.simulate import simulate
    from hotline_services.records.record import Record
    from hotline_services.runtime.recording import RecordingReader
    from hotline_services.runtime.store import Heard

    folder = tmp_path_factory.mktemp("files")
    run, record, order = folder / "run.jsonl", folder / "monitor.sqlite3", folder / "order.aco"
    simulate("valley-day", seed=3, days=1, out=run)
    with run.open("rb") as file, closing(Record(record)) as written:
        written.commit([Heard(each.at, each.message) for each in RecordingReader(file)], [], [])
    order.write_text("\n".join([HEAD, "ACMID/ACM:ROZ/NAME:ONE/CIRCLE/USE:AEW//", CIRCLE, LEVELS, TIMES]))
    return {"RUN": str(run), "RECORD": str(record), "ORDER": str(order), "TREE": str(Path(__file__).parents[2])}


def ended(words: list[str], encoding: str | None, monkeypatch: pytest.MonkeyPatch) -> Ended:
    """This command as a process would run it, with outputs of this encoding; None stands for UTF-8 as it is."""
    raw = io.BytesIO(), io.BytesIO()
    taking = [io.TextIOWrapper(each, encoding=encoding or "utf-8", newline="\n") for each in raw]
    with monkeypatch.context() as replaced:
        replaced.setattr(sys, "argv", ["hotline", *words])
        replaced.setattr(sys, "stdout", taking[0])
        replaced.setattr(sys, "stderr", taking[1])
        if encoding is None:
            replaced.setattr(command_line, "make_outputs_encodable", lambda: None, raising=False)
        with pytest.raises((SystemExit, UnicodeError)) as caught:
            command_line.main()
    for each in taking:
        each.flush()
    return Ended(getattr(caught.value, "code", str(caught.value)), raw[0].getvalue(), raw[1].getvalue())


def words_of(run: str, files: dict[str, str], fresh: Path) -> list[str]:
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.unlink(missing_ok=True)
    return [{**files, "FRESH": str(fresh)}.get(word, word) for word in run.split()]


def test_every_command_of_the_table_is_run() -> None:
    assert set(RUNS) | LIVE == set(COMMANDS)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_command_explains_itself(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in COMMANDS:
        told = ended([name, "--help"], encoding, monkeypatch)
        assert (name, told.code, told.err) == (name, 0, b"")
        assert f"Usage: hotline {name}" in told.out.decode(encoding)


@pytest.mark.parametrize(("name", "run"), [(name, run) for name, runs in RUNS.items() for run in runs])
def test_a_command_ends_as_on_utf_8_line_for_line(
    name: str, run: str, files: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = tmp_path / "fresh"
    plain = ended(words_of(run, files, fresh), None, monkeypatch)
    assert bool(plain.code) == (name == "calibrate" or "MISSING" in run)  # a day is too short to be in the bands
    for encoding in ("ascii",) if name in SLOW else (*ENCODINGS, "utf-8"):
        told = ended(words_of(run, files, fresh), encoding, monkeypatch)
        assert (encoding, told.code) == (encoding, plain.code)
        assert len(told.out.decode(encoding).splitlines()) == len(plain.out.decode().splitlines())
        assert "Traceback" not in told.err.decode(encoding)
        assert "codec can't encode" not in told.err.decode(encoding)
