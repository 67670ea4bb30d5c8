"""The example of another theatre, from its files alone: simulated, exported, reported on, and live with its own map."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hotline_protocol.sky import LineCrossed
from hotline_protocol.theatre import theatre_now
from hotline_services.cli.export import export
from hotline_services.cli.report import report
from hotline_services.cli.simulate import simulate
from hotline_services.export.run import Run
from hotline_services.runtime.broker import available
from hotline_services.runtime.children import die_with_parent

FOLDER = Path(__file__).parents[2] / "examples/island"
DAY = str(FOLDER / "island-day.toml")
PATIENCE_S = 240


def positions(value: Any) -> Iterator[tuple[float, float]]:
    """All coordinates in a GeoJSON document."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from positions(each) if key != "coordinates" else coordinates(each)
    elif isinstance(value, list):
        for each in value:
            yield from positions(each)


def coordinates(value: Any) -> Iterator[tuple[float, float]]:
    if value and isinstance(value[0], int | float):
        yield value[0], value[1]
    else:
        for each in value:
            yield from coordinates(each)


def test_the_day_plays_and_is_the_same_each_time(tmp_path: Path) -> None:
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    assert simulate(DAY, seed=1, out=one) == 0
    assert simulate("valley-2017", seed=1, days=1, out=other) == 0  # elsewhere, in the same process
    assert simulate(DAY, seed=1, out=other) == 0
    assert one.read_bytes() == other.read_bytes()
    with Run(one) as run:
        crossed = [each.message.at for each in run.messages() if isinstance(each.message, LineCrossed)]
    west, south, east, north = theatre_now().bounds_deg
    assert crossed
    assert all(west < at.lon_deg < east and south < at.lat_deg < north for at in crossed)


def test_its_exports_and_its_report_are_of_the_islands(tmp_path: Path) -> None:
    run, page = tmp_path / "run.jsonl", tmp_path / "report.html"
    simulate(DAY, seed=1, out=run)
    for name in ("geojson", "kml", "czml"):
        assert export(run, to=name, out=tmp_path / name, scenario=DAY) == 0
    drawn = list(positions(json.loads((tmp_path / "geojson").read_text())))
    west, south, east, north = theatre_now().bounds_deg
    assert drawn
    assert all(west < lon < east and south < lat < north for lon, lat in drawn)
    pytest.importorskip("vl_convert", reason="the report draws its plots with it")
    assert report(run, out=page, scenario=DAY) == 0
    text = page.read_text()
    assert "Northport" in text
    assert "Raqqa" not in text


def got(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=PATIENCE_S) as answer:  # noqa: S310  our own server
        return json.loads(answer.read())


@pytest.mark.broker
def test_live_the_page_has_the_islands_map_and_bounds(tmp_path: Path) -> None:
    if not available():
        pytest.skip("neither mosquitto nor nats-server is installed")
    options = ["--data", str(tmp_path / "var"), "--broker-port", "0", "--page-port", "0", "--seconds", "300"]
    demo = subprocess.Popen(
        [sys.executable, "-m", "hotline_services.cli.main", "demo", DAY, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONUTF8": "1"},
        preexec_fn=die_with_parent(),  # noqa: PLW1509
    )
    try:
        assert demo.stdout is not None
        told: list[str] = []
        for line in demo.stdout:
            told.append(line)
            if "NORTH    plan" in line or "gave-up" in line:
                break
        page = re.search(r"Page: (http://[^/]+)/", "".join(told))
        assert page is not None, told
        setting = got(f"{page[1]}/api/v1/live/setting")
        assert setting["bounds_deg"] == [-30.0, -24.0, -22.0, -17.0]
        assert set(setting["parties"]) == {"north", "south"}
        countries = got(f"{page[1]}/geography/countries.geojson")
        assert countries["features"][0]["properties"]["name"] == "North Island"
        assert any("GULL1" in line for line in told)
    finally:
        demo.send_signal(signal.SIGINT)
        demo.communicate(timeout=PATIENCE_S)
    assert demo.returncode == 0
