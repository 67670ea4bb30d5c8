"""What a side is told to do from outside: by an exercise, a program, or the person at the desk."""

from typing import Any

from hotline_protocol.injection import (
    AnnounceLine,
    CancelPlan,
    ChangePlan,
    DeclareEmergency,
    FileMessage,
    Injected,
    PassAdvice,
    ReportSighting,
    SubmitPlan,
)
from hotline_protocol.line import Reason
from hotline_protocol.message import Message
from hotline_protocol.orders import AtDesk, LodgeProtest

from .changing import Changing
from .config import PartyConfig
from .consent import Consents
from .manning import Manning
from .posture import Posture
from .rejections import Rejections
from .telling import Telling
from .voice import Voice


class Tasking:
    """Passes each thing on to whose business it is, or says why it cannot be done."""

    def __init__(
        self,
        config: PartyConfig,
        consents: Consents,
        posture: Posture,
        telling: Telling,
        manning: Manning,
        rejections: Rejections,
        voice: Voice,
        changing: Changing,
    ) -> None:
        self._protests = config.posture.protests
        self._consents = consents
        self._posture = posture
        self._telling = telling
        self._manning = manning
        self._rejections = rejections
        self._voice = voice
        self._changing = changing

    def hear(self, message: Message) -> None:
        """Do this, if it is anything to be done."""
        match message:
            case SubmitPlan():
                self._voice.note(message.plan.plan_id, message.notes)
                self._consents.submit(message.plan)
            case CancelPlan():
                self._voice.note(message.plan_id, message.notes)
                self._consents.cancel(message)
            case ChangePlan():
                self._voice.note(message.plan_id, message.notes)
                self._changing.change(message)
            case FileMessage():
                self._changing.hear(message)
            case DeclareEmergency():
                self._voice.note(message.plan_id, message.notes)
                self._consents.emergency(message)
            case ReportSighting():
                self._saw(message)
            case AnnounceLine():
                self._posture.announce(message, self._rejections.peers)
            case PassAdvice():
                self._advise(message)
            case LodgeProtest():
                self._object(message)
            case AtDesk():
                self._manning.hear(message)
            case _:
                pass  # broadcasts of others: nothing for a centre to do

    def _saw(self, sighting: ReportSighting) -> None:
        if self._posture.saw_third_party(sighting):
            return
        sighting = self._posture.answerable(sighting)
        if sighting.by not in self._rejections.peers:
            self._rejections.unknown_party(sighting, "by", sighting.by)
            return
        reason = self._posture.saw(sighting)
        if reason is not None and self._protests:
            self._telling.protest(sighting, reason)

    def _object(self, order: LodgeProtest) -> None:
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
        self._telling.protest(sighting, self._posture.saw(sighting) or Reason.PROTEST, at_once=True)

    def _advise(self, order: PassAdvice) -> None:
        if order.peer in self._rejections.peers:
            self._telling.advise(order, at_once=self._manning.is_manned)
        else:
            self._rejections.unknown_party(order, "peer", order.peer)
