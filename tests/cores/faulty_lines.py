"""Centres with a fault in how they review the line, or in what they lay open."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, TypeGuard

import msgspec

from hotline_protocol.events import InputRejected, LineMoved
from hotline_protocol.line import Amend, ConcurTrace, CounterTrace, DeclineTrace, Disclose, Withdraw
from hotline_protocol.message import Author, Message

from .faulty import Fault, changed, never

FALSE: Final = Author("ru", "false")


def discloses(heard: Message, _: list[Message], now: datetime) -> Iterable[Message]:
    """What everything is worth to it, once we have withdrawn."""
    if isinstance(heard, Withdraw):
        call_id, negotiation_id = heard.call_id, heard.negotiation_id
        yield FALSE.say(
            Disclose, now, to="us", call_id=call_id, negotiation_id=negotiation_id, worth=(0.5, 0.5), walk_away=0.1
        )


class NeverHasDone:
    """After its last offer it makes that again."""

    def __init__(self) -> None:
        self._last: CounterTrace | None = None

    def __call__(self, message: Message) -> Message:
        if isinstance(message, CounterTrace):
            self._last = message
        if self._last is None or not _has_done(message):
            return message
        return msgspec.structs.replace(
            self._last, id=message.id, seq=message.seq, time=message.time, answers=message.answers
        )


def _has_done(message: Message) -> TypeGuard[DeclineTrace]:
    return isinstance(message, DeclineTrace) and message.reason.startswith("no agreement")


def concurs_with_anything(message: Message) -> Message:
    """With what it should decline, unless it has come to the end of its offers."""
    if not isinstance(message, DeclineTrace) or _has_done(message):
        return message
    fields = {name: getattr(message, name) for name in ("id", "source", "seq", "time", "epoch", "to")}
    return ConcurTrace(**fields, call_id=message.call_id, review_id=message.review_id, offer=message.answers)


def _false_amendment(rejection: InputRejected) -> bool:
    return rejection.problem.code == "bad-amendment"


LINE_FAULTS: Final[dict[str, Fault]] = {
    "lays itself open": Fault("NEG-11", add=discloses),
    "does not answer offers of a line": Fault("REV-1", "REV-4", say=never((CounterTrace, ConcurTrace, DeclineTrace))),
    "answers another offer of a line": Fault("REV-1", say=changed(CounterTrace, answers="0" * 16)),
    "offers another line than it names": Fault("REV-2", say=changed(CounterTrace, offer="0" * 16)),
    "has never done with a line": Fault("REV-3", say=NeverHasDone),
    "concurs with what is no line": Fault("REV-4", say=concurs_with_anything),
    "passes false amendments over": Fault("REV-5", say=never(InputRejected, _false_amendment)),
    "does not tell that the line has moved": Fault("REV-6", "REV-7", say=never(LineMoved)),
    "moves the line at once": Fault("REV-6", hear=changed(Amend, effective_at=lambda m: m.time)),
    "has another agreement by the line as it was moved": Fault("REV-7", say=changed(LineMoved, agreement="0" * 16)),
}
