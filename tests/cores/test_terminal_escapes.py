"""What stands in files of anybody's is told on a terminal without what could move its cursor or colour it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hotline_protocol.events import PlanStatus
from hotline_protocol.flightplan import PlanState, Problem
from hotline_services.cli.inject import inject, told
from hotline_services.cli.report import report
from hotline_services.cli.rerun import rerun
from hotline_services.cli.simulate import simulate

ESCAPE = "\x1b[2J\u202e\x9b31m"


@pytest.mark.parametrize(
    "command",
    [
        rerun,
        lambda path: report(path, out=path.with_suffix(".html")),
        lambda path: inject([path], to="us", broker="mqtt://127.0.0.1:1"),
        lambda path: simulate(str(path.with_name(f"{ESCAPE}.toml")), out=path.with_suffix(".out")),
    ],
)
def test_a_file_is_refused_without_its_control_characters(
    command: Callable[[Path], int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "file.jsonl"
    header = {"hotline_recording": 1, "seed": 1, "start": "2017-06-18T09:00:00Z", "days": 1, "agreement": "0" * 16}
    path.write_text(json.dumps(header | {"scenario": ESCAPE, ESCAPE: ESCAPE}) + "\n", encoding="utf-8")
    assert command(path) != 0
    said = capsys.readouterr()
    assert said.err.startswith("hotline ")
    assert not set(ESCAPE[:1] + "\u202e\x9b") & set(said.out + said.err)


def test_an_answer_is_told_without_its_control_characters() -> None:
    problem = Problem(code="bad-value", field=ESCAPE, reason=f"{ESCAPE} is none")
    fields: dict[str, Any] = {"id": "s", "source": "us", "seq": 1, "time": datetime(2017, 6, 18, tzinfo=UTC)}
    status = PlanStatus(
        plan_id="p", callsign="", plan="0" * 16, state=PlanState.REFUSED, problem=problem, volumes=(), **fields
    )
    assert told(status).isprintable()
    assert "is none" in told(status)
