"""The lines of one desk: the calls in progress, one on each line and one with each peer at most."""

from typing import Final

from hotline_protocol.lifecycle import CallState
from hotline_protocol.line import OnCall

from .calls import Call
from .questions import Seated
from .state import DeskState


class Lines:
    """Calls in progress, in the order in which they began."""

    def __init__(self, number: int, seat: Seated) -> None:
        self._number: Final = number
        self._seat = seat
        self.state = DeskState()

    @property
    def calls(self) -> list[Call]:
        """Calls in progress."""
        return self.state.calls

    @property
    def first(self) -> Call | None:
        """The call that began first."""
        return self.calls[0] if self.calls else None

    @property
    def are_free(self) -> bool:
        """Whether one of them can be used: a person at the desk uses one at a time."""
        calls = self.state.calls
        return not calls or (len(calls) < self._number and not self._seat.has_one_ear)

    @property
    def engaged(self) -> tuple[str, ...]:
        """Peers with whom a call is in progress."""
        return tuple(call.peer for call in self.calls)

    @property
    def ringing_out(self) -> Call | None:
        """The call of ours that is not answered yet; of several, the one that rang first."""
        return next((call for call in self.calls if call.state is CallState.RINGING_OUT), None)

    def named(self, call_id: str) -> Call | None:
        """The call that has this id."""
        for call in self.state.calls:
            if call.id == call_id:
                return call
        return None

    def to(self, peer: str) -> Call | None:
        """The call with this peer."""
        for call in self.state.calls:
            if call.peer == peer:
                return call
        return None

    def of(self, message: OnCall) -> Call | None:
        """The call in which this was said."""
        call = self.named(message.call_id)
        return call if call is not None and call.peer == message.source else None
