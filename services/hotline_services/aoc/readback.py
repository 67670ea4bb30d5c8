"""A place that is said may be heard wrong. Reading it back shows that, if who said it listens."""

from hotline_protocol.events import Misheard
from hotline_protocol.geodesy import position_at
from hotline_protocol.line import Advise, Affirm, Protest, ReadBack

from .attention import Attention
from .state import HeedingState, Slip, Understood
from .voice import Voice

Placed = Protest | Advise


class ReadBacks:
    """The hearing side's ear for places. One thing is read back at a time, since there is one call at a time."""

    def __init__(self, attention: Attention, voice: Voice) -> None:
        self._attention = attention
        self._voice = voice
        self.state = HeedingState()

    def hear(self, said: Placed) -> Understood | None:
        """What is understood of it; None when it is read back first."""
        right = said.at if isinstance(said, Protest) else said.advice.at
        slip = self._attention.slip(said)
        heard = right if slip is None else position_at(right, slip.bearing_deg, slip.error_nm)
        understood = Understood(said=said, at=heard)
        if self._attention.reads_back:
            self.state.read_back = (understood, slip)
            self._voice.say(ReadBack, to=said.source, call_id=said.call_id, at=heard, cause=said.id)
            return None
        self._record(understood, slip, caught=False)
        return understood

    def hear_affirm(self, affirm: Affirm) -> Understood | None:
        """What is understood once they have answered; None when nothing has been read back to them."""
        if self.state.read_back is None or self.state.read_back[0].said.call_id != affirm.call_id:
            return None
        understood, slip = self.state.read_back
        self.state.read_back = None
        self._record(understood, slip, caught=affirm.at != understood.at)
        return Understood(said=understood.said, at=affirm.at)

    def _record(self, understood: Understood, slip: Slip | None, *, caught: bool) -> None:
        if slip is not None:
            said = understood.said
            self._voice.say(
                Misheard,
                call_id=said.call_id,
                peer=said.source,
                error_nm=slip.error_nm,
                caught=caught,
                cause=said.id,
            )
