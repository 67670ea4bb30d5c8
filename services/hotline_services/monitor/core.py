"""The monitor's decisions: whose messages are missing, what to ask for again, and what to say of rubbish.

It writes nothing down; its shell's store (:class:`~.record.Record`) does that. It reads everything that is said.
"""

import copy
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec import field

from hotline_protocol.epochs import go_on
from hotline_protocol.events import DeadLettered, InputRejected
from hotline_protocol.flightplan import Problem
from hotline_protocol.forms import Form, fingerprint
from hotline_protocol.message import Author, Message, digest_of
from hotline_protocol.service import EpochBegun, Health, Presence, Resend, Unreadable
from hotline_protocol.slices import Slice, read, write
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


class MonitorState(Slice, kw_only=True):
    """Where each source is. Streams and marks are by source and epoch, as ``source/epoch``.

    * ``streams``: the last heard stands last. ``troubled`` are those that wait for something.
    * ``marks`` are of streams that have not been heard since the monitor began.
    * ``sessions``: the session of each source's service, and whether it is up.
    """

    author: Author
    streams: dict[str, Stream] = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)
    troubled: set[str] = field(default_factory=set)
    sessions: dict[str, tuple[str, Presence]] = field(default_factory=dict)


class MonitorCore:
    """Hears every topic. ``hand_on`` is given each message once, those of one source in order unless one is late.

    ``progress`` is where it goes on from, see :meth:`~.record.Record.progress`. ``state`` is all that changes.
    """

    def __init__(
        self,
        name: str = "monitor",
        progress: Progress = Progress(),  # noqa: B008  frozen
        *,
        limits: Limits = Limits(),  # noqa: B008  frozen
        hand_on: Callable[[Message], None] = _nobody,
    ) -> None:
        self._limits: Final = limits
        self._hand_on = hand_on
        marks = {f"{mark.source}/{mark.epoch}": mark for mark in progress.marks}
        self.state = MonitorState(author=Author(name, progress.epoch, progress.said), marks=marks)

    def clone(self, hand_on: Callable[[Message], None] = _nobody) -> "MonitorCore":
        """An equal monitor that shares no mutable state. It passes its rows to ``hand_on``."""
        twin = copy.copy(self)
        twin.adopt(self.state.copy(), hand_on)
        return twin

    def adopt(self, state: MonitorState, hand_on: Callable[[Message], None]) -> None:
        """Go on from this state, and hand on messages there."""
        self.state, self._hand_on = state, hand_on

    def forms(self) -> Sequence[Form]:
        """The form of each part of the state."""
        return [Form(getattr(self.state, name)) for name in MonitorState.__struct_fields__]

    def fingerprint(self, since: datetime | None = None) -> bytes:
        """A digest of the state."""
        return fingerprint(self.forms(), since)

    def save(self) -> bytes:
        """The state, written down."""
        return write(self.state)

    def load(self, saved: bytes) -> None:
        """Go on from a state that was saved."""
        self.state = read(saved, MonitorState)

    @property
    def next_deadline(self) -> datetime | None:
        """When a gap is next asked for, or given up, or no longer waited for."""
        deadlines = (self.state.streams[key].deadline for key in self.state.troubled)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:
        """Note this message's place among those of its source."""
        match message:
            case Unreadable():
                return self._answer(message, now)
            case EpochBegun():
                return go_on(self.state.author, message, now)
            case Health():
                self._note_presence(message, now)
            case _:
                pass
        if message.seq == 0 or message.source == self.state.author.source:
            self._hand_on(message)
            return ()
        key = f"{message.source}/{message.epoch}"
        stream = self.state.streams.pop(key, None) or self._begin(message.source, message.epoch, now)
        self.state.streams[key] = stream  # the last heard stands last: the first is forgotten first
        self._pass_on(stream.take(message, self._limits, now))
        self._note_trouble(key)
        return ()

    def lapse(self, now: datetime) -> Sequence[Message]:
        """Ask for what is missing; give up what was asked for in vain."""
        said: list[Message] = []
        troubled = [self.state.streams[key] for key in self.state.troubled]
        for stream in sorted(troubled, key=lambda each: (each.source, each.epoch)):
            self._pass_on(stream.lapse(self._limits, now))
            if self._is_down(stream.source):
                stream.postpone(self._limits, now)
            asked, lost = stream.asking(self._limits, now)
            said += [self._ask(stream.source, stream.epoch, span, now) for span in asked]
            said += [self._report(stream.source, stream.epoch, span, now) for span in lost]
            self._note_trouble(f"{stream.source}/{stream.epoch}")
        return said

    def _begin(self, source: str, epoch: str, now: datetime) -> Stream:
        if len(self.state.streams) >= self._limits.sources_at_most:
            oldest = next(iter(self.state.streams))
            self._pass_on(self.state.streams.pop(oldest).drain())
            self.state.troubled.discard(oldest)
        mark = self.state.marks.pop(f"{source}/{epoch}", None)
        return Stream.going_on(mark, self._limits, now) if mark else Stream(source=source, epoch=epoch)

    def _note_trouble(self, key: str) -> None:
        if self.state.streams[key].deadline is None:
            self.state.troubled.discard(key)
        else:
            self.state.troubled.add(key)

    def _pass_on(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self._hand_on(message)

    def _is_down(self, source: str) -> bool:
        return self.state.sessions.get(source, ("", Presence.UP))[1] is Presence.DOWN

    def _note_presence(self, message: Health, now: datetime) -> None:
        """A death counts only of the session that is up: it can arrive after the birth of the next."""
        session, presence = self.state.sessions.get(message.source, (message.session, None))
        if message.presence is Presence.DOWN and message.session != session:
            return
        self.state.sessions[message.source] = (message.session, message.presence)
        if len(self.state.sessions) > self._limits.sources_at_most:
            del self.state.sessions[next(iter(self.state.sessions))]
        if message.presence is Presence.UP and presence is not Presence.UP:
            self._hurry(message.source, now)

    def _hurry(self, source: str, now: datetime) -> None:
        """This source has come, or we have come back to it: it can be asked at once."""
        for mark in [mark for mark in self.state.marks.values() if mark.source == source and mark.missing]:
            key = f"{source}/{mark.epoch}"
            self.state.streams[key] = self._begin(source, mark.epoch, now)
            self._note_trouble(key)
        for key in self.state.troubled:
            if self.state.streams[key].source == source:
                self.state.streams[key].hurry(now)

    def _ask(self, source: str, epoch: str, span: Span, now: datetime) -> Message:
        """Not numbered, so its id must tell it from every other request, also from those before a restart."""
        name = digest_of((source, epoch, span, now, self.state.author.epoch))
        return Resend(
            id=f"{self.state.author.source}-resend-{name}",
            source=self.state.author.source,
            seq=0,
            epoch=self.state.author.epoch,
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
        return self.state.author.say(
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
        if message.code not in {"dead-letter", FLOOD} and self._addressee(message.topic) in self.state.sessions:
            return ()  # who was meant says so too, and once is enough
        topic, evidence = message.topic[:TEXT_AT_MOST], message.evidence[:TEXT_AT_MOST]
        if message.code == "dead-letter":
            error = message.reason[:TEXT_AT_MOST]
            return (self.state.author.say(DeadLettered, now, topic=topic, error=error, evidence=evidence),)
        problem = Problem(code=message.code, field=message.field, reason=message.reason[:TEXT_AT_MOST])
        return (self.state.author.say(InputRejected, now, topic=topic, problem=problem, evidence=evidence),)

    def _addressee(self, topic: str) -> str:
        """For whom alone something on this topic is; empty when it is for everybody."""
        levels = ORDER.match(topic) or INJECT.match(topic) or LINE.match(topic) or {}
        return levels.get("to", "")

    @property
    def _own_topics(self) -> tuple[str, ...]:
        return (EVENT.filter(source=self.state.author.source),)
