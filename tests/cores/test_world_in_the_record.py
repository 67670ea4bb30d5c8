"""What happens about the line, as the duty log and the tables tell it."""

from contextlib import closing
from pathlib import Path

import pytest

from hotline_protocol.events import Stage, StateLost
from hotline_protocol.examples import examples
from hotline_protocol.examples_world import world
from hotline_protocol.message import Message
from hotline_protocol.sky import FlightBegan, FlightFlown, Grade, PathChanged, Tracks
from hotline_services.monitor.dutylog import DutyLog
from hotline_services.monitor.projection import Projection
from hotline_services.monitor.worldrows import (
    ROW_OF,
    WORLD_ROWS,
    CrossingRow,
    EncounterRow,
    FlightRow,
    StrainRow,
)
from hotline_services.records.reading import RecordSource
from hotline_services.records.record import Record
from hotline_services.runtime.store import Heard

WORLD = [*world(), next(message for message in examples() if isinstance(message, StateLost))]
UNTOLD = (Tracks, FlightBegan, PathChanged, FlightFlown)


@pytest.mark.parametrize("message", WORLD, ids=lambda message: type(message).__name__)
def test_everything_but_the_flying_itself_has_a_line_in_the_duty_log(message: Message) -> None:
    line = DutyLog().line(message)
    assert (line is None) is isinstance(message, UNTOLD)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("Advise", "RU → US  advise      stop request · 441LL17 and 3 NM about"),
        ("Misheard", "misheard    of RU · 2.7 NM off · noticed when read back"),
        ("StrainChanged", "strain      tense at 12.52 · with US: a line crossing was seen"),
        ("Encountered", "ENCOUNTER   airprox b · 0.40 NM and 450 ft · TARTU11 of US and SAAF1 of RU (syaf)"),
        ("LineCrossed", "crossing    TARTU11 of US · outbound"),
        ("PresenceChanged", "officers    duty officer · away · relief is late"),
    ],
)
def test_the_duty_log_tells_it_in_the_officers_words(kind: str, told: str) -> None:
    message = next(message for message in WORLD if type(message).__name__ == kind)
    line = DutyLog().line(message)
    assert line is not None
    assert told in line


def test_each_message_that_has_a_row_makes_one_and_the_record_gives_it_back(tmp_path: Path) -> None:
    projection = Projection()
    path = tmp_path / "monitor.sqlite3"
    with closing(Record(path)) as record:
        record.commit([Heard(message.time, message) for message in WORLD if not isinstance(message, Tracks)], (), ())
    for message in WORLD:
        projection.apply(message)
    with RecordSource(path) as source:
        for kind in WORLD_ROWS:
            assert source.rows(kind) == projection.rows(kind)
    assert sum(len(projection.rows(kind)) for kind in WORLD_ROWS) == len(ROW_OF)


def test_rows_hold_what_was_said() -> None:
    projection = Projection()
    for message in WORLD:
        projection.apply(message)
    (encounter,) = projection.rows(EncounterRow)
    assert (encounter.grade, encounter.one_side, encounter.other_side) == (Grade.AIRPROX_B, "us", "ru")
    assert encounter.lasted_s == 30
    assert [row.what for row in projection.rows(CrossingRow)] == ["line", "Valley"]
    (flight,) = projection.rows(FlightRow)
    assert flight.conforming_share == 0.97
    (strain,) = projection.rows(StrainRow)
    assert (strain.party, strain.stage, strain.after) == ("ru", Stage.TENSE, 12.52)
