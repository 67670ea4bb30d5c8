"""A centre of ours that is made to hear, say and add what it should not: what its faults are made of."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from hotline_protocol.core import Core
from hotline_protocol.message import Message
from hotline_services.conformance.rehearsal import LocalCentre
from hotline_services.director.scenario import read_scenario
from hotline_services.world import centre

SCENARIO: Final = read_scenario("conformance")

Hear = Callable[[Message], Message | None]
Say = Callable[[Message], Message | None]
Add = Callable[[Message, list[Message], datetime], Iterable[Message]]


def our_centre() -> Core:
    """A centre without a fault."""
    return centre(SCENARIO, "ru", seed=1)


class Faulty:
    """A core that hears some of what it hears, says some of what it says, and adds what it should not."""

    def __init__(self, core: Core, hear: Hear, say: Say, add: Add) -> None:
        self._core = core
        self._hear, self._say, self._add = hear, say, add

    @property
    def next_deadline(self) -> datetime | None:
        return self._core.next_deadline

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:
        heard = self._hear(message)
        said = list(self._core.receive(heard, now)) if heard is not None else []
        return self._changed([*said, *self._add(message, said, now)])

    def lapse(self, now: datetime) -> Sequence[Message]:
        return self._changed(self._core.lapse(now))

    def _changed(self, said: Iterable[Message]) -> list[Message]:
        return [changed for message in said if (changed := self._say(message)) is not None]


class Fault:
    """How to make the centre, and what it breaks."""

    def __init__(self, *breaks: str, shell: type[LocalCentre] = LocalCentre, **parts: Any) -> None:
        self.breaks: Final = frozenset(breaks)
        self._shell = shell
        self._parts = parts

    def centre(self) -> LocalCentre:
        """A fresh one."""
        parts = {"core": our_centre, "hear": lambda m: m, "say": lambda m: m, "add": lambda *_: ()} | self._parts
        made = {name: part() if name == "core" or isinstance(part, type) else part for name, part in parts.items()}
        return self._shell("ru", Faulty(**made), peers=SCENARIO.agreement.parties)


def never(kind: type[Message] | tuple[type[Message], ...], like: Callable[[Any], bool] = lambda _: True) -> Hear:
    """All but messages of this kind, or those of them that are like this."""
    return lambda m: None if isinstance(m, kind) and like(m) else m


def changed(kind: type[Message], like: Callable[[Any], bool] = lambda _: True, /, **changes: Any) -> Hear:
    """Messages of this kind with other fields; a change that can be called is given the message."""

    def change(message: Message) -> Message:
        if not isinstance(message, kind) or not like(message):
            return message
        new = {name: value(message) if callable(value) else value for name, value in changes.items()}
        return msgspec.structs.replace(message, **new)

    return change
