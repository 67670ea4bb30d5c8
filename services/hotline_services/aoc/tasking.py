"""What a side is told to do from outside: by an exercise, a program, or the person at the desk."""

from typing import Any, Final

from hotline_protocol.injection import (
    CancelPlan,
    ChangePlan,
    DeclareEmergency,
    Injected,
    PassAdvice,
    ReportSighting,
    SubmitPlan,
)
from hotline_protocol.line import Reason
from hotline_protocol.orders import LodgeProtest

from .internal import AdviceDue, ProtestDue, VersionFiled
from .manning import Manning
from .posture import Posture
from .questions import LetPass, MakeProtest, Seated, SightingMade
from .rejections import Rejections
from .voice import Voice


class Seen:
    """A sighting that is a ground for a protest."""

    def __init__(self, voice: Voice, sighting: ReportSighting, reason: Reason) -> None:
        self._voice: Final = voice
        self._sighting: Final = sighting
        self._reason: Final = reason

    def answer(self, answer: MakeProtest | LetPass) -> None:
        """Protest, or let it pass."""
        if isinstance(answer, MakeProtest):
            self._voice.tell(ProtestDue(self._sighting, self._reason))


class Tasking:
    """What is ordered beside plans: passed on to those whose business it is, or refused with the reason."""

    def __init__(
        self,
        posture: Posture,
        manning: Manning,
        rejections: Rejections,
        seat: Seated,
        voice: Voice,
    ) -> None:
        self._posture = posture
        self._manning = manning
        self._rejections = rejections
        self._seat = seat
        self._voice = voice

    def submit(self, order: SubmitPlan) -> None:
        """A plan of our own side, or another version of it, is filed."""
        self._voice.note(order.plan.plan_id, order.notes)
        self._voice.tell(VersionFiled(order.plan))

    def note(self, order: CancelPlan | ChangePlan | DeclareEmergency) -> None:
        """Keep what is to be added to the answer."""
        self._voice.note(order.plan_id, order.notes)

    def see(self, sighting: ReportSighting) -> None:
        """Something of another side's has been seen: put it on record, and protest if the officer will."""
        if self._posture.saw_third_party(sighting):
            return
        sighting = self._posture.answerable(sighting)
        if sighting.by not in self._rejections.peers:
            self._rejections.unknown_party(sighting, "by", sighting.by)
            return
        reason = self._posture.saw(sighting)
        if reason is not None:
            question = SightingMade(now=self._voice.now, sighting=sighting, reason=reason)
            self._seat.ask(question, Seen(self._voice, sighting, reason))

    def lodge(self, order: LodgeProtest) -> None:
        """As to what has been seen, but that it is for the person at the desk whether to protest."""
        peer = order.peer
        if not self._manning.admit(order):
            return
        if peer not in self._rejections.peers:
            self._rejections.unknown_party(order, "peer", peer)
            return
        seen: dict[str, Any] = {"kind": order.kind, "by": peer, "at": order.at, "seen_at": order.seen_at}
        envelope = {name: getattr(order, name) for name in Injected.__struct_fields__}
        sighting = ReportSighting(**envelope, **seen, detail=order.statement)
        self._voice.tell(ProtestDue(sighting, self._posture.saw(sighting) or Reason.PROTEST, at_once=True))

    def advise(self, order: PassAdvice) -> None:
        """Something is to be passed on to a peer."""
        if order.peer in self._rejections.peers:
            self._voice.tell(AdviceDue(order, at_once=self._voice.state.seat.lease is not None))
        else:
            self._rejections.unknown_party(order, "peer", order.peer)
