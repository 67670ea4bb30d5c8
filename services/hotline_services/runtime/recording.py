"""Recordings: everything that was said, one JSON line a message, the same from a simulation and from a live run.

The first line is a header. Messages follow in the order in which they were recorded, each with the time at
which that was. Behind them a live recording has lines of its services' journals, by which it can be made again.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Annotated, BinaryIO, Final

import msgspec
from msgspec import Meta

from hotline_protocol.message import AwareTime, Digest, Epoch, Message, PartyName
from hotline_protocol.topics import UNDECODABLE, AnyMessage, SaidMessage
from hotline_protocol.whole_numbers import decode_json
from hotline_services.text_files import without_mark

from .provenance import Days, Launch, Provenance, Speed

FORMAT: Final = 1
WITH_JOURNALS: Final = 2
"""The format of a recording that has lines of journals."""
READ: Final = (FORMAT, WITH_JOURNALS)
LINE_BYTES: Final = 8 * 2**20
"""Of one message at most: twice what a broker lets through. So a file without line breaks costs little memory."""


class RecordingError(Exception):
    """This is not a recording that can be read; the message says where and why."""


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """How a live run was made. ``days`` are those of which the director tells; ``operators`` are the people who sat at
    the desks, by party."""

    speed: Speed | None = None
    days: Days | None = None
    operators: dict[PartyName, tuple[str, ...]] = {}


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What was run: with the same fields a simulation writes the same recording.

    ``days`` is None for a live run, and ``seed`` where nobody knows it. Earlier versions wrote no ``provenance``, and
    of a live run neither ``live`` nor the seed.
    """

    hotline_recording: int = FORMAT
    scenario: str
    seed: int | None
    start: AwareTime
    days: Annotated[float, Meta(gt=0)] | None
    agreement: Digest
    provenance: Provenance | msgspec.UnsetType = msgspec.UNSET
    live: Live | msgspec.UnsetType = msgspec.UNSET

    @property
    def is_live(self) -> bool:
        """Whether it was played over a broker, and so once only."""
        return self.days is None

    @property
    def has_journals(self) -> bool:
        """Whether it has what each service heard, so that a live run can be played again."""
        return self.hotline_recording == WITH_JOURNALS


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """One message, and when it was recorded: simulated time, UTC."""

    at: AwareTime
    message: SaidMessage


class Pruned(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a service ``at`` the snapshot behind which its journal was pruned.

    ``epochs`` are those that it had had, and in the last of them ``said`` is the highest number that it had used.
    ``state`` is the core's, as ``program`` saves it; empty when it is too large for a line.
    """

    at: AwareTime
    epochs: Annotated[tuple[Epoch, ...], Meta(min_length=1)]
    said: int
    program: str
    state: bytes


class JournalLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """From the journal of the service named in ``journal``: one of three things.

    * how it began: its first ``epoch``, its ``launch`` where it is known, and where it was ``pruned`` the state from
      which its inputs go on;
    * a message that it ``said`` and that is not in the recording as it said it;
    * an input that it ``heard`` ``at`` this time: a message, or None when time was up.
    """

    journal: PartyName
    epoch: Epoch | msgspec.UnsetType = msgspec.UNSET
    launch: Launch | msgspec.UnsetType = msgspec.UNSET
    pruned: Pruned | msgspec.UnsetType = msgspec.UNSET
    said: SaidMessage | msgspec.UnsetType = msgspec.UNSET
    at: AwareTime | msgspec.UnsetType = msgspec.UNSET
    heard: AnyMessage | msgspec.UnsetType | None = msgspec.UNSET

    def __post_init__(self) -> None:
        """Raises ValueError unless it is one of the three."""
        is_input = not isinstance(self.at, msgspec.UnsetType) and self.heard is not msgspec.UNSET
        if is_input + isinstance(self.epoch, str) + isinstance(self.said, Message) != 1:
            raise ValueError("neither how a journal began, nor a message that was said, nor an input with its time")


_JOURNAL: Final = b'{"journal":'


class _Line(msgspec.Struct, frozen=True):
    at: datetime
    message: Message


class _Format(msgspec.Struct, frozen=True):
    hotline_recording: int


_format: Final = msgspec.json.Decoder(_Format)
_header: Final = msgspec.json.Decoder(Header)


def recorded_line(message: Message, at: datetime) -> bytes:
    """The line in which this message is recorded, with its line break."""
    return msgspec.json.encode(_Line(at, message)) + b"\n"


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

    def write_journal(self, line: JournalLine) -> None:
        """Write this line of a journal, behind all messages."""
        self._write(line)

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
        self._journal_decoder: msgspec.json.Decoder[JournalLine] = msgspec.json.Decoder(JournalLine)
        first = file.readline(LINE_BYTES)
        self.header: Final = _read_header(without_mark(first))
        self.offset = 0
        self._next = len(first)

    def __iter__(self) -> Iterator[Recorded]:
        for _, line in self.lines():
            if isinstance(line, Recorded):
                yield line

    def lines(self) -> Iterator[tuple[int, Recorded | JournalLine]]:
        """Every line behind the header with its number, those of journals too."""
        for number, line in enumerate(iter(partial(self._file.readline, LINE_BYTES), b""), start=2):
            self.offset, self._next = self._next, self._next + len(line)
            if len(line) == LINE_BYTES and not line.endswith(b"\n"):
                raise RecordingError(f"line {number}: longer than {LINE_BYTES:,} bytes")
            if not line.endswith(b"\n"):
                raise RecordingError(f"line {number}: cut off; whoever wrote the recording did not finish it")
            yield number, self._decode(number, line)

    def _decode(self, number: int, line: bytes) -> Recorded | JournalLine:
        try:
            if line.startswith(_JOURNAL):
                return decode_json(self._journal_decoder, line)
            return decode_json(self._decoder, line)
        except UNDECODABLE as error:
            by = self.header.provenance
            wrote = "" if isinstance(by, msgspec.UnsetType) else f" (Hotline {by.program} wrote it)"
            raise RecordingError(f"line {number}: not a recorded message: {error}{wrote}") from error


def _read_header(line: bytes) -> Header:
    try:
        version = decode_json(_format, line).hotline_recording
    except UNDECODABLE as error:
        raise RecordingError("line 1: not a Hotline recording: it must begin with the recording's header") from error
    if version not in READ:
        known = " and ".join(map(str, READ))
        raise RecordingError(f"line 1: the recording has format {version}; this program reads formats {known}")
    try:
        return decode_json(_header, line)
    except UNDECODABLE as error:
        raise RecordingError(f"line 1: the recording's header is damaged: {error}") from error
