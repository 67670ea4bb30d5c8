"""What we have to tell the other side that is no request for air: by phone, and by mail when that keeps failing."""

import heapq
from datetime import datetime
from typing import Final

import msgspec

from hotline_protocol.agreement import Agreement
from hotline_protocol.airspace import Position
from hotline_protocol.events import InputRejected
from hotline_protocol.flightplan import Problem
from hotline_protocol.injection import Advice, AdviceKind, ReportSighting, SightingKind
from hotline_protocol.line import Advise, Affirm, CallOutcome, Mail, MailRead, Noted, Protest, ReadBack, Reason, Tier

from .attention import Attention
from .calls import Call, Item
from .internal import (
    AdviceDue,
    CallLost,
    ItemDropped,
    ItemQueued,
    ItemTaken,
    ProtestDue,
    RelationFelt,
    RingFailed,
    WarningDue,
    WordsUnderstood,
)
from .state import TellingState, Untold
from .strain.felt import Felt
from .strain.relations import Relations
from .voice import Voice

CALLS_BEFORE_MAIL: Final = 2
MOST_UNTOLD: Final = 1_000
OF_INCIDENTS: Final = frozenset({Reason.INCIDENT, Reason.PROTEST})
REASONS: Final = {
    AdviceKind.STOP_REQUEST: Reason.INCIDENT,
    AdviceKind.WARNING: Reason.INCIDENT,
    AdviceKind.OPERATION: Reason.ADVICE,
    AdviceKind.INQUIRY: Reason.ADVICE,
}


class Telling:
    """Protests and advice, until they are understood: each is told in one call after another, and after two that came
    to nothing also by mail. What nobody is told any more, since it has come to its end or there is too much, is on
    record."""

    def __init__(self, agreement: Agreement, relations: Relations, attention: Attention, voice: Voice) -> None:
        self._tiers: Final = tuple(rule.tier for rule in agreement.tiers)
        self._relations = relations
        self._attention = attention
        self._voice = voice
        self.state = TellingState()

    @property
    def untold(self) -> dict[str, Untold]:
        """What is yet to be told, by reference."""
        return self.state.untold

    @property
    def next_deadline(self) -> datetime | None:
        """When the next advice comes to its end."""
        return self.state.ends[0][0] if self.state.ends else None

    def protest(self, due: ProtestDue) -> None:
        """Object to what has been seen."""
        self._add(due.sighting.id, due.sighting.by, due.reason, due.sighting, at_once=due.at_once)

    def advise(self, due: AdviceDue) -> None:
        """Pass advice on."""
        order = due.order
        self._add(order.id, order.peer, REASONS[order.advice.kind], order.advice, at_once=due.at_once)

    def warn(self, due: WarningDue) -> None:
        """Pass on what strain would have us warn of."""
        peer, warning = due.peer, due.warning
        self.state.warnings += 1
        ref = f"{self._voice.author.source}-{self._voice.author.epoch}-w{self.state.warnings}"
        self._add(ref, peer, REASONS[warning.kind], warning)

    def _add(
        self, ref: str, peer: str, reason: Reason, what: ReportSighting | Advice, *, at_once: bool = False
    ) -> None:
        now, tier = self._voice.now, self._speaker(peer, reason)
        advice = what if isinstance(what, Advice) else None
        sighting = what if isinstance(what, ReportSighting) else None
        untold = Untold(ref=ref, peer=peer, reason=reason, tier=tier, advice=advice, sighting=sighting)
        if untold.is_over(now):
            self._record_over(untold)
            return
        self.untold[ref] = untold
        if isinstance(what, Advice):
            heapq.heappush(self.state.ends, (what.end, ref))
            self._voice.reschedule(self)
        item = Item(ref=ref, peer=peer, reason=reason, tier=tier, queued_at=now, not_before=now)
        self._voice.tell(ItemQueued(item, at_once))
        if len(self.untold) > MOST_UNTOLD:
            self._make_room()

    def _speaker(self, peer: str, reason: Reason) -> Tier:
        """Who rings for this reason: about an incident, the more strained, the higher."""
        higher = self._relations.conduct(peer).tier if reason in OF_INCIDENTS else 0
        return self._tiers[min(higher, len(self._tiers) - 1)]

    def _make_room(self) -> None:
        """Let go of the oldest of the least urgent: whoever does not answer is not to fill this side's memory."""
        least = max(self.untold.values(), key=lambda untold: untold.reason.urgency)
        self._forget(least)
        self.state.ends = [(end, ref) for end, ref in self.state.ends if ref in self.untold]
        heapq.heapify(self.state.ends)
        self._voice.reschedule(self)
        self._record(least, "too-much-untold", "about", f"{MOST_UNTOLD} more urgent or newer ones are not yet told")

    # What no longer holds --------------------------------------------------------------------------------

    def lapse(self) -> None:
        """Let go of advice that has come to its end, unless it is just being told."""
        while self.state.ends and self.state.ends[0][0] <= self._voice.now:
            untold = self.untold.get(heapq.heappop(self.state.ends)[1])
            if untold is not None and not self._is_being_told(untold):
                self._forget(untold)
                self._record_over(untold)

    def _is_being_told(self, untold: Untold) -> bool:
        return any(call.current is not None and call.current.ref == untold.ref for call in self._voice.state.desk.calls)

    def _record_over(self, untold: Untold) -> None:
        self._record(untold, "advice-over", "advice.end", f"it ended before {untold.peer} could be told")

    def _record(self, untold: Untold, code: str, field: str, reason: str) -> None:
        topic, problem = type(untold.what).__name__, Problem(code=code, field=field, reason=reason)
        self._voice.say(InputRejected, topic=topic, problem=problem, evidence=untold.ref)

    # In a call -------------------------------------------------------------------------------------------

    def open(self, taken: ItemTaken) -> bool:
        """Say it in this call; False when there is nothing of that name to be told."""
        ref, call_id = taken.item.ref, taken.call.id
        untold = self.untold.get(ref)
        if untold is None:
            return False
        if untold.is_over(self._voice.now):
            del self.untold[ref]  # and the desk has already taken it up: there is nothing to take off it
            self._record_over(untold)
            return False
        what = untold.what
        if isinstance(what, Advice):
            said = self._voice.say(Advise, to=untold.peer, call_id=call_id, advice=what).id
        else:
            said = self._voice.say(
                Protest,
                to=untold.peer,
                call_id=call_id,
                kind=what.kind,
                at=what.at,
                seen_at=what.seen_at,
                statement=what.detail,
                operator=what.operator,
                callsign=what.callsign,
            ).id
        self.untold[ref] = msgspec.structs.replace(untold, said_as=said)
        return True

    def hear_read_back(self, words: WordsUnderstood[ReadBack]) -> None:
        """They say where they understand it to be: put it right, if we notice that it is wrong."""
        read_back, call = words.message, words.call
        untold = self._current(call)
        right = read_back.at if untold is None else untold.what.at
        noticed = read_back.at == right or self._attention.notices(read_back)
        at: Position = right if noticed else read_back.at
        self._voice.say(Affirm, to=call.peer, call_id=call.id, at=at, cause=read_back.id)

    def hear_noted(self, words: WordsUnderstood[Noted]) -> None:
        """They have understood what we are telling them."""
        noted, call = words.message, words.call
        untold = self._current(call)
        if untold is not None and noted.cause in (None, untold.said_as):
            self._understood(untold)

    def hear_mail_read(self, message: MailRead) -> None:
        """They have read what we had also written."""
        untold = self.untold.get(message.about)
        if untold is not None and untold.peer == message.source:
            self._understood(untold)

    def _current(self, call: Call) -> Untold | None:
        return self.untold.get(call.current.ref) if call.current is not None else None

    def _understood(self, untold: Untold) -> None:
        if isinstance(untold.what, ReportSighting):
            self._voice.tell(RelationFelt(Felt.PROTEST_NOTED, untold.peer))
        elif untold.what.kind is AdviceKind.STOP_REQUEST:
            self._voice.tell(RelationFelt(Felt.REQUEST_TAKEN, untold.peer))
        self._forget(untold)

    def _forget(self, untold: Untold) -> None:
        del self.untold[untold.ref]
        self._voice.tell(ItemDropped(untold.ref))

    # By mail ---------------------------------------------------------------------------------------------

    def note_lost(self, lost: CallLost) -> None:
        """A call in which it was for us to speak has come to nothing."""
        if lost.call.leads:
            self._note_failed(lost.call.peer, lost.call.tier)

    def note_unanswered(self, failed: RingFailed) -> None:
        """A ring has come to nothing."""
        if failed.outcome is CallOutcome.NO_ANSWER:
            self._note_failed(failed.call.peer, failed.call.tier)

    def _note_failed(self, peer: str, tier: Tier) -> None:
        """A call to this peer at this tier has come to nothing: what keeps failing is written to them, once, and still
        told."""
        for untold in [each for each in self.untold.values() if each.peer == peer and each.tier is tier]:
            if untold.is_over(self._voice.now):  # as when the end came while it was being told
                self._forget(untold)
                self._record_over(untold)
                continue
            failed = msgspec.structs.replace(untold, failed_calls=untold.failed_calls + 1)
            self.untold[untold.ref] = failed
            if failed.failed_calls == CALLS_BEFORE_MAIL:
                self._write(failed)

    def _write(self, untold: Untold) -> None:
        what, seen = untold.what, {}
        if isinstance(what, ReportSighting):
            seen = {"operator": what.operator, "callsign": what.callsign}
        advice, protests = self.in_writing(untold.ref)
        self._voice.say(Mail, to=untold.peer, about=untold.ref, advice=advice, protests=protests, **seen)

    def in_writing(self, ref: str) -> tuple[Advice | None, SightingKind | None]:
        """What is yet to be told under this reference, and against what it protests, if it does; None if nothing is."""
        match self.untold[ref].what if ref in self.untold else None:
            case ReportSighting(kind=kind, at=at, seen_at=seen_at, detail=detail):
                return Advice(kind=AdviceKind.INQUIRY, at=at, start=seen_at, end=seen_at, statement=detail), kind
            case advice:
                return advice, None
