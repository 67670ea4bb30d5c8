"""What we have to tell the other side that is no request for air: by phone, and by mail when that keeps failing."""

from typing import Final

import msgspec

from hotline_protocol.airspace import Position
from hotline_protocol.injection import Advice, AdviceKind, PassAdvice, ReportSighting
from hotline_protocol.line import Advise, Affirm, Mail, MailRead, Noted, Protest, ReadBack, Reason

from .attention import Attention
from .calls import Call, Item
from .desk import Desk
from .posture import Posture
from .strain.felt import Felt
from .voice import Voice

CALLS_BEFORE_MAIL: Final = 2
REASONS: Final = {
    AdviceKind.STOP_REQUEST: Reason.INCIDENT,
    AdviceKind.WARNING: Reason.INCIDENT,
    AdviceKind.OPERATION: Reason.ADVICE,
    AdviceKind.INQUIRY: Reason.ADVICE,
}


class Untold(msgspec.Struct, kw_only=True):
    """Something that the other side has not yet said to have understood. ``said_as`` is the message that said it."""

    ref: str
    peer: str
    reason: Reason
    what: ReportSighting | Advice
    failed_calls: int = 0
    said_as: str = ""


class Telling:
    """Protests and advice, until they are understood: each is told in one call after another, and after two that came
    to nothing also by mail."""

    def __init__(self, posture: Posture, attention: Attention, desk: Desk, voice: Voice) -> None:
        self._posture = posture
        self._attention = attention
        self._desk = desk
        self._voice = voice
        self._warnings = 0
        self.untold: dict[str, Untold] = {}

    def protest(self, sighting: ReportSighting, reason: Reason) -> None:
        """Object to what has been seen."""
        self._add(Untold(ref=sighting.id, peer=sighting.by, reason=reason, what=sighting))

    def advise(self, order: PassAdvice) -> None:
        """Pass this on."""
        reason = REASONS[order.advice.kind]
        self._add(Untold(ref=order.id, peer=order.peer, reason=reason, what=order.advice))

    def warn(self, peer: str, warning: Advice) -> None:
        """Pass on what strain would have us warn of."""
        self._warnings += 1
        ref = f"{self._voice.author.source}-{self._voice.author.epoch}-w{self._warnings}"
        self._add(Untold(ref=ref, peer=peer, reason=REASONS[warning.kind], what=warning))

    def _add(self, untold: Untold) -> None:
        now = self._voice.now
        self.untold[untold.ref] = untold
        self._desk.enqueue(
            Item(
                ref=untold.ref,
                peer=untold.peer,
                reason=untold.reason,
                tier=self._posture.speaker(untold.peer, untold.reason),
                queued_at=now,
                not_before=now,
            )
        )

    def open(self, ref: str, call_id: str) -> bool:
        """Say it in this call; False when there is nothing of that name to be told."""
        untold = self.untold.get(ref)
        if untold is None:
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
        untold.said_as = said
        return True

    def hear_read_back(self, read_back: ReadBack, call: Call) -> None:
        """They say where they understand it to be: put it right, if we notice that it is wrong."""
        untold = self._current(call)
        right = read_back.at if untold is None else untold.what.at
        noticed = read_back.at == right or self._attention.notices(read_back)
        at: Position = right if noticed else read_back.at
        self._voice.say(Affirm, to=call.peer, call_id=call.id, at=at, cause=read_back.id)

    def hear_noted(self, noted: Noted, call: Call) -> None:
        """They have understood what we are telling them."""
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
            self._posture.feel(Felt.PROTEST_NOTED, untold.peer)
        elif untold.what.kind is AdviceKind.STOP_REQUEST:
            self._posture.feel(Felt.REQUEST_TAKEN, untold.peer)
        del self.untold[untold.ref]
        self._desk.dequeue(untold.ref)

    def call_failed(self, peer: str) -> None:
        """A call to this peer has come to nothing: what keeps failing is written to them, once, and still told."""
        for untold in self.untold.values():
            if untold.peer == peer:
                untold.failed_calls += 1
                if untold.failed_calls == CALLS_BEFORE_MAIL:
                    self._write(untold)

    def _write(self, untold: Untold) -> None:
        what = untold.what
        if isinstance(what, Advice):
            self._voice.say(Mail, to=untold.peer, about=untold.ref, advice=what)
            return
        seen = Advice(kind=AdviceKind.INQUIRY, at=what.at, start=what.seen_at, end=what.seen_at, statement=what.detail)
        self._voice.say(
            Mail,
            to=untold.peer,
            about=untold.ref,
            advice=seen,
            protests=what.kind,
            operator=what.operator,
            callsign=what.callsign,
        )
