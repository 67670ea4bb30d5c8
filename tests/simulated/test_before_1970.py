"""A day before 1970 is played as the same day after it."""

from pathlib import Path

import pytest

from hotline_protocol.events import PlanStatus
from hotline_protocol.line import Ring
from hotline_protocol.message import Message
from hotline_services.cli.export import export
from hotline_services.cli.simulate import simulate
from hotline_services.director.scenario import read_scenario
from hotline_services.export.run import Run

DAY = """
name = "old-day"
title = "Two flights that meet"
start = {start}
agreement = "valley"
[parties.us]
[parties.ru]
"""
PLAN = """
[[timeline]]
at = "+{at}"
action = "submit-plan"
to = "{to}"
[timeline.plan]
callsign = "{callsign}"
area = {{ shape = "circle", centre = "Deir ez-Zor", radius_nm = 7 }}
lower_ft = 18_000
upper_ft = 22_000
start = "+01:30"
end = "+01:00"
"""
LATE = "T19:30:00+03:00"
"""So that flights and talks go over midnight."""


def played(tmp_path: Path, day: str, clock: str = "T06:00:00+03:00") -> set[str]:
    """All that became of the plans, and who rang; when exactly is drawn from a day's own date."""
    scenario, out = tmp_path / f"{day}.toml", tmp_path / f"{day}.jsonl"
    plans = [("00:05", "us", "LANCE1"), ("00:15", "ru", "SOKOL1"), ("04:20", "us", "LANCE2")]
    flown = "".join(PLAN.format(at=at, to=to, callsign=callsign) for at, to, callsign in plans)
    scenario.write_text(DAY.format(start=f"{day}{clock}") + flown)
    assert simulate(str(scenario), days=1, seed=3, out=out) == 0
    with Run(out) as run:
        return set(filter(None, (told(each.message) for each in run.messages())))


def told(message: Message) -> str:
    match message:
        case PlanStatus():
            return f"{message.plan_id} {message.state.value} {message.problem}"
        case Ring():
            return f"{message.source} rings"
        case _:
            return ""


@pytest.mark.parametrize("day", ["1950-01-01", "1960-01-01", "1969-12-31"])
def test_plans_come_to_the_same_before_1970(day: str, tmp_path: Path) -> None:
    expected = played(tmp_path, "1970-01-02")
    assert expected >= {"LANCE1 accepted None", "LANCE1 ended None", "LANCE2 ended None", "us rings"}
    assert played(tmp_path, day) == expected


def test_a_run_over_the_last_midnight_of_1969_is_like_any_other(tmp_path: Path) -> None:
    assert played(tmp_path, "1969-12-31", LATE) == played(tmp_path, "1971-12-31", LATE)


def test_formats_that_count_from_1970_refuse_what_was_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    played(tmp_path, "1960-01-01")
    run = tmp_path / "1960-01-01.jsonl"
    assert export(run, to="otlp", out=tmp_path / "run.otlp") == 2
    assert "otlp has no times before 1970, and this run begins at 1960-01-01" in capsys.readouterr().err
    assert export(run, to="geojson", out=tmp_path / "map.geojson") == 0


def test_a_year_out_of_range_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "older.toml"
    path.write_text(DAY.format(start="1949-12-31T00:00:00Z"))
    with pytest.raises(ValueError, match="must lie in the years from 1950 to 2100"):
        read_scenario(path)
