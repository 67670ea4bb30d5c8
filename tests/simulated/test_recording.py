"""Recordings are read back as they were written, or refused with one clear sentence."""

import io

import pytest

from hotline_protocol.line import Answer
from hotline_services.runtime.recording import Header, Recorded, RecordingError, RecordingReader, RecordingWriter

from .toys import MINUTE, NOON, letter

HEADER = Header(scenario="clerks", seed=3, start=NOON, days=0.5, agreement="0123456789abcdef")
DEEP = b"[" * 100_000 + b"]" * 100_000


def written() -> bytes:
    file = io.BytesIO()
    writer = RecordingWriter(file, HEADER)
    writer.write(letter("us", "first"), NOON)
    writer.write(letter("ru", "second"), NOON + MINUTE)
    return file.getvalue()


def read(recording: bytes) -> list[Recorded]:
    return list(RecordingReader(io.BytesIO(recording)))


def test_what_was_written_is_read() -> None:
    reader = RecordingReader(io.BytesIO(written()))
    assert reader.header == HEADER
    assert [(line.at, line.message) for line in reader] == [
        (NOON, letter("us", "first")),
        (NOON + MINUTE, letter("ru", "second")),
    ]


def test_a_line_is_the_time_and_the_message_as_it_is_on_the_wire() -> None:
    assert written().splitlines()[1] == (
        b'{"at":"2017-06-18T12:00:00Z","message":{"type":"answer","id":"first","source":"umpire","seq":0,'
        b'"time":"2017-06-18T12:00:00Z","cause":null,"epoch":"0","to":"us","call_id":"call"}}'
    )


def test_a_recording_of_an_earlier_version_of_a_live_run_has_neither_seed_nor_days() -> None:
    file = io.BytesIO()
    RecordingWriter(file, Header(scenario="live", seed=None, start=NOON, days=None, agreement="0" * 16))
    assert RecordingReader(io.BytesIO(file.getvalue())).header.seed is None


def test_a_cut_off_last_line_is_reported_after_all_before_it() -> None:
    reader = iter(RecordingReader(io.BytesIO(written()[:-20])))
    assert isinstance(next(reader).message, Answer)
    with pytest.raises(RecordingError, match="line 3: cut off"):
        next(reader)


@pytest.mark.parametrize(
    ("recording", "reason"),
    [
        (b"", "line 1: not a Hotline recording"),
        (b"\x89PNG\r\n", "line 1: not a Hotline recording"),
        (b'{"plan_id": "A"}\n', "line 1: not a Hotline recording"),
        (
            b'{"hotline_recording": 3, "shape": "new"}\n',
            "line 1: the recording has format 3; this program reads formats 1 and 2",
        ),
        (b'{"hotline_recording": 1, "scenario": "x"}\n', "line 1: the recording's header is damaged: .*`seed`"),
        (written() + b'{"at":"yesterday"}\n', "line 4: not a recorded message: .*RFC3339.*`\\$.at`"),
        (b'{"hotline_recording": 1, "x": ' + DEEP + b"}\n", "line 1: not a Hotline recording"),
        (written().replace(b"clerks", b"\xff\xfe"), "line 1: the recording's header is damaged"),
        (written() + b"\xff\xfe\n", "line 4: not a recorded message"),
        (written() + b'{"at":' + DEEP + b"}\n", "line 4: not a recorded message"),
        (written().replace(b'"answer"', b'"telepathy"'), "line 2: not a recorded message: .*telepathy"),
    ],
)
def test_what_is_no_recording_is_refused_with_the_line_and_the_reason(recording: bytes, reason: str) -> None:
    with pytest.raises(RecordingError, match=reason):
        read(recording)
