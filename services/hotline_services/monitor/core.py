"""The monitor's decisions: whose messages are missing, what to ask for again, and what to say of rubbish.

It writes nothing down; its shell's store (:class:`~.record.Record`) does that. It reads everything that is said.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from hotline_protocol.epochs import go_on
from hotline_protocol.events import DeadLettered, InputRejected
from hotline_protocol.flightplan import Problem
from hotline_protocol.message import Author, Message, digest_of
from hotline_protocol.service import EpochBegun, Health, Presence, Resend, Unreadable
from hotline_protocol.topics import EVENT, INJECT, LINE, ORDER, ROOT

from .order import Limits, Mark, Span, Stream

TEXT_AT_MOST: Final = 2_000
FLOOD: Final = "flood"  # as the shell calls inputs that were too many to be handed on one by one


def _nobody(_: Message) -> None:
    pass


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a monitor has come: its epoch, how many messages it has numbered in it, and how far each source is."""

    epoch: str = "0"
    said: int = 0
    marks: tuple[Mark, ...] = ()


class MonitorCore:
    """Hears every topic. ``hand_on`` is given each message once, those of one source in order unless one is late.

    ``progress`` is where it goes on from, see :meth:`~.record.Record.progress`.
    """

    def __init__(
        self,
        name: str = "monitor",
        progress: Progress = Progress(),  # noqa: B008  frozen
        *,
        limits: Limits = Limits(),  # noqa: B008  frozen
        hand_on: Callable[[Message], None] = _nobody,
    ) -> None:
        self._author: Final = Author(name, progress.epoch)
        self._author.seq = progress.said
        self._limits: Final = limits
        self._hand_on: Final = hand_on
        self._marks: Final = {(mark.source, mark.epoch): mark for mark in progress.marks}
        self._streams: Final[dict[tuple[str, str], Stream]] = {}
        self._troubled: Final[set[tuple[str, str]]] = set()
        self._sessions: Final[dict[str, tuple[str, Presence]]] = {}

    @property
    def next_deadline(self) -> datetime | None:
        """When a gap is next asked for, or given up, or no longer waited for."""
        deadlines = (self._streams[key].deadline for key in self._troubled)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:
        """Note this message's place among those of its source."""
        match message:
            case Unreadable():
                return self._answer(message, now)
            case EpochBegun():
                return go_on(self._author, message, now)
            case Health():
                self._note_presence(message, now)
            case _:
                pass
        if message.seq == 0 or message.source == self._author.source:
            self._hand_on(message)
            return ()
        key = (message.source, message.epoch)
        stream = self._streams.pop(key, None) or self._begin(key, now)
        self._streams[key] = stream  # the last heard stands last: the first is forgotten first
        self._pass_on(stream.take(message, now))
        self._note_trouble(key)
        return ()

    def lapse(self, now: datetime) -> Sequence[Message]:
        """Ask for what is missing; give up what was asked for in vain."""
        said: list[Message] = []
        for key in sorted(self._troubled):
            stream = self._streams[key]
            self._pass_on(stream.lapse(now))
            if self._is_down(key[0]):
                stream.postpone(now)
            asked, lost = stream.asking(now)
            said += [self._ask(*key, span, now) for span in asked]
            said += [self._report(*key, span, now) for span in lost]
            self._note_trouble(key)
        return said

    def _begin(self, key: tuple[str, str], now: datetime) -> Stream:
        if len(self._streams) >= self._limits.sources_at_most:
            oldest = next(iter(self._streams))
            self._pass_on(self._streams.pop(oldest).drain())
            self._troubled.discard(oldest)
        mark = self._marks.pop(key, None)
        return Stream(self._limits, now, mark.highest, mark.missing) if mark else Stream(self._limits, now)

    def _note_trouble(self, key: tuple[str, str]) -> None:
        if self._streams[key].deadline is None:
            self._troubled.discard(key)
        else:
            self._troubled.add(key)

    def _pass_on(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self._hand_on(message)

    def _is_down(self, source: str) -> bool:
        return self._sessions.get(source, ("", Presence.UP))[1] is Presence.DOWN

    def _note_presence(self, message: Health, now: datetime) -> None:
        """A death counts only of the session that is up: it can arrive after the birth of the next."""
        session, presence = self._sessions.get(message.source, (message.session, None))
        if message.presence is Presence.DOWN and message.session != session:
            return
        self._sessions[message.source] = (message.session, message.presence)
        if len(self._sessions) > self._limits.sources_at_most:
            del self._sessions[next(iter(self._sessions))]
        if message.presence is Presence.UP and presence is not Presence.UP:
            self._hurry(message.source, now)

    def _hurry(self, source: str, now: datetime) -> None:
        """This source has come, or we have come back to it: it can be asked at once."""
        for key in [key for key, mark in self._marks.items() if key[0] == source and mark.missing]:
            self._streams[key] = self._begin(key, now)
            self._note_trouble(key)
        for key in [key for key in self._troubled if key[0] == source]:
            self._streams[key].hurry(now)

    def _ask(self, source: str, epoch: str, span: Span, now: datetime) -> Message:
        """Not numbered, so its id must tell it from every other request, also from those before a restart."""
        name = digest_of((source, epoch, span, now, self._author.epoch))
        return Resend(
            id=f"{self._author.source}-resend-{name}",
            source=self._author.source,
            seq=0,
            epoch=self._author.epoch,
            time=now,
            to=source,
            wanted_epoch=epoch,
            first_seq=span.first,
            last_seq=span.last,
        )

    def _report(self, source: str, epoch: str, span: Span, now: datetime) -> Message:
        reason = (
            f"messages {span.first} to {span.last} of {source}, epoch {epoch}, "
            f"did not come, though asked for {self._limits.asks} times"
        )
        return self._author.say(
            InputRejected,
            now,
            topic=f"{ROOT}/+/{source}/#",
            problem=Problem(code="gap", field="seq", reason=reason),
            evidence="",
            sender=source,
        )

    def _answer(self, message: Unreadable, now: datetime) -> Sequence[Message]:
        """Say what is wrong with it, unless it came under our own name: that would go on for ever."""
        if message.topic in self._own_topics:
            return ()
        if message.code not in {"dead-letter", FLOOD} and self._addressee(message.topic) in self._sessions:
            return ()  # who was meant says so too, and once is enough
        topic, evidence = message.topic[:TEXT_AT_MOST], message.evidence[:TEXT_AT_MOST]
        if message.code == "dead-letter":
            error = message.reason[:TEXT_AT_MOST]
            return (self._author.say(DeadLettered, now, topic=topic, error=error, evidence=evidence),)
        problem = Problem(code=message.code, field=message.field, reason=message.reason[:TEXT_AT_MOST])
        return (self._author.say(InputRejected, now, topic=topic, problem=problem, evidence=evidence),)

    def _addressee(self, topic: str) -> str:
        """For whom alone something on this topic is; empty when it is for everybody."""
        levels = ORDER.match(topic) or INJECT.match(topic) or LINE.match(topic) or {}
        return levels.get("to", "")

    @property
    def _own_topics(self) -> tuple[str, ...]:
        return (EVENT.filter(source=self._author.source),)
