"""The duty officer's desk: one call at a time, the others wait; who rings, who answers, what is talked about."""

import random
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec

from hotline_protocol.agreement import Agreement
from hotline_protocol.events import CallEnded
from hotline_protocol.lifecycle import CALL, CallState, CallStep
from hotline_protocol.line import (
    Answer,
    Busy,
    CallOutcome,
    Concur,
    Decline,
    Expire,
    HangUp,
    LineChecked,
    Noted,
    OnCall,
    Reason,
    Ring,
    Tier,
    Withdraw,
)

from .config import Officer
from .voice import Voice

REMEMBERED_CALLS: Final = 1_000
NEEDS_NO_THOUGHT: Final = (Concur, Decline, Expire, Withdraw, Noted, LineChecked)


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be talked over with ``peer``: a negotiation, a line check or a protest, by its reference."""

    ref: str
    peer: str
    reason: Reason
    tier: Tier
    queued_at: datetime
    not_before: datetime


class Call(msgspec.Struct, kw_only=True):
    """A call as this desk sees it."""

    id: str
    peer: str
    outgoing: bool
    state: CallState
    reason: Reason
    tier: Tier
    queued_at: datetime
    rang_at: datetime
    answered_at: datetime | None = None
    current: Item | None = None
    about: tuple[str, ...] = ()
    deadline: datetime


class Talker(Protocol):
    """Who knows what the items on a call's agenda mean."""

    def open_item(self, item: Item, call: Call) -> bool:
        """Begin to talk about this; False when there is nothing left to say."""
        ...

    def hear_on_call(self, message: OnCall, call: Call) -> None:
        """Something said during a call, when it has been thought about."""
        ...

    def call_lost(self, call: Call) -> None:
        """The call was dropped with this under way."""
        ...

    def ring_failed(self, call: Call, outcome: CallOutcome) -> None:
        """Nobody took the call."""
        ...

    def call_answered(self, call: Call) -> None:
        """Somebody took the call."""
        ...


class Desk:
    """Rings, answers and hangs up. Items wait by tier and urgency, then by age, and share calls where they can."""

    def __init__(
        self, party: str, agreement: Agreement, officer: Officer, chance: random.Random, voice: Voice, talker: Talker
    ) -> None:
        self._party = party
        self._timing = agreement.timing
        self._officer = officer
        self._chance = chance
        self._voice = voice
        self._talker = talker
        self._queue: list[Item] = []
        self._thoughts: list[tuple[datetime, OnCall]] = []
        self._past: OrderedDict[str, None] = OrderedDict()
        self._count = 0
        self.call: Call | None = None

    @property
    def next_deadline(self) -> datetime | None:
        """When somebody will have thought, rung long enough, or waited long enough."""
        times = [at for at, _ in self._thoughts]
        if self.call is not None:
            times.append(self.call.deadline)
        else:
            times.extend(item.not_before for item in self._queue)
        return min(times, default=None)

    @property
    def waiting(self) -> tuple[Item, ...]:
        """What is queued, most pressing first."""
        return tuple(self._queue)

    def enqueue(self, item: Item) -> None:
        """Have this talked over as soon as the line and its turn allow."""
        self._queue.append(item)
        self._queue.sort(key=lambda i: (-i.tier.rank, i.reason.urgency, i.queued_at, i.ref))

    def dequeue(self, ref: str) -> None:
        """This need not be talked over any more."""
        self._queue = [item for item in self._queue if item.ref != ref]
        if self.call is not None and self.call.current is not None and self.call.current.ref == ref:
            self.item_done(ref)

    def ring_if_free(self) -> None:
        """Ring about the most pressing item whose time has come, if no call is in progress."""
        now = self._voice.now
        due = next((item for item in self._queue if item.not_before <= now), None)
        if self.call is not None or due is None:
            return
        self._count += 1
        about = tuple(item.ref for item in self._shared(due.peer, due.tier))
        self.call = Call(
            id=f"{self._party}-{self._voice.author.epoch}-c{self._count}",
            peer=due.peer,
            outgoing=True,
            state=CallState.RINGING_OUT,
            reason=due.reason,
            tier=due.tier,
            queued_at=due.queued_at,
            rang_at=now,
            about=about[:64],
            deadline=now + timedelta(seconds=self._timing.ring_s),
        )
        self._voice.say(
            Ring,
            to=due.peer,
            call_id=self.call.id,
            reason=due.reason,
            tier=due.tier,
            about=self.call.about,
        )

    def _shared(self, peer: str, tier: Tier) -> list[Item]:
        """Everything that can be talked over in one call at this tier."""
        return [item for item in self._queue if item.peer == peer and item.tier is tier]

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
                self._hear_end(message, CallStep.HEAR_HANG_UP, message.outcome)
            case _:
                self._hear_words(message)

    def _hear_ring(self, ring: Ring) -> None:
        now = self._voice.now
        if ring.call_id in self._past or now - ring.time > timedelta(seconds=2 * self._timing.ring_s):
            return
        mine = self.call
        if mine is not None and not self._gives_way(mine, ring):
            self._remember(ring.call_id)
            self._voice.say(Busy, to=ring.source, call_id=ring.call_id, cause=ring.id)
            return
        if mine is not None:
            self._end(mine, CallStep.GIVE_WAY, CallOutcome.BUSY)
        self.call = Call(
            id=ring.call_id,
            peer=ring.source,
            outgoing=False,
            state=CallState.RINGING_IN,
            reason=ring.reason,
            tier=ring.tier,
            queued_at=ring.time,
            rang_at=ring.time,
            about=ring.about,
            deadline=now + timedelta(seconds=self._timing.ring_s),
        )
        self._think(ring, self._officer.answer_s)

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
        self._heard_something(call)
        self._talker.call_answered(call)
        self._next_item(call)

    def _hear_end(self, message: Busy | HangUp, step: CallStep, outcome: CallOutcome) -> None:
        call = self._current(message)
        if call is None:
            self._remember(message.call_id)
        elif (call.state, step) in CALL:
            self._end(call, step, outcome)

    def _hear_words(self, message: OnCall) -> None:
        call = self._current(message)
        if call is None:
            self._refuse_stale(message)
            return
        if call.state is not CallState.TALKING:
            return
        self._heard_something(call)
        self._think(message, 0.0 if isinstance(message, NEEDS_NO_THOUGHT) else self._officer.think_s)

    def _think(self, message: OnCall, mean_s: float) -> None:
        """One thought at a time: half to one and a half times the mean, after those before it."""
        start = max((at for at, _ in self._thoughts), default=self._voice.now)
        spread = 0.5 + self._chance.random() if mean_s else 0.0
        self._thoughts.append((max(start, self._voice.now) + timedelta(seconds=mean_s * spread), message))
        self._finish_thoughts()

    def lapse(self) -> None:
        """Speak what has been thought about, give up what has rung or been silent too long, ring what is due."""
        self._finish_thoughts()
        call = self.call
        if call is not None and call.deadline <= self._voice.now:
            if call.state is CallState.TALKING:
                self.drop(call, CallStep.SILENCE)
            else:
                self._ring_out(call)
        self.ring_if_free()

    def _finish_thoughts(self) -> None:
        while self._thoughts and self._thoughts[0][0] <= self._voice.now:
            _, message = self._thoughts.pop(0)
            call = self._current(message)
            if call is None:
                continue
            if isinstance(message, Ring):
                self._answer(call, message)
            else:
                self._talker.hear_on_call(message, call)

    def _answer(self, call: Call, ring: Ring) -> None:
        call.state = CALL[(call.state, CallStep.SAY_ANSWER)]
        call.answered_at = self._voice.now
        self._heard_something(call)
        self._voice.say(Answer, to=call.peer, call_id=call.id, cause=ring.id)
        self._talker.call_answered(call)

    def _ring_out(self, call: Call) -> None:
        if call.outgoing:
            self._voice.say(HangUp, to=call.peer, call_id=call.id, outcome=CallOutcome.NO_ANSWER)
        self._end(call, CallStep.RING_OUT, CallOutcome.NO_ANSWER)

    def drop(self, call: Call, step: CallStep) -> None:
        """The other side has fallen silent or is gone."""
        self._voice.say(HangUp, to=call.peer, call_id=call.id, outcome=CallOutcome.DROPPED)
        self._end(call, step, CallOutcome.DROPPED)

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
        if not call.outgoing or call.current is not None or call.state is not CallState.TALKING:
            return
        for item in self._shared(call.peer, call.tier):
            self._queue.remove(item)
            call.current = item
            if item.ref not in call.about:
                call.about = (*call.about, item.ref)[:64]
            if self._talker.open_item(item, call):
                return
            call.current = None
        self._voice.say(HangUp, to=call.peer, call_id=call.id, outcome=CallOutcome.COMPLETED)
        self._end(call, CallStep.SAY_HANG_UP, CallOutcome.COMPLETED)

    def _end(self, call: Call, step: CallStep, outcome: CallOutcome) -> None:
        talking = call.state is CallState.TALKING
        call.state = CALL[(call.state, step)]
        self.call = None
        self._remember(call.id)
        self._thoughts = [(at, message) for at, message in self._thoughts if message.call_id != call.id]
        if call.outgoing:
            self._record(call, outcome)
        if talking and outcome is not CallOutcome.COMPLETED:
            self._talker.call_lost(call)
        elif not talking and call.outgoing:
            self._redial(call)
            self._talker.ring_failed(call, outcome)

    def _redial(self, call: Call) -> None:
        """Whatever this call was to be about waits for a while."""
        later = self._voice.now + timedelta(seconds=self._timing.redial_s)
        shared = self._shared(call.peer, call.tier)
        for item in shared:
            self._queue.remove(item)
        for item in shared:
            self.enqueue(msgspec.structs.replace(item, not_before=max(item.not_before, later)))

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
        call.deadline = self._voice.now + timedelta(seconds=self._timing.silence_s)

    def _refuse_stale(self, message: OnCall) -> None:
        """Words in a call that is over here: tell them so."""
        self._remember(message.call_id)
        self._voice.say(
            HangUp, to=message.source, call_id=message.call_id, outcome=CallOutcome.DROPPED, cause=message.id
        )

    def _remember(self, *call_ids: str) -> None:
        for call_id in call_ids:
            self._past[call_id] = None
        while len(self._past) > REMEMBERED_CALLS:
            self._past.popitem(last=False)

    def open_refs(self) -> Iterable[str]:
        """The call in progress, if any."""
        return (self.call.id,) if self.call is not None else ()
