"""What other people's files, options and terminals come to, tried by the command alone."""

import codecs
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hotline_protocol.agreement import BoundaryRule
from hotline_protocol.airspace import Polygon, Position, Volume4D
from hotline_protocol.conflicts import in_conflict
from hotline_services.director.scenario import find_scenario

from .stack import free_port

HOTLINE = [sys.executable, "-c", "from hotline_services.cli.main import main; main()"]
PLAN = {
    "plan_id": "typed-1",
    "callsign": "EXER07",
    "area": {"shape": "circle", "centre": [39.3, 35.4], "radius_nm": 5},
    "lower_ft": 18000.0,
    "upper_ft": 2.0e4,
    "start": "2017-06-18T19:30:00Z",
    "end": "2017-06-18T20:00:00Z",
}
FPL = "(FPL-EXER51-IM-F18/M-SDFG/S-OSDZ1400-N0420F310 RAQQA 3520N04010E-OSLK0130-DOF/170618 EUR/PROTECTED RMK/PATROL{})"
ORDER = """EXER/EXAMPLE//
MSGID/ACO/HOTLINE//
ACOID/EXAMPLE/1//
PERIOD/180000ZJUN2017/190000ZJUN2017//
ACMID/ACM:ROZ/NAME:WILLOW/POLYGON/USE:OTR//
POLYGON/LATS:352860N0393000E/LATS:353500N0394500E/LATS:353000N0400000E//
EFFLEVEL/RAFL:FL100-FL180//
APERIOD/DISCRETE/181200ZJUN2017/181500ZJUN2017//
"""
NO_BROKER = 4


def hotline(*words: str | Path, encoding: str = "utf-8") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*HOTLINE, *map(str, words)],
        check=False,
        capture_output=True,
        encoding=encoding,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        timeout=300,
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run") / "run.jsonl"
    made = hotline("simulate", "valley-day", "--days", "0.5", "--set", "traffic.RIVER.tempo=2", "--out", out)
    assert made.returncode == 0, made.stderr
    return out


def test_a_recording_says_which_values_were_set(run: Path) -> None:
    header = json.loads(run.read_text(encoding="utf-8").splitlines()[0])
    assert header.get("provenance", {}).get("set") == ["traffic.RIVER.tempo=2"]


def test_tension_is_modelled_in_the_day_that_ships(run: Path) -> None:
    kinds = [json.loads(line)["message"]["type"] for line in run.read_text(encoding="utf-8").splitlines()[1:]]
    assert "strain-changed" in kinds


@pytest.mark.parametrize("encoding", ["latin-1", "koi8-r", "ascii"])
def test_an_output_that_is_not_utf_8_ends_no_command(run: Path, encoding: str) -> None:
    told = hotline("calls", "--record", run, encoding=encoding)
    assert told.returncode == 0, told.stderr
    assert "us -> ru" in told.stdout


@pytest.mark.parametrize("text", [json.dumps(PLAN), FPL.format(""), FPL.format("-E/0400 P/2")])
def test_a_plan_as_other_programs_write_it_is_read_before_a_broker_is_looked_for(text: str, tmp_path: Path) -> None:
    (tmp_path / "plan").write_text(text, encoding="utf-8")
    told = hotline("inject", tmp_path / "plan", "--to", "us", "--broker", f"mqtt://127.0.0.1:{free_port()}")
    assert told.returncode == NO_BROKER, told.stderr


def test_an_order_with_sixty_seconds_is_taken(tmp_path: Path) -> None:
    (tmp_path / "order.aco").write_text(ORDER, encoding="utf-8")
    told = hotline("aco", "read", tmp_path / "order.aco")
    assert told.returncode == 0, told.stderr
    assert "taken: 1" in told.stdout


def test_a_window_that_ends_before_it_starts_is_refused(tmp_path: Path) -> None:
    text = ORDER.replace("352860N", "352900N").replace("181200ZJUN2017/181500ZJUN2017", "181500ZJUN/181200ZJUN")
    (tmp_path / "order.aco").write_text(text, encoding="utf-8")
    told = hotline("aco", "read", tmp_path / "order.aco")
    assert "taken: 1" not in told.stdout
    assert "ends before it starts" in told.stdout + told.stderr


def test_two_points_that_overlap_by_a_centimetre_are_in_conflict() -> None:
    start = datetime(2017, 6, 18, 18, tzinfo=UTC)
    at: dict[str, Any] = {"lower_ft": 18_000, "upper_ft": 20_000, "start": start, "end": start + timedelta(hours=1)}
    up = ((43.9, 38.9000001), (43.8997, 38.89958), (43.9003, 38.89958))
    down = ((43.9, 38.9), (43.8997, 38.90042), (43.9003, 38.90042))
    one, other = (Volume4D(area=Polygon(vertices=tuple(Position(*v) for v in area)), **at) for area in (up, down))
    assert all(in_conflict(one, other, rule) for rule in BoundaryRule)


def test_a_scenario_with_a_byte_order_mark_is_played(tmp_path: Path) -> None:
    path = tmp_path / "day.toml"
    text = find_scenario("valley-day").read_bytes()
    agreement = find_scenario("valley-day").parent / "agreements/valley.toml"
    path.write_bytes(codecs.BOM_UTF8 + text.replace(b'agreement = "valley"', f'agreement = "{agreement}"'.encode()))
    told = hotline("simulate", path, "--days", "0.1")
    assert told.returncode == 0, told.stderr


def test_air_outside_the_theatre_is_refused_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "day.toml"
    text = find_scenario("valley-day").read_text(encoding="utf-8")
    agreement = find_scenario("valley-day").parent / "agreements/valley.toml"
    text = text.replace('agreement = "valley"', f'agreement = "{agreement}"').replace(
        "[38.76, 35.63]", "[179.99, 35.63]"
    )
    path.write_text(text, encoding="utf-8")
    told = hotline("simulate", path, "--days", "0.1")
    assert told.returncode == 2, told.stdout
    assert "179.99, 35.63 (longitude, latitude) lies outside" in told.stderr


def test_port_0_of_a_broker_is_refused() -> None:
    told = hotline("status", "--broker", "mqtt://127.0.0.1:0")
    assert told.returncode == 2
    assert "the broker's port is not a number from 1 to 65535" in told.stderr


def test_an_unknown_option_behind_files_is_named(run: Path) -> None:
    told = hotline("replay", run, run, "--page-port", "0")
    assert told.returncode == 2
    assert "--page-port" in told.stdout + told.stderr
    assert "not 4" not in told.stdout + told.stderr


def test_the_doctor_says_that_nobody_listens() -> None:
    told = hotline("doctor", "--broker", f"mqtt://127.0.0.1:{free_port()}", "--json")
    assert '"unreachable"' in told.stdout
