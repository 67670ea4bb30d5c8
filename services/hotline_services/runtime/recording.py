"""Recordings: everything that was said, one JSON line a message, the same from a simulation and from a live run.

The first line is a header. Messages follow in the order in which they were recorded, each with the time at
which that was.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Annotated, BinaryIO, Final

import msgspec
from msgspec import Meta

from hotline_protocol.message import AwareTime, Digest, Message
from hotline_protocol.topics import UNDECODABLE, SaidMessage
from hotline_protocol.whole_numbers import decode_json

FORMAT: Final = 1
LINE_BYTES: Final = 8 * 2**20
"""Of one message at most: twice what a broker lets through. So a file without line breaks costs little memory."""


class RecordingError(Exception):
    """This is not a recording that can be read; the message says where and why."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What was run: with the same fields a simulation writes the same recording. ``seed`` is None for a live run."""

    hotline_recording: int = FORMAT
    scenario: str
    seed: int | None
    start: AwareTime
    days: Annotated[float, Meta(gt=0)] | None
    agreement: Digest


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """One message, and when it was recorded: simulated time, UTC."""

    at: AwareTime
    message: SaidMessage


class _Line(msgspec.Struct, frozen=True):
    at: datetime
    message: Message


class _Format(msgspec.Struct, frozen=True):
    hotline_recording: int


_format: Final = msgspec.json.Decoder(_Format)
_header: Final = msgspec.json.Decoder(Header)


class RecordingWriter:
    """Writes a recording to a binary file as it comes; the file is the caller's to flush and close."""

    def __init__(self, file: BinaryIO, header: Header) -> None:
        self._file = file
        self._encoder = msgspec.json.Encoder()
        self._buffer = bytearray()
        self._write(header)

    def write(self, message: Message, at: datetime) -> None:
        """Record this message."""
        self._write(_Line(at, message))

    def _write(self, line: msgspec.Struct) -> None:
        self._encoder.encode_into(line, self._buffer)
        self._buffer += b"\n"
        self._file.write(self._buffer)


class RecordingReader:
    """Reads a recording: its ``header`` at once, then messages one by one. Raises RecordingError.

    ``offset`` is where the line of the last message begins, in bytes from where the header does.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decoder: msgspec.json.Decoder[Recorded] = msgspec.json.Decoder(Recorded)
        first = file.readline(LINE_BYTES)
        self.header: Final = _read_header(first)
        self.offset = 0
        self._next = len(first)

    def __iter__(self) -> Iterator[Recorded]:
        for number, line in enumerate(iter(partial(self._file.readline, LINE_BYTES), b""), start=2):
            self.offset, self._next = self._next, self._next + len(line)
            if len(line) == LINE_BYTES and not line.endswith(b"\n"):
                raise RecordingError(f"line {number}: longer than {LINE_BYTES:,} bytes")
            if not line.endswith(b"\n"):
                raise RecordingError(f"line {number}: cut off; whoever wrote the recording did not finish it")
            try:
                yield decode_json(self._decoder, line)
            except UNDECODABLE as error:
                raise RecordingError(f"line {number}: not a recorded message: {error}") from error


def _read_header(line: bytes) -> Header:
    try:
        version = decode_json(_format, line).hotline_recording
    except UNDECODABLE as error:
        raise RecordingError("line 1: not a Hotline recording: it must begin with the recording's header") from error
    if version != FORMAT:
        raise RecordingError(f"line 1: the recording has format {version}; this program reads format {FORMAT}")
    try:
        return decode_json(_header, line)
    except UNDECODABLE as error:
        raise RecordingError(f"line 1: the recording's header is damaged: {error}") from error
