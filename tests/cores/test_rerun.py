"""A recorded run is made again and compared: a simulated one from its header, a live one from what services heard."""

import html
import json
import random
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotline_services.cli.export import export
from hotline_services.cli.queries import calls, plans
from hotline_services.cli.query import Query
from hotline_services.cli.recording import recording
from hotline_services.cli.report import report
from hotline_services.cli.rerun import rerun
from hotline_services.cli.simulate import simulate
from hotline_services.director.scenario import find_scenario
from hotline_services.monitor.rows import ROWS
from hotline_services.records.reading import RecordingSource
from hotline_services.web.feeds import RecordingFeed

from .live_run import DAYS, SCENARIO, SEED, SPEED, changed, found, launch, played

SETS = ("traffic.RIVER.tempo=2", 'title="It\'s > a $day"')
HOTLINE = [sys.executable, "-c", "from hotline_services.cli.main import main; main()"]


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("simulated") / "run.jsonl"
    assert simulate("valley-day", seed=7, days=0.123456789, set=SETS, out=out) == 0
    return out


# Simulated runs -------------------------------------------------------------------------------------------


def test_the_header_of_a_simulated_run_says_how_it_was_made(simulated: Path) -> None:
    header = json.loads(simulated.read_bytes().splitlines()[0])
    made = header.get("provenance", {})
    assert made.get("set") == list(SETS)
    assert re.fullmatch("[0-9a-f]{16}", made.get("digest", ""))
    assert made.get("program", "").count("+") == 1
    assert made.get("python") == sys.version.split()[0]


def test_a_simulated_run_is_the_same_when_it_is_made_again(simulated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = found(simulated, capsys)
    assert code == 0
    assert told["equal"] is True
    assert told["lines"] == simulated.read_bytes().count(b"\n") - 1 > 5


def test_the_command_of_a_report_makes_the_same_bytes_again(simulated: Path, tmp_path: Path) -> None:
    assert report(simulated, out=tmp_path / "report.html") == 0
    commands = re.findall("<code>(hotline simulate .*?)</code>", (tmp_path / "report.html").read_text())
    assert len(commands) == 1
    hotline, *words = shlex.split(html.unescape(commands[0]))
    assert hotline == "hotline"
    subprocess.run([*HOTLINE, *words], cwd=tmp_path, check=True, capture_output=True)
    again = (tmp_path / "run.jsonl").read_bytes()
    assert again.partition(b"\n")[2] == simulated.read_bytes().partition(b"\n")[2]


@pytest.mark.parametrize(
    ("change", "line", "recorded", "run_again"),
    [
        (lambda lines: [*lines[:4], lines[4].replace(b'"seq":', b'"seq":1'), *lines[5:]], 5, '"seq":1', '"seq":'),
        (lambda lines: [*lines[:4], *lines[5:]], 5, '"', '"'),
        (lambda lines: lines[:4], 5, None, '"at":'),
        (lambda lines: [*lines, lines[-1]], -1, '"at":', None),
    ],
    ids=["another value", "a line less", "ends early", "a line more"],
)
def test_the_first_line_that_differs_is_told(
    change: Callable[[list[bytes]], list[bytes]],
    line: int,
    recorded: str | None,
    run_again: str | None,
    simulated: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = changed(simulated, tmp_path, change)
    code, told = found(path, capsys)
    different = told["difference"]
    assert code == 1
    assert different["line"] == (line if line > 0 else path.read_bytes().count(b"\n"))
    for expected, text in ((recorded, different["recorded"]), (run_again, different["rerun"])):
        assert (text is None) if expected is None else (expected in text and len(text) < 170)
    assert rerun(path) == 1
    assert f"line {different['line']}\n" in capsys.readouterr().out


def test_a_run_of_another_scenario_is_refused_and_one_that_was_moved_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = find_scenario("valley-day").read_text()
    file, out = tmp_path / "mine.toml", tmp_path / "run.jsonl"
    file.write_text(text)
    assert simulate(str(file), days=0.1, out=out) == 0
    assert rerun(out) == 0
    moved = file.rename(tmp_path / "moved.toml")
    capsys.readouterr()
    assert rerun(out) == 2
    assert "Name the one that was played with --scenario." in capsys.readouterr().err
    assert rerun(out, scenario=str(moved)) == 0
    moved.write_text(text.replace("speed = ", "speed = 1"))
    capsys.readouterr()
    assert rerun(out, scenario=str(moved)) == 2
    assert "is not what was played" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "not a Hotline recording"),
        (b'{"hotline_recording":9}\n', "has format 9; this program reads formats 1 and 2"),
    ],
)
def test_what_cannot_be_made_again_is_refused_in_one_sentence(
    content: bytes, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x").write_bytes(content)
    assert rerun(tmp_path / "x") == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert told.count("\n") == 1


def test_a_recording_that_claims_to_be_endless_is_refused(
    simulated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = changed(simulated, tmp_path, lambda lines: [lines[0].replace(b'"days":0', b'"days":99999999'), *lines[1:]])
    assert rerun(path) == 2
    assert "no more than 3,660" in capsys.readouterr().err


# Live runs ------------------------------------------------------------------------------------------------


def test_the_header_of_a_live_run_says_how_it_was_made(live: Path) -> None:
    header = json.loads(live.read_bytes().splitlines()[0])
    assert (header["scenario"], header["seed"], header["days"]) == (SCENARIO, SEED, None)
    assert header["live"] == {"speed": SPEED, "days": DAYS, "operators": {"us": ["Ada"]}}
    assert header["provenance"]["digest"] == launch().provenance.digest
    assert header["provenance"]["python"] == "3.11.0"


def test_a_live_recording_has_the_speed_of_the_director_where_the_monitor_was_told_none(
    live_data: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    shutil.copytree(live_data, folder)
    with closing(sqlite3.connect(folder / "monitor.sqlite3")) as db, db:
        db.execute("UPDATE launch SET launch = json_remove(launch, '$.speed', '$.days')")
    assert recording(record=folder / "monitor.sqlite3", out=tmp_path / "run.jsonl") == 0
    with (tmp_path / "run.jsonl").open(encoding="utf-8") as file:
        header = json.loads(file.readline())
    assert header["live"] == {"speed": SPEED, "days": DAYS, "operators": {"us": ["Ada"]}}


def test_each_service_of_a_live_run_says_the_same_when_it_is_played_again(
    live: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = found(live, capsys)
    assert code == 0
    assert told["equal"] is True
    assert {each["service"] for each in told["services"]} == {"director", "us", "ru"}
    for each in told["services"]:
        assert each["inputs"] > 5
        assert each["messages"] > 3
        assert (each["difference"], each["reason"]) == (None, "")


def test_a_message_that_the_monitor_has_missed_is_compared_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    played(tmp_path, unheard=2)
    out = tmp_path / "run.jsonl"
    assert recording(record=tmp_path / "monitor.sqlite3", out=out) == 0
    said = [line for line in out.read_bytes().splitlines() if line.startswith(b'{"journal":"us","said":')]
    assert len(said) == 1
    assert found(out, capsys)[0] == 0


def test_a_message_that_was_changed_is_told_with_its_line(
    live: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    number = next(n for n, line in enumerate(live.read_bytes().splitlines(), 1) if b'"type":"plan-status"' in line)

    def renamed(lines: list[bytes]) -> list[bytes]:
        return [line.replace(b'"plan_id":"', b'"plan_id":"x', n == number) for n, line in enumerate(lines, 1)]

    path = changed(live, tmp_path, renamed)
    code, told = found(path, capsys)
    different = [each["difference"] for each in told["services"] if each["difference"]]
    assert code == 1
    assert [each["line"] for each in different] == [number]


def test_an_input_that_is_gone_makes_its_service_differ(
    live: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def without_a_plan(lines: list[bytes]) -> list[bytes]:
        inputs = [n for n, line in enumerate(lines) if line.startswith(b'{"journal":"ru"') and b"submit-plan" in line]
        return lines[: inputs[0]] + lines[inputs[0] + 1 :]

    code, told = found(changed(live, tmp_path, without_a_plan), capsys)
    assert code == 1
    assert [each["service"] for each in told["services"] if each["difference"]] == ["ru"]


def test_other_commands_read_a_recording_with_journals_as_one_without(
    live: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = changed(live, tmp_path, lambda lines: [line for line in lines if not line.startswith(b'{"journal":')])
    assert plain.stat().st_size < live.stat().st_size
    sources = [RecordingSource(path) for path in (plain, live)]
    for kind in ROWS:
        assert sources[0].rows(kind) == sources[1].rows(kind)
    assert sources[0].period == sources[1].period
    told = []
    for path in (plain, live):
        capsys.readouterr()
        assert calls(query=Query(record=path)) == plans(query=Query(record=path)) == 0
        assert export(path, to="csv", out=tmp_path / f"csv-{path.stem}") == 0
        told.append(capsys.readouterr().out.replace(path.stem, ""))
        with closing(RecordingFeed(path)) as feed:
            feed.start()
            feed.ready.wait()
            assert (feed.trouble, feed.text(5)) == ("", feed.text(5))
            with feed.history() as history:
                told.append(str(history.last))
    assert told[:2] == told[2:]


def test_a_live_run_without_journals_is_refused_with_what_to_do(
    live_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record, out = shutil.copy(live_data / "monitor.sqlite3", tmp_path), tmp_path / "run.jsonl"
    assert recording(record=Path(record), out=out) == 0
    assert rerun(out) == 2
    assert "does not say what each service heard" in capsys.readouterr().err
    assert rerun(Path(record)) == 2
    assert "hotline recording --record" in capsys.readouterr().err


LINE_OF_NOTHING = b'{"journal":"us","at":"2017-08-19T21:00:00Z"}\n'
LAPSE_OF_RU = b'{"journal":"ru","at":"2017-08-19T21:00:00Z","heard":null}\n'
OTHERS = (b"null", b"-1", b"1e400", b'"x"', b"[]", b"{}", b'"2017-06-18T12:00:00Z"', b"", b"true")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda lines: [*lines, LINE_OF_NOTHING], "neither how a journal began"),
        (lambda lines: [*lines, b'{"journal":"us"}\n'], "neither how a journal began"),
        (lambda lines: [*lines, LAPSE_OF_RU], "an input of ru outside its journal"),
        (lambda lines: [*lines[:-1], lines[-1][:-5]], "cut off"),
        (lambda lines: [line.replace(b'"speed":30.0', b'"speed":-1') for line in lines], "speed"),
    ],
)
def test_a_damaged_journal_in_a_recording_is_refused_with_its_line(
    change: Callable[[list[bytes]], list[bytes]],
    sentence: str,
    live: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert rerun(changed(live, tmp_path, change)) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert told.count("\n") == 1


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chance=st.randoms(use_true_random=False))
def test_a_recording_that_was_changed_anyhow_ends_with_an_exit_code(
    chance: random.Random, live: Path, simulated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def mangled(lines: list[bytes]) -> list[bytes]:
        for _ in range(chance.randint(1, 3)):
            n, line = (place := chance.randrange(len(lines))), lines[place]
            words = [match.span() for match in re.finditer(rb'"[^"]*"|-?\d+(\.\d+)?|null', line)]
            begin, end = chance.choice(words) if words else (0, 0)
            new = chance.choice(OTHERS)
            lines[n : n + 1] = chance.choice([[], [line, line], [line[:begin] + new + line[end:]], [line[:end]]])
        return lines

    code = rerun(changed(chance.choice([live, simulated]), tmp_path, mangled))
    assert code in {0, 1, 2}
    assert capsys.readouterr().err.count("\n") == (code == 2)


def test_a_report_of_a_live_run_tells_how_it_was_made_and_how_to_play_it_again(live: Path, tmp_path: Path) -> None:
    assert report(live, out=tmp_path / "report.html") == 0
    text = (tmp_path / "report.html").read_text()
    for told in ("Ada (us)", "0.0.1+test", "<td>30</td>", launch().provenance.digest, "hotline rerun run.jsonl"):
        assert told in text
    assert "hotline simulate" not in text
