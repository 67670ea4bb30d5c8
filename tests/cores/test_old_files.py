"""Files that commit afac75e wrote are opened, or refused with one sentence; its messages are decoded."""

import shutil
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from hotline_protocol.topics import decode_any
from hotline_services.cli import queries
from hotline_services.cli.experiment import experiment
from hotline_services.cli.query import Query
from hotline_services.cli.recording import recording
from hotline_services.cli.rerun import rerun
from hotline_services.cli.standing import status
from hotline_services.director.scenario import read_scenario
from hotline_services.runtime.journal import Journal
from hotline_services.runtime.recording import RecordingReader
from hotline_services.runtime.replay import Past, replay
from hotline_services.runtime.service import Service
from hotline_services.runtime.store import StoreError
from hotline_services.world import centre_service

OLD = Path(__file__).parents[1] / "fixtures/afac75e"
RUNS = ["sim2.jsonl", "sim4.jsonl", "live2/recording.jsonl", "live4/recording.jsonl"]
RECORDS = ["live2/monitor.sqlite3", "live4/monitor.sqlite3"]
CENTRES = {
    "live2": ("euphrates-2017-06-18", ["us", "ru"]),
    "live4": (str(OLD / "n4pair.toml"), ["us", "ru", "tr", "il"]),
}
LISTS = ["calls", "negotiations", "agreements", "plans", "escalations", "volume"]


def copied(name: str, to: Path) -> Path:
    return Path(shutil.copy(OLD / name, to))


@pytest.mark.parametrize("path", sorted((OLD / "messages").glob("*.json")), ids=lambda path: path.stem)
def test_each_message_is_decoded(path: Path) -> None:
    message = decode_any(path.read_bytes())
    assert type(message).__struct_config__.tag == path.stem


@pytest.mark.parametrize("name", RUNS)
def test_a_recording_is_read_to_its_end(name: str) -> None:
    path = OLD / name
    with path.open("rb") as file:
        assert sum(1 for _ in RecordingReader(file)) == path.read_bytes().count(b"\n") - 1


@pytest.mark.parametrize("name", [*RUNS, *RECORDS])
@pytest.mark.parametrize("command", LISTS)
def test_a_command_lists_what_a_recording_or_record_holds(
    command: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = getattr(queries, command)(query=Query(record=copied(name, tmp_path)))
    told = capsys.readouterr()
    assert (code == 0 and told.out) or (code == 2 and told.err.count("\n") == 1), (code, told)


@pytest.mark.parametrize("name", RECORDS)
def test_status_reads_a_record(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOTLINE_BROKER", raising=False)
    code = status(query=Query(record=copied(name, tmp_path)))
    told = capsys.readouterr()
    assert "Traceback" not in told.err
    assert "us" in told.out or code == 2


@pytest.mark.parametrize(("run", "party"), [(run, party) for run, (_, parties) in CENTRES.items() for party in parties])
def test_a_journal_is_replayed_or_refused_with_a_sentence(run: str, party: str, tmp_path: Path) -> None:
    scenario = read_scenario(CENTRES[run][0])
    replayed, refusal = 0, None
    try:
        replayed = _replayed(centre_service(scenario, party, scenario.seed), copied(f"{run}/{party}.sqlite3", tmp_path))
    except StoreError as error:
        refusal = str(error)
    assert replayed > 10 if refusal is None else refusal.rstrip().endswith(".")


def _replayed(service: Service, path: Path) -> int:
    with closing(Journal(path, service.name)) as journal:
        return sum(1 for _ in replay(service.core(journal.epoch), journal.recover(), Past()))


@pytest.mark.parametrize("name", RUNS)
def test_a_recording_is_made_again_or_refused_with_a_sentence(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = rerun(OLD / name, scenario=str(OLD / "n4pair.toml") if "4" in name else None)
    told = capsys.readouterr()
    assert code in {0, 1} or (code == 2 and told.err.count("\n") == 1), (code, told)


@pytest.mark.parametrize("run", list(CENTRES))
def test_a_recording_is_made_of_a_record_and_its_journals_and_played_again(
    run: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = Path(shutil.copytree(OLD / run, tmp_path / run)), tmp_path / "run.jsonl"
    scenario, parties = CENTRES[run]
    assert recording(record=data / "monitor.sqlite3", scenario=scenario, out=out) == 0
    header = msgspec.json.decode(out.read_bytes().splitlines()[0])
    assert header["seed"] == read_scenario(scenario).seed
    capsys.readouterr()
    assert rerun(out, scenario=scenario, json=True) in {0, 1}
    services = msgspec.json.decode(capsys.readouterr().out)["services"]
    assert {each["service"] for each in services} == {*parties, "director", "sky"}
    assert all(each["inputs"] > 3 for each in services if not each["difference"])


def test_an_experiment_goes_on_from_the_runs_that_it_had_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = Path(shutil.copytree(OLD / "experiment", tmp_path / "results"))
    before = (results / "runs.jsonl").read_bytes()
    code = experiment("outage", out=results, replications=1, days=0.25, jobs=1)
    told = capsys.readouterr()
    assert code in {0, 2}
    assert "Traceback" not in told.err
    assert (results / "runs.jsonl").read_bytes().startswith(before)
