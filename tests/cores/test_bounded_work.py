"""No message, whatever is in it, costs much work or memory, or makes its reader raise."""

import subprocess
import sys
from pathlib import Path

import pytest

from hotline_protocol.airspace import Position
from hotline_protocol.events import InputRejected, LineMoved
from hotline_protocol.message import Author
from hotline_protocol.sky import FlightFlown, LineCrossed

from .hostile_values import hostile_lines
from .skies import NOON, Watched, plan
from .test_sky_places import ACROSS, LATER

CHECKS = ("shapes", "messages", "plans", "flights", "proposals", "traces", "formats")
NEW_LINE = (Position(39.7, 34.5), Position(39.7, 36.5))


@pytest.mark.parametrize("check", CHECKS)
def test_every_form_of_every_input_is_handled_within_bounds_of_processor_time_and_memory(check: str) -> None:
    program = Path(__file__).with_name("hostile_forms.py")
    done = subprocess.run([sys.executable, program, check], capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3_000:]


def refused(watched: Watched) -> list[str]:
    return [rejected.problem.field for rejected in watched.all(InputRejected)]


def test_a_line_that_cannot_be_drawn_is_refused_and_the_sky_flies_on() -> None:
    watched = Watched()
    watched.clear("us", plan("p-1"))
    watched.run(NOON)
    lines = [tuple(Position(lon, lat) for lon, lat in line) for line in hostile_lines(160)]
    for line in lines[:4]:  # empty; a point; one point many times; to and fro
        watched.feed(Author("us").say(LineMoved, watched.now, review_id="r", agreement="0" * 16, trace=line))
    watched.run(LATER)
    assert refused(watched) == ["trace", "trace", "trace[1]", "trace"]
    assert watched.only(FlightFlown).ended_at == plan("p-1").end


@pytest.mark.parametrize("source", ["tr", "sky", "monitor", "exercise"])
def test_nobody_moves_the_line_but_those_whose_line_it_is(source: str) -> None:
    watched = crossed_after([source, source])
    assert refused(watched) == ["source"] * 2
    assert watched.only(LineCrossed).at.lon_deg == pytest.approx(40.0, abs=0.01)


def test_one_side_alone_does_not_move_the_line() -> None:
    watched = crossed_after(["us", "us"])
    assert refused(watched) == []
    assert watched.only(LineCrossed).at.lon_deg == pytest.approx(40.0, abs=0.01)


def test_a_line_that_is_not_of_this_agreement_is_refused() -> None:
    watched = crossed_after(["us", "ru"], agreement="0" * 16)
    assert refused(watched) == ["agreement"] * 2
    assert watched.only(LineCrossed).at.lon_deg == pytest.approx(40.0, abs=0.01)


def crossed_after(sources: list[str], **changes: str) -> Watched:
    """A flight across the line, after these have said that the line has moved."""
    watched = Watched()
    watched.clear("us", plan("p-1", area=ACROSS))
    for source in sources:
        watched.move_line(source, NEW_LINE, **changes)
    watched.run(LATER)
    return watched
