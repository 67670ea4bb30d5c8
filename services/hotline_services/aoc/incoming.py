"""What rings at a desk: it is taken on a free line, waits until a line is free, or hears that the line is busy."""

from datetime import datetime, timedelta
from typing import Final

from hotline_protocol.agreement import Agreement
from hotline_protocol.lifecycle import CallState
from hotline_protocol.line import Answer, Busy, CallOutcome, HangUp, Ring

from .callers import Callers
from .calls import Call, Item, stands_before, urgency
from .duty import Presence
from .internal import CallGaveWay, RingPickedUp
from .lines import Lines
from .questions import LeaveRinging, PickUp, RingHeard, Seated, give
from .state import Caller, DeskState
from .voice import Voice
from .waiting import Waiting, calls_back


class Ringing:
    """A call that rings, with its ring, which has ``waited`` so long for a line: what is asked about.

    It is ``ordered`` to pick up, or not: what is said then comes of the order, and else of the ring.
    """

    def __init__(
        self, voice: Voice, call: Call, ring: Ring, *, waited: timedelta = timedelta(), ordered: bool = False
    ) -> None:
        self._voice: Final = voice
        self._call: Final = call
        self._ring: Final = ring
        self._waited: Final = waited
        self._ordered: Final = ordered

    def answer(self, answer: PickUp | LeaveRinging) -> None:
        """Pick up, or leave it: nor does anybody who takes over the seat pick it up then."""
        call = self._call
        if isinstance(answer, LeaveRinging):
            call.ring = None
        elif self._ordered:
            self._voice.tell(RingPickedUp(call, self._ring, None))
        else:
            in_s = max(answer.in_s - self._waited.total_seconds(), 0.0)
            self._voice.tell(RingPickedUp(call, self._ring, in_s))
            call.answer_at = call.thoughts[0][0] if call.thoughts else None


class Incoming:
    """Rings of peers. Among three parties and more a ring waits while every line is in use.

    A caller who has waited in vain is rung back when a line is free: nobody has to ring again and again.
    """

    def __init__(
        self,
        agreement: Agreement,
        lines: Lines,
        waiting: Waiting,
        seat: Seated,
        presence: Presence,
        voice: Voice,
    ) -> None:
        self.lets_wait: Final = len(agreement.parties) > 2
        self._ring_s: Final = timedelta(seconds=agreement.timing.ring_s)
        self._lines = lines
        self._waiting = waiting
        self._seat = seat
        self._presence = presence
        self._voice = voice
        self._callers = Callers(agreement.timing.ring_s)
        self._state = DeskState()

    def bind(self, state: DeskState) -> None:
        """What rings is part of what is on the desk."""
        self._state = self._callers.state = state

    @property
    def next_deadline(self) -> datetime | None:
        """When a caller has waited long enough, or is given way to."""
        if not self._state.callers:
            return None
        way_at = self._callers.give_way_at(self._lines.ringing_out, self._voice.now)
        return min(filter(None, (self._callers.next_deadline, way_at)), default=None)

    def is_stale(self, ring: Ring) -> bool:
        """Whether this is heard too late, or after its own hang-up."""
        return self._voice.now - ring.time > 2 * self._ring_s or self._state.is_past(ring)

    def hear(self, ring: Ring) -> None:
        """A peer rings us. One ring that is heard twice is one: if it has been answered, the answer is said again."""
        call = self._lines.of(ring)
        if call is not None and call.answered_at is not None and not call.outgoing:
            self._voice.say(Answer, to=call.peer, call_id=call.id, cause=ring.id)
        elif call is None and not self._callers.holds(ring):
            self._hear_new(ring)

    def _hear_new(self, ring: Ring) -> None:
        mine = self._lines.to(ring.source)
        if mine is not None and mine.state is CallState.RINGING_OUT and stands_before(ring, mine):
            self._voice.tell(CallGaveWay(mine))  # they have heard our ring, and know
            mine = None
        if mine is None and self._lines.are_free:
            self._take(ring)
        elif mine is None and self.lets_wait:
            self._have_wait(ring)
        else:
            self._say_busy(ring)

    def _take(self, ring: Ring, *, waited: timedelta = timedelta()) -> None:
        """Let this ring on a free line; it has ``waited`` for one so long."""
        now = self._voice.now
        call = Call(
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
            leads=calls_back(ring),
            cut_at=self._presence.next_break(now),
        )
        self._lines.calls.append(call)
        call.wait_until(now - waited + self._ring_s)
        self._ask(call, ring, waited)

    def _ask(self, call: Call, ring: Ring, waited: timedelta = timedelta()) -> None:
        """Ask whoever sits here when the phone is picked up."""
        self._seat.ask(self._question(ring, call.deadline), Ringing(self._voice, call, ring, waited=waited))

    def _question(self, ring: Ring, deadline: datetime) -> RingHeard:
        return RingHeard(now=self._voice.now, deadline=deadline, ring=ring)

    def open_questions(self) -> list[RingHeard]:
        """The rings that nobody has decided to pick up, or to leave."""
        rings = ((call.ring, call.deadline) for call in self._lines.calls if _is_open(call))
        return [self._question(ring, deadline) for ring, deadline in rings if ring is not None]

    def answer(self, call_id: str, answer: PickUp | LeaveRinging) -> str | None:
        """Answer the question whether this call is picked up; returns why that cannot be, or None."""
        call = self._lines.named(call_id)
        if call is None or call.state is not CallState.RINGING_IN:
            return f"call_id: {call_id} does not ring"
        if call.ring is None:  # it is left to ring: it may be left once more
            return None if isinstance(answer, LeaveRinging) else f"call_id: {call_id} does not ring"
        return give(
            self._question(call.ring, call.deadline), answer, Ringing(self._voice, call, call.ring, ordered=True)
        )

    def relieve(self) -> None:
        """Somebody else sits here now: what rings is theirs to pick up."""
        self._send_away(self._callers.all())
        for call in tuple(self._lines.calls):
            if call.state is CallState.RINGING_IN:
                call.thoughts = []
                call.answer_at = None
                if call.ring is not None:
                    self._ask(call, call.ring)

    # Callers who wait ------------------------------------------------------------------------------------

    def lapse(self) -> None:
        """Send away who has waited long enough, and give way to who goes before us."""
        if self._state.callers:
            self._send_away(self._callers.overdue(self._voice.now))
            self._give_way()

    def goes_before(self, item: Item) -> bool:
        """Whether somebody waits about nothing less urgent than this item."""
        caller = self._callers.first()
        return caller is not None and urgency(caller.ring) <= urgency(item)

    def take_waiting(self, due: Item | None) -> bool:
        """Take a ring that waits, unless ``due`` is more urgent; returns whether there was one."""
        caller = self._callers.first()
        if caller is not None and due is not None and urgency(due) < urgency(caller.ring):
            caller = self._callers.of(due.peer)
        if caller is None:
            return False
        self._callers.leave(caller.ring.source)
        if self._presence.circuit_up(self._voice.now):
            self._take(caller.ring, waited=self._voice.now - caller.since)
        else:
            self._ring_back(caller.ring)
        return True

    def hear_end(self, peer: str, call_id: str) -> None:
        """A call that is not in progress is over: if its ring has waited here, they are rung back."""
        self._state.forget(peer, call_id)
        caller = self._callers.of(peer)
        if caller is not None and caller.ring.call_id == call_id:
            self._callers.leave(peer)
            self._ring_back(caller.ring)

    def hear_given_up(self, call: Call, message: Busy | HangUp) -> None:
        """A call has ended: who gave up ringing just when we answered is rung back."""
        gave_up = isinstance(message, HangUp) and message.outcome is CallOutcome.NO_ANSWER
        if self.lets_wait and gave_up and call.ring is not None and call.answered_at is not None:
            self._ring_back(call.ring)

    def peer_lost(self, peer: str) -> None:
        """This peer has left the network."""
        self._callers.leave(peer)

    def _have_wait(self, ring: Ring) -> None:
        """Every line is in use: let this ring wait, or ring back where nobody would take it of themselves."""
        now = self._voice.now
        if isinstance(self._seat.answer(self._question(ring, now + self._ring_s)), PickUp):
            self._callers.add(ring, now)
            self._give_way()
        else:
            self._say_busy(ring)
            self._ring_back(ring)

    def _give_way(self) -> None:
        """Stop ringing when a ring that waits goes before ours."""
        mine, now = self._lines.ringing_out, self._voice.now
        at = self._callers.give_way_at(mine, now)
        if mine is not None and at is not None and at <= now:
            if self._presence.circuit_up(now):
                self._voice.say(HangUp, to=mine.peer, call_id=mine.id, outcome=CallOutcome.NO_ANSWER)
            self._voice.tell(CallGaveWay(mine))

    def _send_away(self, callers: list[Caller]) -> None:
        """These have waited long enough: the line is busy, and they are rung back when it is not."""
        for caller in callers:
            if self._presence.circuit_up(self._voice.now):
                self._say_busy(caller.ring)
            self._ring_back(caller.ring)

    def _ring_back(self, missed: Ring) -> None:
        """Ring when a line is free: about their call, or about what we have to say where they rang to hear that."""
        if calls_back(missed):
            self._waiting.meet(missed.source, missed.tier, self._voice.now, all_due=True)
        else:
            self._waiting.call_back(missed, self._voice.now)

    def _say_busy(self, ring: Ring) -> None:
        self._state.forget(ring.source, ring.call_id)
        self._voice.say(Busy, to=ring.source, call_id=ring.call_id, cause=ring.id)


def _is_open(call: Call) -> bool:
    return call.state is CallState.RINGING_IN and call.answer_at is None
