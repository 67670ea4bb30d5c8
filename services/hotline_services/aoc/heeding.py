"""What becomes of what we are told: it is recorded, and a request to stop is passed on to those who fly."""

import heapq
from datetime import datetime, timedelta
from typing import Final

import msgspec

from hotline_protocol.agreement import Agreement
from hotline_protocol.airspace import Circle, Position, Volume4D
from hotline_protocol.events import EscalationKind, InputRejected
from hotline_protocol.flightplan import Problem
from hotline_protocol.geometry import area_problem
from hotline_protocol.injection import Advice, AdviceKind, SightingKind
from hotline_protocol.line import Advise, Affirm, Mail, MailRead, Noted, Protest, Tier

from .attention import Attention
from .duty import Presence
from .internal import EscalationNoted, ProtestUnderstood, StopAsked, WordsUnderstood
from .picture import Picture
from .readback import Placed, ReadBacks
from .state import Advised, HeedingState, Objected, Order, Understood
from .uses import is_amendment
from .voice import Voice

MOST_UNREAD: Final = 1_000
REMEMBERED: Final = 1_000
HIGHEST_FT: Final = 60_000


class Heeding:
    """Protests and advice of the other side, by phone and by mail. What comes in both ways has one effect."""

    def __init__(
        self,
        party: str,
        agreement: Agreement,
        attention: Attention,
        presence: Presence,
        picture: Picture,
        voice: Voice,
    ) -> None:
        self._party = party
        self._tier: Final = agreement.tiers[0].tier
        self._late: Final = timedelta(minutes=agreement.notice.late_min)
        self._attention = attention
        self._presence = presence
        self._picture = picture
        self._voice = voice
        self._read_backs = ReadBacks(attention, voice)
        self.state = HeedingState()

    @property
    def state(self) -> HeedingState:
        """What is yet to be read, and to be passed on."""
        return self._state

    @state.setter
    def state(self, state: HeedingState) -> None:
        self._state = self._read_backs.state = state

    @property
    def next_deadline(self) -> datetime | None:
        """When an order reaches the aircraft, or somebody gets to the mail."""
        return min((heap[0][0] for heap in (self._state.orders, self._state.unread) if heap), default=None)

    # By phone --------------------------------------------------------------------------------------------

    def hear(self, words: WordsUnderstood[Placed]) -> None:
        """Somebody of the other side has said this."""
        understood = self._read_backs.hear(words.message)
        if understood is not None:
            self._understand(understood, words.call.tier)

    def hear_affirm(self, words: WordsUnderstood[Affirm]) -> None:
        """They have answered what we read back."""
        understood = self._read_backs.hear_affirm(words.message)
        if understood is not None:
            self._understand(understood, words.call.tier)

    def _understand(self, understood: Understood, tier: Tier) -> None:
        said = understood.said
        if isinstance(said, Protest):
            self._hear_objection(_spoken(said), understood.at)
        elif self._is_new(Advised(said.source, said.advice)):
            self._heed(said, msgspec.structs.replace(said.advice, at=understood.at), said.id, tier)
        self._voice.say(Noted, to=said.source, call_id=said.call_id, cause=said.id)

    # By mail ---------------------------------------------------------------------------------------------

    def hear_mail(self, mail: Mail) -> None:
        """It lies there until somebody who is there gets to it."""
        if len(self._state.unread) >= MOST_UNREAD:
            problem = Problem(code="too-much-mail", field="about", reason=f"{MOST_UNREAD} are not yet read")
            self._voice.say(InputRejected, topic="Mail", problem=problem, evidence=mail.id, sender=mail.source)
            return
        there_at = self._presence.back_at(self._tier, self._voice.now)
        if there_at is not None:  # else nobody will ever read it
            self._put_off(mail, there_at + timedelta(seconds=self._attention.mail_s(mail)))

    def _put_off(self, mail: Mail, until: datetime) -> None:
        self._state.count += 1
        heapq.heappush(self._state.unread, (until, self._state.count, mail))
        self._voice.reschedule(self)

    def _read_mail(self) -> None:
        now = self._voice.now
        while self._state.unread and self._state.unread[0][0] <= now:
            _, _, mail = heapq.heappop(self._state.unread)
            there_at = self._presence.back_at(self._tier, now)
            if there_at == now:
                self._read(mail)
            elif there_at is not None:
                self._put_off(mail, there_at)

    def _read(self, mail: Mail) -> None:
        self._voice.cause = mail.id
        advice, peer = mail.advice, mail.source
        if mail.protests is not None:
            self._hear_objection(_written(mail, mail.protests), advice.at)
        elif self._is_new(Advised(peer, advice)):
            self._heed(mail, advice, mail.about, self._tier)
        self._voice.say(MailRead, to=peer, about=mail.about, cause=mail.id)

    # What follows ----------------------------------------------------------------------------------------

    def _is_new(self, what: Advised | Objected) -> bool:
        """False for what has been told before, in another call or by mail, as far as we remember."""
        heeded = self._state.heeded
        if what in heeded:
            return False
        heeded.append(what)
        del heeded[:-REMEMBERED]
        return True

    def _hear_objection(self, to: ProtestUnderstood, at: Position) -> None:
        """``at`` is where it was understood to be."""
        if self._is_new(Objected(to.peer, to.kind, to.at, to.seen_at, to.statement)):
            self._voice.tell(msgspec.structs.replace(to, at=at))

    def _heed(self, said: Advise | Mail, advice: Advice, about: str, tier: Tier) -> None:
        now = self._voice.now
        match advice.kind:
            case AdviceKind.STOP_REQUEST:
                order = Order(peer=said.source, advice=advice, understood_at=now, cause=said.id)
                self._pass_on(order)
            case AdviceKind.WARNING:
                kind = EscalationKind.WARNING
                self._voice.tell(EscalationNoted(kind, said.source, about, advice.statement, tier, advice.at))
            case AdviceKind.OPERATION:
                if advice.start - now < self._late:
                    notice_min = (advice.start - now).total_seconds() / 60
                    detail = f"told {notice_min:.0f} min before it began" if notice_min > 0 else "told after it began"
                    self._voice.tell(EscalationNoted(EscalationKind.LATE_NOTICE, said.source, about, detail, tier))
            case AdviceKind.INQUIRY:
                pass  # it has been said: that is all that there is to an inquiry

    def _pass_on(self, order: Order) -> None:
        self._state.count += 1
        relayed_at = order.understood_at + timedelta(seconds=self._attention.relay_s(order.peer, order.understood_at))
        heapq.heappush(self._state.orders, (relayed_at, self._state.count, order))
        self._voice.reschedule(self)

    def lapse(self) -> None:
        """Read the mail that somebody has got to; stop what has been asked to stop."""
        self._read_mail()
        while self._state.orders and self._state.orders[0][0] <= self._voice.now:
            self._stop(heapq.heappop(self._state.orders)[2])

    def _stop(self, order: Order) -> None:
        """End what we fly where the request was understood to be. Where that is nothing, nothing ends."""
        self._voice.cause = order.cause
        self._voice.tell(StopAsked(order.peer, order.understood_at, tuple(self._flown_at(order.advice))))

    def _flown_at(self, advice: Advice) -> list[str]:
        """Our plans whose air, from now on, is near this place while the advice holds."""
        area = Circle(centre=advice.at, radius_nm=advice.radius_nm)
        start = max(advice.start, self._voice.now)
        if area_problem(area) is not None or advice.end <= start:
            return []
        there = Volume4D(area=area, lower_ft=0, upper_ft=HIGHEST_FT, start=start, end=advice.end)
        met = self._picture.met([there])
        return list(dict.fromkeys(use.ref for use in met if use.user == self._party and not is_amendment(use)))


def _spoken(protest: Protest) -> ProtestUnderstood:
    return ProtestUnderstood(
        peer=protest.source,
        about=protest.call_id,
        kind=protest.kind,
        at=protest.at,
        seen_at=protest.seen_at,
        statement=protest.statement,
        operator=protest.operator,
        callsign=protest.callsign,
    )


def _written(mail: Mail, kind: SightingKind) -> ProtestUnderstood:
    seen = mail.advice
    return ProtestUnderstood(
        peer=mail.source,
        about=mail.about,
        kind=kind,
        at=seen.at,
        seen_at=seen.start,
        statement=seen.statement,
        operator=mail.operator,
        callsign=mail.callsign,
    )
