"""Facts about a path that the invariants need: which negotiations began and ended, and which entries are recorded."""

import hashlib
from collections.abc import Iterable
from typing import Final

import msgspec

from hotline_protocol.events import CallEnded, Escalated, EscalationKind, NegotiationEnded, ReviewEnded
from hotline_protocol.line import Answer, Busy, HangUp, Propose, ProposeTrace, Ring, Tier
from hotline_protocol.menu import Choice
from hotline_protocol.message import Message
from hotline_protocol.orders import DecisionAwaited, DeskLeft

from .cells import FORM_BYTES, Part

NONE: Final[frozenset[str]] = frozenset()

Crossing = tuple[str, str, str]


class Decision(msgspec.Struct, frozen=True):
    """An offer that the person at the desk may answer; ``choice`` is what the automatic officer would counter with.

    ``asks_at`` is the tier at which this side asks, if it does: the person may go up one.
    """

    negotiation_id: str
    offer: str
    choice: Choice | None
    asks_at: Tier | None


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Calls, negotiations and reviews by id; crossings by source, plan and peer; what the person may decide."""

    rung: frozenset[str] = NONE
    ended: frozenset[str] = NONE
    opened: frozenset[str] = NONE
    closed: frozenset[str] = NONE
    crossed: frozenset[Crossing] = frozenset()
    asked: frozenset[Crossing] = frozenset()
    distressed: frozenset[Crossing] = frozenset()
    ringing: tuple[str, ...] = ()
    talking: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()
    mismatch: bool = False

    @property
    def part(self) -> Part:
        """Its share of a state's key. It names no message."""
        text = repr(
            [sorted(value) if isinstance(value, frozenset) else value for value in msgspec.structs.astuple(self)]
        )
        return Part(hashlib.blake2b(text.encode(), digest_size=FORM_BYTES).digest(), ())

    @property
    def unfinished(self) -> list[str]:
        """Calls, negotiations and reviews that have begun and not ended."""
        return sorted((self.rung - self.ended) | (self.opened - self.closed))


class Ledger:
    """Takes what is said to the facts. ``desk`` is the party at whose desk a person may sit."""

    def __init__(self, desk: str | None) -> None:
        self._desk: Final = desk

    def said(self, facts: Facts, messages: Iterable[Message]) -> tuple[Facts, list[str]]:
        """The facts after these have been said, and what of it must never be."""
        faults: list[str] = []
        for message in messages:
            facts = self._take(facts, message, faults)
        return facts, faults

    def heard(self, facts: Facts, message: Message, by: str) -> Facts:
        """The facts after ``by`` has heard this: the person at the desk hears the phone."""
        if by != self._desk:
            return facts
        match message:
            case Ring():
                return msgspec.structs.replace(facts, ringing=_with(facts.ringing, message.call_id))
            case Answer():
                return msgspec.structs.replace(facts, talking=_with(facts.talking, message.call_id))
            case Busy() | HangUp():
                return _hung_up(facts, message.call_id)
            case _:
                return facts

    def _take(self, facts: Facts, message: Message, faults: list[str]) -> Facts:
        replace = msgspec.structs.replace
        match message:
            case Ring():
                facts = replace(facts, rung=facts.rung | {message.call_id})
            case Propose():
                return replace(facts, opened=facts.opened | {message.negotiation_id})
            case ProposeTrace():
                return replace(facts, opened=facts.opened | {message.review_id})
            case CallEnded():
                if message.call_id in facts.ended:
                    faults.append(f"3: call {message.call_id} has ended twice")
                return replace(facts, ended=facts.ended | {message.call_id})
            case NegotiationEnded():
                asked = (message.source, message.plan_id, message.responder)
                facts = self._close(facts, message.negotiation_id, faults)
                return replace(facts, asked=facts.asked | {asked})
            case ReviewEnded():
                return self._close(facts, message.review_id, faults)
            case Escalated():
                return _escalated(facts, message)
            case _:
                pass
        return self._at_desk(facts, message) if message.source == self._desk else facts

    def _close(self, facts: Facts, name: str, faults: list[str]) -> Facts:
        if name in facts.closed and name in facts.opened:
            faults.append(f"3: {name} has ended twice")
        return msgspec.structs.replace(facts, closed=facts.closed | {name})

    def _at_desk(self, facts: Facts, message: Message) -> Facts:
        replace = msgspec.structs.replace
        match message:
            case DecisionAwaited():
                asks_at = message.tier if message.plan_id is not None else None
                decision = Decision(message.negotiation_id, message.offer, message.officer_choice, asks_at)
                others = [each for each in facts.decisions if each.negotiation_id != message.negotiation_id]
                return replace(facts, decisions=(*others, decision))
            case Answer():
                return replace(_hung_up(facts, message.call_id), talking=_with(facts.talking, message.call_id))
            case Ring():
                return replace(facts, talking=_with(facts.talking, message.call_id))
            case HangUp() | Busy():
                return _hung_up(facts, message.call_id)
            case DeskLeft():
                return replace(facts, ringing=(), talking=(), decisions=())
            case _:
                return facts


def _with(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return names if name in names else (*names, name)


def _hung_up(facts: Facts, call_id: str) -> Facts:
    if call_id not in facts.ringing and call_id not in facts.talking:
        return facts
    return msgspec.structs.replace(
        facts,
        ringing=tuple(name for name in facts.ringing if name != call_id),
        talking=tuple(name for name in facts.talking if name != call_id),
    )


def _escalated(facts: Facts, event: Escalated) -> Facts:
    if event.kind is EscalationKind.CROSSING_WITHOUT_CONSENT:
        crossing = (event.source, event.about, event.peer)
        return msgspec.structs.replace(facts, crossed=facts.crossed | {crossing})
    if event.kind is EscalationKind.AGREEMENT_MISMATCH:
        return msgspec.structs.replace(facts, mismatch=True)
    return facts
