"""`hotline experiment`: arms in pairs, and the same bytes however the runs are done."""

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from msgspec.structs import replace

from hotline_protocol.events import CallEnded
from hotline_protocol.injection import FlyUnannounced, SubmitPlan
from hotline_protocol.message import Message
from hotline_protocol.sky import FlightFlown
from hotline_services.cli.experiment import experiment
from hotline_services.director.scenario import read_scenario
from hotline_services.experiment import backends
from hotline_services.experiment.analysis.running import Finished, RunFailedError, Task
from hotline_services.experiment.conduct import conduct
from hotline_services.experiment.design_file import read_experiment
from hotline_services.experiment.finished_runs import NAME, JournalError, RunJournal
from hotline_services.world import build

for library in ("polars", "vl_convert", "distributed"):
    pytest.importorskip(library)

TABLES = ("runs.csv", "runs.parquet", "effects.csv", "report.html")
SMALL = """\
name = "small"
title = "Small <but> whole"
scenario = "valley-day"
days = 0.2
replications = 3
seed = 11
outcomes = ["calls_per_day", "agreements_per_day", "nearest_nm"]

[[factors]]
name = "desk"
levels = [{ name = "quick" }, { name = "slow", set = { "parties.ru.officer.think_s" = 60 } }]

[[factors]]
name = "line"
levels = [{ name = "on" }, { name = "off", set = { "circuit.available" = false } }]
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("experiment") / "small.toml"
    path.write_text(SMALL)
    return path


@pytest.fixture(scope="module")
def alone(small: Path) -> Path:
    """The results of running it in one process."""
    out = small.parent / "alone"
    assert experiment(str(small), out=out, jobs=1) == 0
    return out


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in TABLES}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def said_in(changes: dict[str, Any], days: float = 1.0) -> list[Message]:
    """Everything said in one run of the crowded valley, with these changes."""
    scenario = read_scenario("valley-2017", changes)
    simulation = build(scenario, seed=5, days=1)
    said: list[Message] = []
    simulation.run(simulation.start + timedelta(days=days), lambda message, *_: said.append(message))
    return said


EMPTY_DESK = {f"officers.ru.duty.{name}": value for name, value in (("absent", "9h"), ("absent_from", "08:00"))}
CHANGES: list[dict[str, Any]] = [EMPTY_DESK, {"circuit.available": False}, {"parties.*.officer.mishears": 0.5}]


@pytest.fixture(scope="module")
def unchanged() -> list[Message]:
    return said_in({})


@pytest.mark.parametrize("changes", CHANGES, ids=lambda changes: next(iter(changes)))
def test_arms_differ_in_what_is_said_and_not_in_what_is_filed_nor_in_which_flights_deviate(
    changes: dict[str, Any], unchanged: list[Message]
) -> None:
    said = said_in(changes)

    def filed(messages: list[Message]) -> list[Message]:
        return [message for message in messages if isinstance(message, SubmitPlan | FlyUnannounced)]

    def deviations(messages: list[Message]) -> dict[str, str]:
        return {each.flyer.plan_id: each.deviation for each in messages if isinstance(each, FlightFlown)}

    def rung(messages: list[Message]) -> list[Message]:
        return [message for message in messages if isinstance(message, CallEnded)]

    assert len(filed(said)) > 50
    assert filed(said) == filed(unchanged)
    ours, theirs = deviations(said), deviations(unchanged)
    both = ours.keys() & theirs.keys()
    assert len(both) > 30
    assert {plan: ours[plan] for plan in both} == {plan: theirs[plan] for plan in both}
    assert rung(said) != rung(unchanged)


def test_a_run_is_a_row_with_its_levels_its_seed_and_every_outcome(alone: Path) -> None:
    runs = rows(alone / "runs.csv")
    assert [(row["desk"], row["line"], row["replication"]) for row in runs[:4]] == [
        ("quick", "on", "1"),
        ("quick", "on", "2"),
        ("quick", "on", "3"),
        ("quick", "off", "1"),
    ]
    assert len(runs) == 12
    assert len({row["seed"] for row in runs}) == 3
    assert float(runs[0]["calls_per_day"]) > 0
    assert runs[0]["nearest_nm"] == ""


def test_the_parquet_file_holds_the_same_as_the_csv(alone: Path) -> None:
    polars = pytest.importorskip("polars")
    frame = polars.read_parquet(alone / "runs.parquet")
    runs = rows(alone / "runs.csv")
    assert frame.columns == list(runs[0])
    for column in ("desk", "seed", "calls_per_day", "nearest_nm"):
        assert ["" if value is None else str(value) for value in frame[column]] == [row[column] for row in runs]


def test_effects_are_a_row_for_each_outcome_and_level(alone: Path) -> None:
    effects = rows(alone / "effects.csv")
    assert [(row["outcome"], row["factor"], row["level"]) for row in effects[:2]] == [
        ("calls_per_day", "desk", "slow"),
        ("calls_per_day", "line", "off"),
    ]
    assert len(effects) == 6
    assert {row["unit"] for row in effects} == {"a day", "NM"}


def test_the_report_needs_nothing_else_and_holds_all_that_a_repetition_needs(alone: Path, small: Path) -> None:
    page = (alone / "report.html").read_text()
    assert "<script" not in page
    assert "http" not in page.replace("http://www.w3.org/", "").replace("https://www.w3.org/", "")
    assert "Small &lt;but&gt; whole" in page
    assert page.count("<svg") == 4
    for seed in read_experiment(small).experiment.seeds:
        assert str(seed) in page
    assert "prefers-color-scheme: dark" in page


def test_a_pool_makes_the_same_bytes(small: Path, alone: Path) -> None:
    out = small.parent / "pool"
    assert experiment(str(small), out=out, jobs=2) == 0
    assert contents(out) == contents(alone)


def test_a_dask_cluster_makes_the_same_bytes(small: Path, alone: Path) -> None:
    distributed = pytest.importorskip("distributed")
    out = small.parent / "dask"
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None, protocol="tcp", host="127.0.0.1"
    ) as cluster:
        address = cluster.scheduler_address.removeprefix("tcp://")
        assert experiment(str(small), out=out, backend=f"dask://{address}") == 0
    assert contents(out) == contents(alone)


def counting(asked: list[str]) -> Any:
    """A backend that does runs here, and keeps account of which."""

    def backend(tasks: list[Task]) -> Iterator[Finished]:
        for task in tasks:
            asked.append(task.key)
            yield from backends.in_this_process([task])

    return backend


def test_runs_that_are_done_are_not_done_again(small: Path, alone: Path) -> None:
    asked: list[str] = []
    conduct(read_experiment(small), alone, counting(asked))
    assert asked == []
    conduct(read_experiment(small, {"replications": 4}), alone, counting(asked))
    assert len(asked) == 4


def test_arms_that_are_the_same_are_run_once(tmp_path: Path) -> None:
    path = tmp_path / "same.toml"
    path.write_text(SMALL.replace('think_s" = 60', 'think_s" = 25'))
    asked: list[str] = []
    results = conduct(read_experiment(path, {"replications": 1}), tmp_path / "out", counting(asked))
    assert (len(asked), len(results.values)) == (2, 4)


@pytest.mark.parametrize("kept", [0.5, 0.9])
def test_a_journal_that_was_cut_off_is_gone_on_with(small: Path, alone: Path, tmp_path: Path, kept: float) -> None:
    whole = (alone / NAME).read_bytes()
    (tmp_path / NAME).write_bytes(whole[: int(len(whole) * kept)])
    assert experiment(str(small), out=tmp_path, jobs=1) == 0
    assert contents(tmp_path) == contents(alone)
    for line in (tmp_path / NAME).read_text().splitlines():
        json.loads(line)


def test_a_journal_with_rubbish_in_its_midst_is_refused_with_the_line(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text('{"key": 1}\n')
    with pytest.raises(JournalError, match=r"runs\.jsonl, line 1: not a finished run: "):
        RunJournal(tmp_path)


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_an_experiment_that_is_stopped_leaves_nobody_behind_and_goes_on_where_it_was(
    small: Path, alone: Path, tmp_path: Path, sent: signal.Signals, code: int
) -> None:
    options = ["--out", str(tmp_path), "--jobs", "2", "--replications", "200"]
    command = [sys.executable, "-m", "hotline_services.cli.main", "experiment", str(small), *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as running:
        assert running.stderr
        assert running.stderr.readline() == "small: 1 of 800 runs\n"
        workers = psutil.Process(running.pid).children(recursive=True)
        if sent is signal.SIGINT:
            os.killpg(running.pid, sent)  # as a terminal does
        else:
            running.send_signal(sent)
        said = running.stderr.read()
    assert running.returncode == code
    assert len(workers) >= 2
    assert psutil.wait_procs(workers, timeout=90)[1] == []
    assert ("of 800 runs are done and kept" in said) is (sent is signal.SIGINT)
    assert "Traceback" not in said

    done = (tmp_path / NAME).read_text().count("\n")
    assert 1 <= done < 800
    asked: list[str] = []
    conduct(read_experiment(small), tmp_path, counting(asked))
    assert len(asked) == max(12 - done, 0)
    assert experiment(str(small), out=tmp_path, jobs=1) == 0
    assert contents(tmp_path) == contents(alone)


def test_a_run_that_fails_is_told_with_its_arm_and_seed_and_the_others_are_kept(small: Path, tmp_path: Path) -> None:
    prepared = read_experiment(small, {"replications": 1})
    first, second, *others = prepared.arms
    broken = replace(prepared, arms=(first, replace(second, raw={}), *others))
    with pytest.raises(RunFailedError, match=r"valley-day \(desk quick, line off\), replication 1, seed \d+: Scenario"):
        conduct(broken, tmp_path, backends.in_this_process)
    assert (tmp_path / NAME).read_text().count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "told_so"),
    [
        ({"backend": "cluster"}, "'cluster' is no backend; there are: local, dask://host:port"),
        ({"backend": "dask://127.0.0.1:9"}, "no Dask scheduler answers at tcp://127.0.0.1:9"),
        ({"jobs": 0}, "--jobs: 0: at least 1"),
        ({"out": Path("/proc/nowhere")}, "/proc/nowhere"),
        ({"replications": 0}, "experiment: --replications: Expected `int` >= 1"),
    ],
)
def test_bad_arguments_are_refused_with_the_reason(
    small: Path,
    tmp_path: Path,
    arguments: dict[str, Any],
    told_so: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backends, "CONNECT_S", 0.5)
    assert experiment(str(small), **({"out": tmp_path} | arguments)) == 2
    assert told_so in capsys.readouterr().err


def test_what_must_be_installed_is_said_before_anything_runs(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    assert experiment(str(small), out=tmp_path) == 2
    assert "needs polars, which is not installed: pip install polars vl-convert-python" in capsys.readouterr().err
    assert not (tmp_path / NAME).exists()


def test_outcomes_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert experiment(outcomes=True) == 0
    assert "calls_per_day " in capsys.readouterr().out
