"""Exports of the moment and of every word: a radar display, and a robot's log."""

import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest

from hotline_services.export.formats.aircraft import addresses, aircraft_json, receiver_json
from hotline_services.export.formats.foxglove import write_mcap
from hotline_services.monitor.latestrows import AirborneRow
from hotline_services.monitor.positions import track_at

from .skies import MINUTE, NOON
from .test_export import HEADER, said, shipped_day, story

# --- a radar display


def airborne(minutes: float) -> list[AirborneRow]:
    """What a monitor knows so long after noon."""
    return story([message for message in said() if message.time <= NOON + minutes * MINUTE]).rows(AirborneRow)


def test_the_radar_display_has_the_fields_that_readsb_documents() -> None:
    at = NOON + 5 * MINUTE
    document = json.loads(aircraft_json(airborne(5), at, messages=7))
    assert (document["now"], document["messages"]) == (at.timestamp(), 7)
    assert len(document["aircraft"]) == 2
    for each in document["aircraft"]:
        assert re.fullmatch("~[0-9a-f]{6}", each["hex"])
        assert re.fullmatch("[A-Z0-9 ]{8}", each["flight"])
        assert isinstance(each["alt_baro"], int)
        assert 0 <= each["track"] < 360
        assert each["rssi"] < 0
        assert {"gs", "baro_rate", "lat", "lon", "seen", "seen_pos", "messages", "type", "mlat", "tisb"} <= each.keys()


def test_an_aircraft_is_on_the_radar_where_its_path_has_it_and_gone_once_it_is_down() -> None:
    (row, _) = sorted(airborne(5), key=lambda row: row.plan_id)
    track = track_at(row, NOON + 5 * MINUTE)
    assert track is not None
    shown = json.loads(aircraft_json([row], NOON + 5 * MINUTE))["aircraft"][0]
    assert (shown["lat"], shown["lon"], shown["gs"]) == (track.lat_deg, track.lon_deg, track.speed_kt)
    assert json.loads(aircraft_json(airborne(16), NOON + 16 * MINUTE))["aircraft"] == []


def test_an_address_is_no_real_ones_stays_the_same_and_is_nobody_elses() -> None:
    tracks = [track for row in airborne(5) if (track := track_at(row, NOON + MINUTE))]
    assert len(tracks) == 2
    assert addresses(tracks)[0] == addresses(tracks[:1])[0]
    assert len(set(addresses(tracks * 3))) == 6


def test_the_receiver_has_no_history_to_load() -> None:
    assert json.loads(receiver_json("1"))["history"] == 0


# --- a robot's log


def test_the_mcap_reader_finds_every_message_at_its_time_and_fit_for_its_schema(tmp_path: Path) -> None:
    reading = pytest.importorskip("mcap.reader", reason="mcap is what reads the log back")
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema checks the messages")
    _, heard = shipped_day()
    file = tmp_path / "day.mcap"
    with file.open("wb") as out:
        assert write_mcap(out, HEADER, heard, "1") == len(heard)
    with file.open("rb") as back:
        reader = reading.make_reader(back)
        found = list(reader.iter_messages(log_time_order=False))
        assert {record.name for record in reader.iter_metadata()} == {"hotline recording"}
    assert len(found) == len(heard)
    for (schema, channel, message), each in zip(found, heard, strict=True):
        assert (schema.encoding, channel.message_encoding) == ("jsonschema", "json")
        assert message.log_time == round(each.at.timestamp() * 1e6) * 1_000
        assert json.loads(message.data)["id"] == each.message.id
    for schema, _, message in found[::20]:
        jsonschema.validate(json.loads(message.data), json.loads(schema.data))
        assert json.loads(schema.data)["type"] == "object"


def test_a_time_before_1970_is_put_at_its_beginning() -> None:
    from hotline_services.monitor.traces import nanoseconds

    assert nanoseconds(datetime.fromisoformat("0001-01-01T00:00:00+00:00")) == 0
    assert nanoseconds(datetime.fromisoformat("1970-01-01T00:00:01.000001+00:00")) == 1_000_001_000


def test_a_robot_s_log_is_the_same_into_a_pipe_which_cannot_say_how_far_it_is(tmp_path: Path) -> None:
    pytest.importorskip("mcap.writer", reason="mcap is what writes the log")
    _, heard = shipped_day()
    with (tmp_path / "day.mcap").open("wb") as out:
        write_mcap(out, HEADER, heard, "1")
    reads, writes = os.pipe()
    with open(reads, "rb") as end, ThreadPoolExecutor() as aside, open(writes, "wb") as pipe:  # noqa: PTH123
        read = aside.submit(end.read)
        write_mcap(pipe, HEADER, heard, "1")
        pipe.close()
        assert read.result() == (tmp_path / "day.mcap").read_bytes()
