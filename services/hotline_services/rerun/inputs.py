"""A live run, made again from what each service heard: fed to fresh cores, which must say again what was recorded."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from hotline_protocol.core import Core, Value
from hotline_protocol.message import Message
from hotline_protocol.names import DIRECTOR, SKY
from hotline_protocol.topics import encode
from hotline_services.director.script import Scenario
from hotline_services.runtime.recording import (
    Header,
    JournalLine,
    Live,
    Pruned,
    Recorded,
    RecordingError,
    RecordingReader,
)
from hotline_services.world import fresh_core

from .difference import Difference, difference


class Replayed(msgspec.Struct, kw_only=True):
    """The result for one service: number of inputs, number of messages that it said, and their first difference.

    ``reason`` says why it was not compared; empty when it was. ``since`` is when the inputs that its journal kept
    begin; None when it kept all.
    """

    service: str
    inputs: int = 0
    messages: int = 0
    difference: Difference | None = None
    reason: str = ""
    since: datetime | None = None


class _Line(NamedTuple):
    """A line of the recording: its number, and epoch, number and text of the message in it."""

    number: int
    epoch: str
    seq: int
    text: bytes


class _Expected:
    """The messages of each source that were recorded and have not been said again: by id, the line and the bytes."""

    def __init__(self) -> None:
        self._messages: Final[dict[str, dict[str, _Line]]] = {}

    def add(self, number: int, message: Message) -> None:
        """Expect ``message``, of line ``number``. A journal's text replaces the monitor's."""
        if message.seq:
            line = _Line(number, message.epoch, message.seq, encode(message))
            self._messages.setdefault(message.source, {})[message.id] = line

    def compare(self, number: int, message: Message) -> Difference | None:
        """Take ``message``, which was said on the input in line ``number``, off the list."""
        said = encode(message)
        line = self._messages.get(message.source, {}).pop(message.id, None)
        if line is None:
            return difference(number, None, said)
        return None if said == line.text else difference(line.number, line.text, said)

    def forget(self, service: str, pruned: Pruned) -> None:
        """Expect nothing of ``service`` that it said before its journal was pruned."""
        messages = self._messages.get(service, {})
        for name in [name for name, line in messages.items() if _is_before(line.epoch, line.seq, pruned)]:
            del messages[name]

    def left(self, service: str) -> Difference | None:
        """The first message of this service that was recorded and was not said again."""
        left = self._messages.pop(service, {}).values()
        return difference(first.number, first.text, None) if (first := min(left, default=None)) else None

    def among(self, services: Iterable[str]) -> list[str]:
        """The services in ``services`` with recorded messages that were not compared."""
        return [service for service in services if service in self._messages]


class _Journal:
    """The journal of one service, line by line."""

    def __init__(self, core: Core | None, expected: _Expected, result: Replayed) -> None:
        self._core: Final = core
        self._expected: Final = expected
        self.result: Final = result

    def hear(self, number: int, line: JournalLine) -> None:
        """Feed the input in this line to the core, unless something has differed before."""
        core, result = self._core, self.result
        if core is None or result.difference or isinstance(line.at, msgspec.UnsetType):
            return
        result.inputs += 1
        try:
            said = core.receive(line.heard, line.at) if isinstance(line.heard, Message) else core.lapse(line.at)
        except Exception as error:  # noqa: BLE001  another program than the one that wrote it: whatever it raises
            result.difference = difference(number, None, f"{type(error).__name__}: {error}".encode())
            return
        for message in (message for message in said if message.seq):
            result.messages += 1
            result.difference = result.difference or self._expected.compare(number, message)

    def end(self) -> Replayed:
        """Finish the journal; returns its result. A recorded message that was not said again counts as a difference."""
        left = self._expected.left(self.result.service)
        if self._core is not None:
            self.result.difference = self.result.difference or left
        return self.result


def play_again(reader: RecordingReader, scenario: Scenario) -> Iterator[Replayed]:
    """Play each service of a live recording again. Raises RecordingError where the recording cannot be read."""
    expected = _Expected()
    journal: _Journal | None = None
    for number, line in reader.lines():
        if isinstance(line, Recorded):
            expected.add(number, line.message)
        elif isinstance(line.epoch, str):
            if journal:
                yield journal.end()
            journal = _begun(line.journal, line, reader.header, scenario, expected)
        elif isinstance(line.said, Message):
            expected.add(number, line.said)
        elif journal and journal.result.service == line.journal:
            journal.hear(number, line)
        else:
            raise RecordingError(f"line {number}: an input of {line.journal} outside its journal")
    if journal:
        yield journal.end()
    for source in expected.among([*scenario.agreement.parties, SKY, DIRECTOR]):
        yield Replayed(service=source, reason="its journal is not in the recording")


def _begun(name: str, line: JournalLine, header: Header, scenario: Scenario, expected: _Expected) -> _Journal:
    launch, live = line.launch, header.live if isinstance(header.live, Live) else Live()
    seed, days, speed = header.seed, live.days, live.speed
    if not isinstance(launch, msgspec.UnsetType):
        seed, days, speed = launch.seed, launch.days, launch.speed
    result = Replayed(service=name)
    core: Core | None = None
    pruned = None if isinstance(line.pruned, msgspec.UnsetType) else line.pruned
    try:
        seed, speed = scenario.seed if seed is None else seed, speed or live.speed or scenario.speed
        core = fresh_core(scenario, name, str(line.epoch), seed, days, speed)
    except KeyError:
        result.reason = f"{scenario.name} has no such service"
    if core is not None and pruned is not None:
        expected.forget(name, pruned)
        result.since = pruned.at
        result.reason = _resumed(core, pruned)
    return _Journal(None if result.reason else core, expected, result)


def _resumed(core: Core, pruned: Pruned) -> str:
    """Have the core go on from where its journal was pruned; returns why that cannot be, if anything."""
    if not isinstance(core, Value) or not pruned.state:
        return "its journal is pruned, and the recording has no state from which it could go on"
    try:
        core.load(pruned.state)
    except (msgspec.MsgspecError, ValueError) as error:
        return f"its journal is pruned, and the state that Hotline {pruned.program} saved cannot be loaded: {error}"
    return ""


def _is_before(epoch: str, seq: int, pruned: Pruned) -> bool:
    """Whether a message was said before its source's journal was pruned."""
    return epoch in pruned.epochs[:-1] or (epoch == pruned.epochs[-1] and seq <= pruned.said)
