"""Recordings made of a monitor's record: what was said, and from the services' journals what each of them heard."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from hotline_protocol.message import Message
from hotline_protocol.service import Stop
from hotline_protocol.topics import encode, topic_of
from hotline_services.runtime.journalreader import JournalReader, is_journal
from hotline_services.runtime.recording import LINE_BYTES, WITH_JOURNALS, Header, JournalLine, Live, RecordingWriter
from hotline_services.runtime.store import StoreError
from hotline_services.whole import whole_file

from .liveheader import HOUSEKEEPING, Told
from .reading import RecordSource

STATE_BYTES: Final = LINE_BYTES // 2
"""Of the state of a service in a recording: its line is a third longer."""


class Written(NamedTuple):
    """How many messages were written, whose journals are in it, and what could not be read of others."""

    messages: int
    journals: tuple[str, ...]
    faults: tuple[str, ...]


def record_to_recording(record: Path, out: Path, told: Told | None = None, journals: Sequence[Path] = ()) -> Written:
    """Write a monitor's record as a recording, as a simulation would have written it, with these folders' journals.

    What services say of themselves and to shells (health, clock, receipts, requests) is left out, as a simulation has
    none of it. Without a told agreement, its digest is that of the first line check, or zeros. ``out`` appears when
    it is whole. Raises StoreError, and OSError when it cannot be written.
    """
    with ExitStack() as opened:
        source = opened.enter_context(RecordSource(record, tables=False))
        header = source.header(told or Told())
        readers, faults = _readers(journals, opened)
        if readers:
            header = _told_by(readers, msgspec.structs.replace(header, hotline_recording=WITH_JOURNALS))
        with whole_file(out) as file:
            writer = RecordingWriter(file, header)
            recorded = _write(writer, source)
            for reader in readers:
                for line in _journal(reader, recorded):
                    writer.write_journal(line)
    return Written(len(recorded), tuple(reader.service for reader in readers), tuple(faults))


def is_recorded(message: Message) -> bool:
    """Whether a message of a record is written to a recording."""
    return topic_of(message) not in HOUSEKEEPING and not isinstance(message, Stop)


def _write(writer: RecordingWriter, source: RecordSource) -> dict[str, int]:
    """Write all messages; returns a hash of each by its id."""
    recorded: dict[str, int] = {}
    for at, message in source.messages():
        if is_recorded(message):
            writer.write(message, at)
            recorded[message.id] = hash(encode(message))
    return recorded


def _readers(folders: Sequence[Path], opened: ExitStack) -> tuple[list[JournalReader], list[str]]:
    """The journals in these folders, of each service the first, and what is wrong with others."""
    readers: dict[str, JournalReader] = {}
    faults: list[str] = []
    for path in (path for folder in folders for path in sorted(folder.glob("*.sqlite3"))):
        try:
            if not is_journal(path):
                continue
            reader = opened.enter_context(JournalReader(path))
        except OSError as error:
            faults.append(f"{path} cannot be opened: {error.strerror}.")
            continue
        except StoreError as error:
            faults.append(str(error))
            continue
        readers.setdefault(reader.service, reader)
        if reader.pruned:
            at = reader.pruned.at.isoformat(timespec="seconds")
            faults.append(f"{path} is pruned: what its service heard before {at} is not kept.")
        if reader.fault:
            faults.append(f"{path} is damaged: {reader.fault}. What comes before that is in the recording.")
    return list(readers.values()), faults


def _told_by(readers: Sequence[JournalReader], header: Header) -> Header:
    """The header with the speed and the days that the services were started with, where the monitor was told none."""
    if not isinstance(header.live, Live):
        return header
    launches = [reader.launch for reader in readers if reader.launch is not None]
    speed = header.live.speed or next((launch.speed for launch in launches if launch.speed), None)
    days = header.live.days or next((launch.days for launch in launches if launch.days), None)
    return msgspec.structs.replace(header, live=msgspec.structs.replace(header.live, speed=speed, days=days))


def _journal(reader: JournalReader, recorded: dict[str, int]) -> Iterator[JournalLine]:
    """Lines from one journal: how the service was started, messages that the record lacks, and all that it heard."""
    name = reader.service
    pruned = reader.pruned
    if pruned is not None and len(pruned.state) > STATE_BYTES:
        pruned = msgspec.structs.replace(pruned, state=b"")
    launch = reader.launch or msgspec.UNSET
    yield JournalLine(journal=name, epoch=reader.epoch, launch=launch, pruned=pruned or msgspec.UNSET)
    for message, text in reader.said():
        if recorded.get(message.id) != hash(text):
            yield JournalLine(journal=name, said=message)  # type: ignore[arg-type]  # a journal holds only such
    for at, heard in reader.heard():
        yield JournalLine(journal=name, at=at, heard=heard)  # type: ignore[arg-type]  # as above
