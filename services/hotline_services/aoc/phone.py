"""The phone in the hands of the person at the desk."""

from typing import assert_never

from hotline_protocol.lifecycle import CallState, CallStep
from hotline_protocol.orders import AnswerRing, EndCall, LetRing, RingNow

from .desk import Desk
from .questions import LeaveRinging, PickUp

PhoneOrder = AnswerRing | LetRing | EndCall | RingNow


class Phone:
    """Carries out orders about calls, each of which names the call that it means."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def obey(self, order: PhoneOrder) -> str | None:
        """Why this order cannot be carried out ("field: reason"), or None when it has been."""
        match order:
            case AnswerRing():
                return self._desk.incoming.answer(order.call_id, PickUp())
            case LetRing():
                return self._desk.incoming.answer(order.call_id, LeaveRinging())
            case EndCall():
                return self._hang_up(order.call_id)
            case RingNow():
                return self._ring(order.peer)
            case _:
                assert_never(order)

    def _hang_up(self, call_id: str) -> str | None:
        call = self._desk.lines.named(call_id)
        if call is None:
            return f"call_id: {call_id} is not on the line"
        if call.state is CallState.RINGING_IN:
            return f"call_id: {call_id} rings here: it is answered, or let ring"
        if call.state is CallState.TALKING:
            self._desk.drop(call, CallStep.SAY_HANG_UP)
        else:
            self._desk.ring_out(call)
        return None

    def _ring(self, peer: str) -> str | None:
        """About the most pressing item for this peer, whether or not its time has come."""
        call = self._desk.lines.to(peer) or (None if self._desk.lines.are_free else self._desk.call)
        if call is not None:
            return f"peer: a call with {call.peer} is on the line"
        item = next((item for item in self._desk.waiting if item.peer == peer), None)
        if item is None:
            return f"peer: nothing waits to be talked over with {peer}"
        self._desk.ring(item)
        return None
