"""A byte order mark, as editors on Windows put it at the beginning, is no part of any file that we read."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import hotline_services
from hotline_protocol.agreement import read_agreement
from hotline_protocol.roster import Roster, write_roster
from hotline_services.cli import conformance
from hotline_services.cli.connection import Security, broker_settings
from hotline_services.cli.runfile import RunFile, read_run_file, write_run_file
from hotline_services.director.scenario import read_scenario
from hotline_services.experiment.design_file import read_experiment
from hotline_services.export.run import Run
from hotline_services.records.reading import open_source
from hotline_services.resources import experiments_folder, scenarios_folder
from hotline_services.runtime.signing import load_roster, read_private_key
from hotline_services.web.feeds import RecordingFeed

MARK = b"\xef\xbb\xbf"
ROOT = Path(__file__).parents[2]


def recording(path: Path) -> None:
    from hotline_services.cli.simulate import simulate

    assert simulate("valley-2017", days=1, seed=1, out=path) == 0


def with_agreement_beside(path: Path) -> None:
    text = (scenarios_folder() / "valley-2017.toml").read_text(encoding="utf-8")
    path.write_text(re.sub(r"(?m)^agreement = .*$", 'agreement = "agreement.toml"', text), encoding="utf-8")
    agreement = (scenarios_folder() / "agreements" / "valley-2017.toml").read_bytes()
    (path.parent / "agreement.toml").write_bytes(MARK + agreement)


def copied(source: Path) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(source.read_bytes())


def private_key_file(path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from hotline_services.runtime.signing import private_pem

    path.write_bytes(private_pem(Ed25519PrivateKey.from_private_bytes(bytes(32))))


def rows(path: Path) -> int:
    from hotline_services.monitor.rows import CallRow

    source = open_source(path)
    try:
        return len(source.rows(CallRow))
    finally:
        source.close()


def fed(path: Path) -> Any:
    feed = RecordingFeed(path)
    try:
        return feed.header
    finally:
        feed.close()


def password(path: Path) -> Any:
    settings = broker_settings("mqtt://somebody@127.0.0.1:1", Security(password_file=path))
    return settings.password


READERS: dict[str, tuple[Callable[[Path], object], Callable[[Path], Any]]] = {
    "scenario.toml": (copied(ROOT / "scenarios/valley-2017.toml"), read_scenario),
    "beside.toml": (with_agreement_beside, read_scenario),
    "agreement": (
        copied(ROOT / "scenarios/agreements/valley.toml"),
        lambda path: conformance._rules("conformance", path),
    ),
    "experiment.toml": (copied(experiments_folder() / "outage.toml"), lambda path: read_experiment(path).experiment),
    "recording.jsonl": (recording, rows),
    "exported.jsonl": (recording, lambda path: [each.message for each in Run(path).messages()]),
    "shown.jsonl": (recording, fed),
    "roster.toml": (lambda path: path.write_text(write_roster(Roster(keys={"us": (bytes(32),)}))), load_roster),
    "key.pem": (private_key_file, lambda path: read_private_key(path).private_bytes_raw()),
    "run.json": (
        lambda path: write_run_file(path.parent, RunFile(broker="mqtt://h:1", passwords={})),
        lambda path: read_run_file(path.parent),
    ),
    "password": (lambda path: path.write_text("secret\n"), password),
}


@pytest.mark.parametrize("name", READERS)
def test_a_file_with_the_mark_is_read_as_without(name: str, tmp_path: Path) -> None:
    write, read = READERS[name]
    path = tmp_path / name
    write(path)
    without = read(path)
    path.write_bytes(MARK + path.read_bytes())
    assert repr(read(path)) == repr(without)


def test_the_agreement_s_own_reader_takes_the_mark() -> None:
    text = (ROOT / "scenarios/agreements/valley.toml").read_text(encoding="utf-8")
    assert read_agreement("\ufeff" + text) == read_agreement(text)


def test_the_line_of_a_fault_is_right_in_a_file_with_the_mark(tmp_path: Path) -> None:
    from hotline_services.director.scenario import ScenarioError

    path = tmp_path / "wrong.toml"
    path.write_bytes(
        MARK + b'name = "x"\ntitle = "X"\nstart = 2020-01-01T00:00:00Z\nagreement = "valley"\nwrong = 1\nparties = {}\n'
    )
    with pytest.raises(ScenarioError, match="line 5: wrong"):
        read_scenario(path)


OURS = frozenset(
    {
        "text_files.py",  # the reading functions themselves
        "runtime/watchdog.py", "runtime/broker.py", "cli/demo.py",  # what a process of ours has just written
        "runtime/identity.py",  # a certificate, whose reader looks for its own beginning
        "program.py", "experiment/finished_runs.py", "web/shelf.py", "conformance/document.py",  # ours
        "explore/kept.py", "cli/explore.py",  # graphs and searches as hotline explore has written them
        "keys/signing.py", "keys/folder.py",  # keys as hotline keys has made them
        "cli/aco.py", "cli/inject.py",  # bytes, whose readers take the mark
        "director/scenario.py", "cli/asyncapi.py",
    }
)  # fmt: skip


def test_no_file_is_read_but_by_the_reading_functions() -> None:
    package = Path(hotline_services.__file__).parent
    reading = re.compile(r"\.read_text\(|\.read_bytes\(")
    found = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if reading.search(path.read_text(encoding="utf-8"))
    }
    assert found <= OURS
    assert json.dumps(sorted(OURS - found)) == "[]"
