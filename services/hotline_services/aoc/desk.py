"""The duty officer's desk: a call on each line, the others wait; who rings, who answers, what is talked about."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from hotline_protocol.agreement import Agreement
from hotline_protocol.events import CallEnded
from hotline_protocol.lifecycle import CALL, CallState, CallStep
from hotline_protocol.line import (
    Answer,
    Busy,
    CallOutcome,
    HangUp,
    OnCall,
    OnCallMessage,
    Reason,
    Ring,
)
from hotline_protocol.service import EpochBegun
from hotline_services.simulation.chance import Chance

from .calls import NEEDS_NO_THOUGHT, Call, Item, as_ended
from .duty import Presence
from .incoming import Incoming
from .internal import (
    CallAnswered,
    CallCompleted,
    CallGaveWay,
    CallLost,
    ItemDone,
    ItemDropped,
    ItemQueued,
    ItemTaken,
    LinesFree,
    PeerDown,
    PeerUp,
    RingFailed,
    RingPickedUp,
    WordsUnderstood,
)
from .lines import Lines
from .pauses import Pauses
from .questions import Seated
from .state import DeskState
from .voice import Voice
from .waiting import Waiting
from .waking import earlier

WORDS_AT_ONCE: Final = 64
NOTHING_BUT_TALK: Final = frozenset({Reason.LINE_CHECK, Reason.INCIDENT, Reason.PROTEST, Reason.ADVICE})


class Desk:
    """Rings, answers and hangs up. Items wait by tier and urgency, then by age, and share calls where they can.

    There is one call with a peer at most, and one on each line. Among three parties and more a ring waits while every
    line is in use; a caller who has waited in vain is rung back.
    """

    def __init__(
        self,
        party: str,
        agreement: Agreement,
        seat: Seated,
        presence: Presence,
        voice: Voice,
        chance: Chance = Chance(0),  # noqa: B008  it has no state
    ) -> None:
        self._party = party
        self._timing = agreement.timing
        self._seat = seat
        self._presence = presence
        self._voice = voice
        self._waiting = Waiting(presence)
        self._pauses = Pauses(party, agreement, chance)
        self.lines: Final = Lines(agreement.lines_of_each, seat)
        self.incoming: Final = Incoming(agreement, self.lines, self._waiting, seat, presence, voice)
        self._silence = timedelta(seconds=agreement.timing.silence_s)
        self._longest = timedelta(seconds=2 * agreement.timing.negotiation_s)
        self.state = DeskState()

    @property
    def state(self) -> DeskState:
        """What is on the desk."""
        return self._state

    @state.setter
    def state(self, state: DeskState) -> None:
        self._state = self._waiting.state = self._pauses.state = self.lines.state = state
        self.incoming.bind(state)

    @property
    def call(self) -> Call | None:
        """The call in progress; of several, the one that began first."""
        return self.lines.first

    @property
    def next_deadline(self) -> datetime | None:
        """When somebody will have thought, rung long enough, or waited long enough."""
        first = self.incoming.next_deadline if self.state.callers else None
        if self.state.waiting and self.lines.are_free:
            first = earlier(first, self._waiting.next_due(self._voice.now, self.lines.engaged))
        for call in self.lines.state.calls:
            first = earlier(first, call.wakes_at)
        return first

    @property
    def waiting(self) -> tuple[Item, ...]:
        """What is queued, most pressing first."""
        return tuple(self._waiting.items)

    def enqueue(self, queued: ItemQueued) -> None:
        """Have this talked over as soon as the line and its turn allow."""
        item = queued.item
        pause = self._pauses.before_first(item.peer, item.reason, item.not_before)
        self._waiting.add(msgspec.structs.replace(item, not_before=item.not_before + pause) if pause else item)
        if queued.at_once:
            self._bring_up(item)

    def _bring_up(self, item: Item) -> None:
        """Talk about this, which waits, now, if in a call that they lead, at its tier or above it, there is room."""
        call = self.lines.to(item.peer)
        is_open = call is not None and not call.leads and call.state is CallState.TALKING and call.current is None
        if call is not None and is_open and call.tier.rank >= item.tier.rank:
            self._take_up(item, call)

    def dequeue(self, dropped: ItemDropped) -> None:
        """This need not be talked over any more."""
        self._waiting.drop(dropped.ref)
        self.note_done(ItemDone(dropped.ref))

    def ring_if_free(self, _: LinesFree | None = None) -> None:
        """Take the rings that wait and ring about the most pressing items whose time has come, while a line is free."""
        while (self.state.waiting or self.state.callers) and self.lines.are_free:
            due = self._waiting.due(self._voice.now, self.lines.engaged)
            if not self.incoming.take_waiting(due):
                if due is None:
                    return
                self.ring(due)

    def ring(self, due: Item) -> None:
        """Ring about this, and whatever else can be talked over in the same call."""
        now = self._voice.now
        self.state.rung += 1
        about = [due] if due.calls_back else self._waiting.shared(due.peer, due.tier)
        call = Call(
            id=f"{self._party}-{self._voice.author.epoch}-c{self.state.rung}",
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
        self.lines.calls.append(call)
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

    def hear_ring(self, ring: Ring) -> None:
        """A peer rings."""
        if self.incoming.is_stale(ring):
            return
        if not self._presence.circuit_up(self._voice.now):
            self.state.forget(ring.source, ring.call_id)
            return
        self._pauses.peer_there(ring.source)
        self.incoming.hear(ring)

    def relieve(self) -> None:
        """Somebody else sits here now: what rings is theirs to pick up."""
        self.incoming.relieve()

    def hear_answer(self, answer: Answer) -> None:
        """Somebody takes our call."""
        call = self.lines.of(answer)
        if call is None:
            self._refuse_stale(answer)
            return
        if call.state is not CallState.RINGING_OUT:
            return
        call.state = CALL[(call.state, CallStep.HEAR_ANSWER)]
        call.answered_at = self._voice.now
        self._pauses.peer_there(call.peer)
        self._begin_talk(call)
        self._next_item(call)

    def _begin_talk(self, call: Call) -> None:
        """Both are there: whatever either has rung about in vain can be talked over."""
        self._heard_something(call)
        self._waiting.meet(call.peer, call.tier, self._voice.now, all_due=self.incoming.lets_wait)
        self._voice.tell(CallAnswered(call))

    def hear_end(self, message: Busy | HangUp) -> None:
        """A call is over, or nobody takes ours."""
        call = self.lines.of(message)
        if call is None:
            self.incoming.hear_end(message.source, message.call_id)
            return
        step, outcome = CallStep.HEAR_BUSY, CallOutcome.BUSY
        if isinstance(message, HangUp):
            # only the side that leads can know that all has been said; from the other a hang-up is a dropped call
            is_over = not call.leads and message.outcome is CallOutcome.COMPLETED
            step, outcome = CallStep.HEAR_HANG_UP, CallOutcome.COMPLETED if is_over else CallOutcome.DROPPED
        if (call.state, step) in CALL:
            self._end(call, step, outcome)
            self.incoming.hear_given_up(call, message)

    def pick_up(self, event: RingPickedUp) -> None:
        """Answer a call that rings, now or when the officer has got to the phone."""
        if event.in_s is None:
            self._answer(event.call, event.ring)
        else:
            self._think(event.call, event.ring, event.in_s)

    def give_way(self, event: CallGaveWay) -> None:
        """Stop ringing: another ring goes before ours."""
        self._end(event.call, CallStep.GIVE_WAY, CallOutcome.BUSY)

    def hear_words(self, message: OnCallMessage) -> None:
        """Something is said in a call."""
        call = self.lines.of(message)
        if call is None:
            self._refuse_stale(message)
            return
        if call.state is not CallState.TALKING:
            return
        if len(call.thoughts) >= WORDS_AT_ONCE:
            self.drop(call, CallStep.SAY_HANG_UP)  # nobody who waits for answers says so much
            return
        self._heard_something(call)
        self._think(call, message, 0.0 if isinstance(message, NEEDS_NO_THOUGHT) else self._seat.grasp_s(message))

    def _think(self, call: Call, message: OnCallMessage, seconds: float) -> None:
        """One thought of a call at a time, each after those before it."""
        start = call.thoughts[-1][0] if call.thoughts else self._voice.now
        understood_at = max(start, self._voice.now) + timedelta(seconds=seconds)
        call.thoughts.append((understood_at, message))
        self._finish_thoughts()

    def lapse(self) -> None:
        """Speak what has been thought about, give up what has rung or been silent too long, ring what is due."""
        self._finish_thoughts()
        for call in tuple(self.lines.calls):
            if call.state is CallState.ENDED or call.deadline > self._voice.now:
                continue
            if call.state is CallState.TALKING:
                self.drop(call, CallStep.SILENCE)
            else:
                self.ring_out(call)
        self.incoming.lapse()
        self.ring_if_free()

    def _thinking(self) -> Call | None:
        """The call of which something is understood next; what is heard in one is understood in order."""
        first = None
        for call in self.lines.state.calls:
            if call.thoughts and (first is None or call.thoughts[0][0] < first.thoughts[0][0]):
                first = call
        return first

    def _finish_thoughts(self) -> None:
        while (call := self._thinking()) is not None and call.thoughts[0][0] <= self._voice.now:
            _, message = call.thoughts.pop(0)
            self._voice.cause = message.id  # what follows in this turn comes of it, however long it was thought about
            if isinstance(message, Ring):
                self._answer(call, message)
            else:
                self._voice.tell_words(WordsUnderstood(message, call))

    def _answer(self, call: Call, ring: Ring) -> None:
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
        """Tell the peer that this call is over."""
        if self._presence.circuit_up(self._voice.now):  # else the other side notices by itself
            self._voice.say(HangUp, to=peer, call_id=call_id, outcome=outcome, cause=cause)

    def queue_again(self, over: CallCompleted | CallLost) -> None:
        """What was being said when the call ended is said again from the start in another: it was not heard out."""
        item = over.call.current
        if item is not None and item.reason in NOTHING_BUT_TALK:
            self.enqueue(ItemQueued(item))

    def greet(self, up: PeerUp) -> None:
        """The other side has joined the network."""
        self._pauses.peer_there(up.peer)

    def lose_state(self, _: EpochBegun) -> None:
        """State was lost: how the call in progress went on is not known."""
        if self.call is not None:
            self.lose_peer(PeerDown(self.call.peer))

    def lose_peer(self, down: PeerDown) -> None:
        """The other side has left the network: how a call with it goes on is not known."""
        self.incoming.peer_lost(down.peer)
        call = self.lines.to(down.peer)
        if call is not None:
            self.drop(call, CallStep.PEER_LOST)

    def note_done(self, done: ItemDone) -> None:
        """This item of the agenda has been dealt with: go on to the next, or hang up."""
        for call in tuple(self.lines.calls):
            if call.current is not None and call.current.ref == done.ref:
                call.current = None
                self._next_item(call)

    def _next_item(self, call: Call) -> None:
        if not call.leads or call.current is not None or call.state is not CallState.TALKING:
            return
        for item in self._waiting.shared(call.peer, call.tier):
            if call.has_talked and self.incoming.goes_before(item):
                break  # the rest is for another call
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
        if self._voice.tell(ItemTaken(item, call)):
            call.has_talked = True
            return True
        call.current = None
        return False

    def _end(self, call: Call, step: CallStep, outcome: CallOutcome) -> None:
        """This call is over: what it was about is done with, or waits for another."""
        before = call.state
        call.state = CALL[(call.state, step)]
        self.lines.calls.remove(call)
        self.state.forget(call.peer, call.id)
        if call.outgoing:
            self._voice.say(CallEnded, **as_ended(call, outcome, self._voice.now))
        if before is CallState.RINGING_IN and call.answer_at is not None and step is not CallStep.PEER_LOST:
            self._waiting.call_back(call.ring or call, max(call.answer_at, self._voice.now))
        if outcome is CallOutcome.COMPLETED:
            self._voice.tell(CallCompleted(call))
            return
        if before is CallState.TALKING:
            self._voice.tell(CallLost(call))
        elif call.outgoing:
            if outcome is CallOutcome.NO_ANSWER:
                self._pauses.rang_in_vain(call.peer)
            self._voice.tell(RingFailed(call, outcome))
        if call.outgoing or call.leads:
            self._redial(call, outcome)

    def _redial(self, call: Call, outcome: CallOutcome) -> None:
        """Whatever this call was, or was to be, about waits for a while; longer each time that nobody answers."""
        pause, urgent = self._pauses.before_next(
            call.peer, call.tier, self._voice.now, busy=outcome is CallOutcome.BUSY
        )
        self._waiting.defer(call, outcome, until=self._voice.now + pause, urgent_until=self._voice.now + urgent)

    def _heard_something(self, call: Call) -> None:
        """Silence begins anew; but who is never silent does not keep the line for ever either."""
        answered_at = call.answered_at or self._voice.now
        call.wait_until(min(self._voice.now + self._silence, answered_at + self._longest))

    def _refuse_stale(self, message: OnCall) -> None:
        """Words in a call that is over here: tell them so."""
        self.state.forget(message.source, message.call_id)
        self._hang_up(message.source, message.call_id, CallOutcome.DROPPED, message.id)
