"""The duty officer's desk: one call at a time, the others wait; who rings, who answers, what is talked about."""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final

from hotline_protocol.agreement import Agreement
from hotline_protocol.events import CallEnded
from hotline_protocol.lifecycle import CALL, CallState, CallStep
from hotline_protocol.line import (
    Affirm,
    Answer,
    Busy,
    CallOutcome,
    Concur,
    ConcurTrace,
    Decline,
    DeclineTrace,
    Expire,
    HangUp,
    LineChecked,
    Noted,
    OnCall,
    Ring,
    Withdraw,
)

from .calls import Call, Item, Talker
from .duty import Presence
from .officer import Officer
from .voice import Voice
from .waiting import CALL_BACK, Waiting

REMEMBERED_CALLS: Final = 1_000
WORDS_AT_ONCE: Final = 64
LONGEST_REDIAL: Final = 8
"""So many times the agreed pause lie between two rings at most, where nobody answers."""
NEEDS_NO_THOUGHT: Final = (Concur, Decline, Expire, Withdraw, ConcurTrace, DeclineTrace, Noted, Affirm, LineChecked)


class Desk:
    """Rings, answers and hangs up. Items wait by tier and urgency, then by age, and share calls where they can."""

    def __init__(
        self,
        party: str,
        agreement: Agreement,
        officer: Officer,
        presence: Presence,
        voice: Voice,
        talker: Talker,
    ) -> None:
        self._party = party
        self._timing = agreement.timing
        self._officer = officer
        self._presence = presence
        self._voice = voice
        self._talker = talker
        self._waiting = Waiting(presence)
        self._thoughts: list[tuple[datetime, OnCall]] = []
        self._past: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._longest = timedelta(seconds=2 * agreement.timing.negotiation_s)
        self._count = 0
        self._in_vain: dict[str, int] = {}
        self.call: Call | None = None

    @property
    def next_deadline(self) -> datetime | None:
        """When somebody will have thought, rung long enough, or waited long enough."""
        if self.call is None:
            return self._waiting.next_due(self._voice.now)
        return min(self.call.deadline, self._thoughts[0][0]) if self._thoughts else self.call.deadline

    @property
    def waiting(self) -> tuple[Item, ...]:
        """What is queued, most pressing first."""
        return tuple(self._waiting.items)

    def enqueue(self, item: Item) -> None:
        """Have this talked over as soon as the line and its turn allow."""
        self._waiting.add(item)

    def bring_up(self, item: Item) -> None:
        """Talk about this, which waits, now, if in a call that they lead, at its tier or above it, there is room."""
        call = self.call
        if call is None or call.leads or call.state is not CallState.TALKING or call.current is not None:
            return
        if call.peer == item.peer and call.tier.rank >= item.tier.rank:
            self._take_up(item, call)

    def dequeue(self, ref: str) -> None:
        """This need not be talked over any more."""
        self._waiting.drop(ref)
        if self.call is not None and self.call.current is not None and self.call.current.ref == ref:
            self.item_done(ref)

    def ring_if_free(self) -> None:
        """Ring about the most pressing item whose time has come, if no call is in progress."""
        while self.call is None and (due := self._waiting.due(self._voice.now)) is not None:
            self.ring(due)

    def ring(self, due: Item) -> None:
        """Ring about this, and whatever else can be talked over in the same call."""
        now = self._voice.now
        self._count += 1
        about = [due] if due.calls_back else self._waiting.shared(due.peer, due.tier)
        self.call = call = Call(
            id=f"{self._party}-{self._voice.author.epoch}-c{self._count}",
            peer=due.peer,
            outgoing=True,
            state=CallState.RINGING_OUT,
            reason=due.reason,
            tier=due.tier,
            queued_at=due.queued_at,
            rang_at=now,
            about=tuple(item.ref for item in about[:64]),
            deadline=now,
            leads=not due.calls_back,
            cut_at=self._presence.next_break(now),
        )
        if not self._presence.circuit_up(now):
            self._end(call, CallStep.RING_OUT, CallOutcome.NO_ANSWER)  # there is no tone
            return
        call.wait_until(now + timedelta(seconds=self._timing.ring_s))
        self._voice.say(
            Ring,
            to=due.peer,
            call_id=call.id,
            reason=due.reason,
            tier=due.tier,
            about=call.about,
        )

    def hear(self, message: OnCall) -> None:
        """Something came over the line: the phone itself at once, words after some thought."""
        match message:
            case Ring():
                self._hear_ring(message)
            case Answer():
                self._hear_answer(message)
            case Busy():
                self._hear_end(message, CallStep.HEAR_BUSY, CallOutcome.BUSY)
            case HangUp():
                self._hear_end(message, CallStep.HEAR_HANG_UP, self._ended_as(message))
            case _:
                self._hear_words(message)

    def _hear_ring(self, ring: Ring) -> None:
        now = self._voice.now
        if (ring.source, ring.call_id) in self._past or now - ring.time > timedelta(seconds=2 * self._timing.ring_s):
            return
        if not self._presence.circuit_up(now):
            self._remember(ring.source, ring.call_id)
            return
        self.peer_there(ring.source)
        mine = self.call
        if mine is not None and not self._gives_way(mine, ring):
            self._remember(ring.source, ring.call_id)
            self._voice.say(Busy, to=ring.source, call_id=ring.call_id, cause=ring.id)
            return
        if mine is not None:
            self._end(mine, CallStep.GIVE_WAY, CallOutcome.BUSY)
        self.call = call = Call(
            id=ring.call_id,
            peer=ring.source,
            outgoing=False,
            state=CallState.RINGING_IN,
            reason=ring.reason,
            tier=ring.tier,
            queued_at=ring.time,
            rang_at=ring.time,
            about=ring.about,
            deadline=now,
            ring=ring,
            leads=any(ref.startswith(CALL_BACK) for ref in ring.about),
            cut_at=self._presence.next_break(now),
        )
        call.wait_until(now + timedelta(seconds=self._timing.ring_s))
        self._have_picked_up(call)

    def _have_picked_up(self, call: Call) -> None:
        """Leave it to whoever sits here when the phone is picked up."""
        ring = call.ring
        seconds = None if ring is None else self._officer.picks_up_in_s(ring, self._voice.now)
        if ring is not None and seconds is not None:
            self._think(ring, seconds)
            call.answer_at = self._thoughts[0][0] if self._thoughts else None

    def relieve(self) -> None:
        """Somebody else sits here now: what rings is theirs to pick up."""
        call = self.call
        if call is not None and call.state is CallState.RINGING_IN:
            self._thoughts = []
            call.answer_at = None
            self._have_picked_up(call)

    @staticmethod
    def _gives_way(mine: Call, ring: Ring) -> bool:
        """Both sides have rung each other: the more urgent call stands, and of equals the lower id."""
        if mine.state is not CallState.RINGING_OUT or mine.peer != ring.source:
            return False
        theirs = (-ring.tier.rank, ring.reason.urgency, ring.call_id)
        return theirs < (-mine.tier.rank, mine.reason.urgency, mine.id)

    def _hear_answer(self, answer: Answer) -> None:
        call = self._current(answer)
        if call is None:
            self._refuse_stale(answer)
            return
        if call.state is not CallState.RINGING_OUT:
            return
        call.state = CALL[(call.state, CallStep.HEAR_ANSWER)]
        call.answered_at = self._voice.now
        self.peer_there(call.peer)
        self._begin_talk(call)
        self._next_item(call)

    def _begin_talk(self, call: Call) -> None:
        """Both are there: whatever either has rung about in vain can be talked over."""
        self._heard_something(call)
        self._waiting.meet(call.peer, call.tier, self._voice.now)
        self._talker.call_answered(call)

    def _hear_end(self, message: Busy | HangUp, step: CallStep, outcome: CallOutcome) -> None:
        call = self._current(message)
        if call is None:
            self._remember(message.source, message.call_id)
        elif (call.state, step) in CALL:
            self._end(call, step, outcome)

    def _ended_as(self, message: HangUp) -> CallOutcome:
        """Only the side that leads can know that all has been said; from the other a hang-up is a dropped call."""
        call = self._current(message)
        over = call is not None and not call.leads and message.outcome is CallOutcome.COMPLETED
        return CallOutcome.COMPLETED if over else CallOutcome.DROPPED

    def _hear_words(self, message: OnCall) -> None:
        call = self._current(message)
        if call is None:
            self._refuse_stale(message)
            return
        if call.state is not CallState.TALKING:
            return
        if len(self._thoughts) >= WORDS_AT_ONCE:
            self.drop(call, CallStep.SAY_HANG_UP)  # nobody who waits for answers says so much
            return
        self._heard_something(call)
        self._think(message, 0.0 if isinstance(message, NEEDS_NO_THOUGHT) else self._officer.grasp_s(message))

    def _think(self, message: OnCall, seconds: float) -> None:
        """One thought at a time, each after those before it."""
        start = self._thoughts[-1][0] if self._thoughts else self._voice.now
        self._thoughts.append((max(start, self._voice.now) + timedelta(seconds=seconds), message))
        self._finish_thoughts()

    def lapse(self) -> None:
        """Speak what has been thought about, give up what has rung or been silent too long, ring what is due."""
        self._finish_thoughts()
        call = self.call
        if call is not None and call.deadline <= self._voice.now:
            if call.state is CallState.TALKING:
                self.drop(call, CallStep.SILENCE)
            else:
                self.ring_out(call)
        self.ring_if_free()

    def _finish_thoughts(self) -> None:
        while self._thoughts and self._thoughts[0][0] <= self._voice.now:
            _, message = self._thoughts.pop(0)
            call = self._current(message)
            if call is None:
                continue
            self._voice.cause = message.id  # what follows in this turn comes of it, however long it was thought about
            if isinstance(message, Ring):
                self.answer(call, message)
            else:
                self._talker.hear_on_call(message, call)

    def answer(self, call: Call, ring: Ring) -> None:
        """Pick up."""
        call.state = CALL[(call.state, CallStep.SAY_ANSWER)]
        call.answered_at = self._voice.now
        self._voice.say(Answer, to=call.peer, call_id=call.id, cause=ring.id)
        self._begin_talk(call)
        self._next_item(call)

    def ring_out(self, call: Call) -> None:
        """It has rung long enough."""
        if call.outgoing:
            self._hang_up(call.peer, call.id, CallOutcome.NO_ANSWER)
        self._end(call, CallStep.RING_OUT, CallOutcome.NO_ANSWER)

    def drop(self, call: Call, step: CallStep) -> None:
        """The other side has fallen silent or is gone, or the circuit is."""
        self._hang_up(call.peer, call.id, CallOutcome.DROPPED)
        self._end(call, step, CallOutcome.DROPPED)

    def _hang_up(self, peer: str, call_id: str, outcome: CallOutcome, cause: str | None = None) -> None:
        if self._presence.circuit_up(self._voice.now):  # else the other side notices by itself
            self._voice.say(HangUp, to=peer, call_id=call_id, outcome=outcome, cause=cause)

    def peer_there(self, peer: str) -> None:
        """The other side has given a sign of life."""
        self._in_vain[peer] = 0

    def peer_lost(self, peer: str) -> None:
        """The other side has left the network."""
        if self.call is not None and self.call.peer == peer:
            self.drop(self.call, CallStep.PEER_LOST)

    def item_done(self, ref: str) -> None:
        """This item of the agenda has been dealt with: go on to the next, or hang up."""
        call = self.call
        if call is not None and call.current is not None and call.current.ref == ref:
            call.current = None
            self._next_item(call)

    def _next_item(self, call: Call) -> None:
        if not call.leads or call.current is not None or call.state is not CallState.TALKING:
            return
        for item in self._waiting.shared(call.peer, call.tier):
            if self._take_up(item, call):
                return
        self._voice.say(HangUp, to=call.peer, call_id=call.id, outcome=CallOutcome.COMPLETED)
        self._end(call, CallStep.SAY_HANG_UP, CallOutcome.COMPLETED)

    def _take_up(self, item: Item, call: Call) -> bool:
        """Begin to talk about this; returns whether there is anything to say."""
        self._waiting.take(item)
        call.current = item
        if item.ref not in call.about:
            call.about = (*call.about, item.ref)[:64]
        if self._talker.open_item(item, call):
            return True
        call.current = None
        return False

    def _end(self, call: Call, step: CallStep, outcome: CallOutcome) -> None:
        before = call.state
        call.state = CALL[(call.state, step)]
        self.call = None
        self._remember(call.peer, call.id)
        self._thoughts = [(at, message) for at, message in self._thoughts if message.call_id != call.id]
        if call.outgoing:
            self._record(call, outcome)
        if before is CallState.RINGING_IN and call.answer_at is not None and step is not CallStep.PEER_LOST:
            self._waiting.call_back(call, max(call.answer_at, self._voice.now))
        if outcome is CallOutcome.COMPLETED:
            self._talker.call_completed(call)
            return
        if before is CallState.TALKING:
            self._talker.call_lost(call)
        elif call.outgoing:
            self._in_vain[call.peer] = self._in_vain.get(call.peer, 0) + (outcome is CallOutcome.NO_ANSWER)
            self._talker.ring_failed(call, outcome)
        if call.outgoing or call.leads:
            self._redial(call, outcome)

    def _redial(self, call: Call, outcome: CallOutcome) -> None:
        """Whatever this call was, or was to be, about waits for a while; longer each time that nobody answers."""
        pause = timedelta(seconds=self._timing.redial_s)
        pauses = min(2 ** max(self._in_vain.get(call.peer, 0) - 1, 0), LONGEST_REDIAL)
        now = self._voice.now
        self._waiting.defer(call, outcome, until=now + pause * pauses, urgent_until=now + pause)

    def _record(self, call: Call, outcome: CallOutcome) -> None:
        self._voice.say(
            CallEnded,
            call_id=call.id,
            callee=call.peer,
            reason=call.reason,
            tier=call.tier,
            outcome=outcome,
            queued_at=call.queued_at,
            rang_at=call.rang_at,
            answered_at=call.answered_at,
            ended_at=self._voice.now,
            about=call.about,
        )

    def _current(self, message: OnCall) -> Call | None:
        call = self.call
        return call if call is not None and call.id == message.call_id and call.peer == message.source else None

    def _heard_something(self, call: Call) -> None:
        """Silence begins anew; but who is never silent does not keep the line for ever either."""
        answered_at = call.answered_at or self._voice.now
        call.wait_until(min(self._voice.now + timedelta(seconds=self._timing.silence_s), answered_at + self._longest))

    def _refuse_stale(self, message: OnCall) -> None:
        """Words in a call that is over here: tell them so."""
        self._remember(message.source, message.call_id)
        self._hang_up(message.source, message.call_id, CallOutcome.DROPPED, message.id)

    def _remember(self, peer: str, call_id: str) -> None:
        """This call with this peer is over: a ring for it that comes late is not taken."""
        self._past[peer, call_id] = None
        if len(self._past) > REMEMBERED_CALLS:
            self._past.popitem(last=False)
