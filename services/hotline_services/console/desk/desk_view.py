"""What is on the desk, as far as a console hears it: a fold of messages into the call, what is to be decided, the own
plans and the log. No I/O, no clock: whoever holds it says what time it is."""

from collections import deque
from datetime import datetime, timedelta
from typing import Final

import msgspec

from hotline_protocol.agreement import TierRule, Timing
from hotline_protocol.airspace import Volume4D
from hotline_protocol.events import InputRejected, NegotiationEnded, NegotiationOutcome, PlanStatus
from hotline_protocol.flightplan import OVER, PlanState
from hotline_protocol.geometry import expand
from hotline_protocol.injection import SubmitPlan
from hotline_protocol.ledger import Entry, EntryKind
from hotline_protocol.line import (
    Answer,
    Busy,
    Concur,
    Counter,
    Decline,
    Entered,
    Expire,
    HangUp,
    InNegotiation,
    OnCall,
    Ring,
    Tier,
    Withdraw,
)
from hotline_protocol.message import Message
from hotline_protocol.orders import (
    AnswersOffer,
    CallOnDesk,
    DecisionAwaited,
    DeskLeft,
    DeskTaken,
    OwnPlan,
    Sitting,
    Waiting,
)
from hotline_protocol.service import Health, Presence
from hotline_protocol.sky import Tracks
from hotline_protocol.words import Word
from hotline_services.monitor.dutylog import DutyLog
from hotline_services.monitor.wording import air, clock_time, duration, of_version, printable, words

from .air_view import Sky
from .call_subjects import Agenda
from .offer_sentences import grace, in_words, lapsed
from .spoken import spoken

LOG_LINES: Final = 500
REMEMBERED: Final = 5_000
AGREED: Final = frozenset({NegotiationOutcome.AGREED_AS_FILED, NegotiationOutcome.AGREED_WITH_CHANGES})


class Matter(Word):
    """What a notice is about."""

    DESK = "desk"
    RINGS = "rings"
    SAID = "said"
    CALL = "call"
    DECIDE = "decide"
    OUTCOME = "outcome"
    REFUSED = "refused"
    LOG = "log"


class Notice(msgspec.Struct, frozen=True):
    """Something that the person at the desk is to be told, in a sentence that cannot steer a terminal."""

    matter: Matter
    text: str


class DeskView:
    """One party's desk, in the eyes of the ``sitting`` that wants or has it."""

    def __init__(self, party: str, sitting: str, timing: Timing = Timing()) -> None:  # noqa: B008  frozen
        self.party: Final = party
        self.sitting: Final = sitting
        self.timing = timing
        self.offer_s = TierRule(tier=Tier.DUTY_OFFICER).offer_s
        self.holder: Sitting | None = None
        self.agreement = ""
        self.absent = False
        self.sky = Sky(party)
        self.cut_since: datetime | None = None
        self.call: CallOnDesk | None = None
        self.decisions: dict[str, DecisionAwaited] = {}
        self.plans: dict[str, OwnPlan] = {}
        self.waiting: tuple[Waiting, ...] = ()
        self._ordered: dict[str, DecisionAwaited] = {}
        self.log: deque[str] = deque(maxlen=LOG_LINES)
        self.agenda: Final = Agenda(party)
        self._duty_log = DutyLog()
        self._overseen_by = ""
        self._seen: dict[str, None] = {}

    @property
    def is_ours(self) -> bool:
        """Whether the desk is held in this sitting."""
        return self.holder is not None and self.holder.sitting == self.sitting

    @property
    def rings(self) -> bool:
        """Whether the phone rings here."""
        return self.call is not None and not self.call.talking and not self.call.ours

    def decision(self) -> DecisionAwaited | None:
        """What is to be decided first: the offer that lapses first."""
        return min(self.decisions.values(), key=lambda asked: asked.expires_at, default=None)

    def hear(self, message: Message) -> list[Notice]:
        """Take this in; returns what the person is to be told. What is heard twice, or later than it is worth, changes
        nothing."""
        if not self.is_new(message):
            return []
        self._remember(message)
        self.agenda.hear(message)
        line = self._duty_log.line(message)
        notices = self._fold(message)
        if line is not None and not isinstance(message, Health):
            self.log.append(line)
            notices.append(Notice(Matter.LOG, line))
        return notices

    def oversee(self, heard: Tracks | Health) -> None:
        """Where everything is that flies, as the sky says it; nothing is known once the sky has gone."""
        if isinstance(heard, Tracks):
            self.sky, self._overseen_by = Sky(self.party, heard.tracks, is_known=True), heard.source
        elif heard.source == self._overseen_by and heard.presence is Presence.DOWN:
            self.sky = Sky(self.party)

    def lapse(self, now: datetime) -> list[Notice]:
        """Take off the desk what time has taken off it."""
        late = [asked for asked in self.decisions.values() if asked.expires_at + grace(asked) < now]
        for asked in late:
            del self.decisions[asked.negotiation_id]
        return [_lapsed(asked) for asked in late]

    def is_new(self, message: Message) -> bool:
        """Whether it has not been heard yet."""
        return message.id not in self._seen

    def _remember(self, message: Message) -> None:
        self._seen[message.id] = None
        if len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]

    def _fold(self, message: Message) -> list[Notice]:
        match message:
            case InNegotiation():
                self._hear_something(message)
                return [*self._said(message), *self._negotiated(message)]
            case OnCall():
                return self._called(message)
            case DeskTaken(source=self.party) | DeskLeft(source=self.party) | DecisionAwaited(source=self.party):
                return self._desk(message)
            case SubmitPlan(plan=plan):
                self._plan(plan.plan_id, plan.callsign, PlanState.NEGOTIATING, tuple(expand(plan)))
            case PlanStatus(source=self.party):
                return self._status(message)
            case Entered() | NegotiationEnded():
                return self._agreed(message.entry) if isinstance(message, Entered) else self._ended(message)
            case AnswersOffer(sitting=self.sitting):
                self._answered(message)
            case InputRejected(source=self.party) if self.sitting in message.evidence:  # another may sit there as well
                return self._refused(message)
            case Health(source=self.party):
                return self._centre(message)
            case _:
                pass
        return []

    # The desk --------------------------------------------------------------------------------------------

    def _desk(self, message: DeskTaken | DeskLeft | DecisionAwaited) -> list[Notice]:
        match message:
            case DeskTaken():
                return self._taken(message)
            case DeskLeft():
                was_ours = self.is_ours
                self.holder = None
                self.decisions.clear()
                how = "You have left the desk" if was_ours else f"{message.by.operator} has left the desk"
                return [_notice(Matter.DESK, f"{how} ({words(message.how.value)}): the automatic officer decides.")]
            case DecisionAwaited():
                self.decisions[message.negotiation_id] = message
                return [_notice(Matter.DECIDE, in_words(message))]

    def _centre(self, health: Health) -> list[Notice]:
        """The centre is there, or is not: when it comes back it knows what was on the desk, and tells whoever asks."""
        before, self.absent = self.absent, health.presence is Presence.DOWN
        if before is self.absent:
            return []
        self.call = None
        self.decisions.clear()
        what = "has left the network" if self.absent else "is back"
        return [_notice(Matter.DESK, f"The centre of {self.party.upper()} {what}.")]

    def cut(self, now: datetime) -> list[Notice]:
        """Nothing is heard of the desk any more, nor can anything be ordered: the line to the broker is lost."""
        self.cut_since, self.sky = now, Sky(self.party)
        return [_notice(Matter.DESK, f"The line to the broker is lost since {clock_time(now, seconds=True)}.")]

    def mended(self, now: datetime, lease: timedelta) -> list[Notice]:
        """The line is back: what is on the desk by now is yet to be told, and so is who holds it."""
        away = now - (self.cut_since or now)
        self.cut_since, self.holder, self.call = None, None, None
        self.decisions.clear()
        told = [_notice(Matter.DESK, f"The line to the broker is back after {duration(away.total_seconds())}.")]
        if away > lease:
            told.append(
                _notice(Matter.DESK, "That was longer than the lease: the automatic officer has decided since.")
            )
        return told

    def _taken(self, taken: DeskTaken) -> list[Notice]:
        known = self.holder == taken.by
        self.holder, self.agreement = taken.by, taken.agreement
        self.call, self.waiting = taken.call, taken.waiting
        self.decisions.clear()
        self.plans = {plan.plan_id: plan for plan in taken.plans}
        if known:
            return []
        who = "You decide" if self.is_ours else f"{taken.by.operator} decides"
        notices = [_notice(Matter.DESK, f"{who} at the desk of {self.party.upper()}.")]
        if self.rings and self.call is not None:
            notices.append(self._ringing(self.call))
        return notices

    # Calls -----------------------------------------------------------------------------------------------

    def _called(self, message: OnCall) -> list[Notice]:
        match message:
            case Ring():
                return self._rung(message)
            case Answer() if self._is_current(message) and self.call is not None:
                self.call = msgspec.structs.replace(self.call, talking=True, until=message.time + self._silence)
                return [_notice(Matter.CALL, f"The call with {self.call.peer.upper()} has been answered.")]
            case Busy() | HangUp() if self._is_current(message):
                return self._over(message)
        self._hear_something(message)
        told = spoken(message, self._speaker if message.source == self.party else message.source.upper())
        return [_notice(Matter.SAID, told)] if told else []

    def _rung(self, ring: Ring) -> list[Notice]:
        ours = ring.source == self.party
        call = self.call
        if not ours and call is not None and (call.talking or call.peer != ring.source):
            return []  # the desk says that it is busy
        self.call = CallOnDesk(
            call_id=ring.call_id,
            peer=ring.to if ours else ring.source,
            ours=ours,
            talking=False,
            reason=ring.reason,
            tier=ring.tier,
            until=ring.time + timedelta(seconds=self.timing.ring_s),
            about=ring.about,
        )
        return [self._ringing(self.call)]

    def _ringing(self, call: CallOnDesk) -> Notice:
        who = f"Ringing {call.peer.upper()}" if call.ours else f"The phone rings: {call.peer.upper()}"
        manner = f"{words(call.reason.value)}, {words(call.tier.value)}"
        until = clock_time(call.until, seconds=True)
        matter = Matter.CALL if call.ours else Matter.RINGS
        return _notice(matter, f"{who}{self.agenda.about(call)} ({manner}); it rings until {until}.")

    def _over(self, message: Busy | HangUp) -> list[Notice]:
        call, self.call = self.call, None
        self.decisions = {name: asked for name, asked in self.decisions.items() if asked.call_id != message.call_id}
        self._ordered.clear()
        how = words(message.outcome.value) if isinstance(message, HangUp) else "busy"
        return [_notice(Matter.CALL, f"The call with {call.peer.upper() if call else '?'} is over: {how}.")]

    def _is_current(self, message: OnCall) -> bool:
        return self.call is not None and self.call.call_id == message.call_id

    def _hear_something(self, message: OnCall) -> None:
        """Silence begins anew."""
        if self._is_current(message) and self.call is not None and self.call.talking and message.to == self.party:
            self.call = msgspec.structs.replace(self.call, until=message.time + self._silence)

    @property
    def _silence(self) -> timedelta:
        return timedelta(seconds=self.timing.silence_s)

    # Negotiations ----------------------------------------------------------------------------------------

    def _said(self, message: InNegotiation) -> list[Notice]:
        """What either side has said to an offer; their own offers are laid before the person anyway."""
        ours = message.source == self.party
        match message:
            case Counter() if ours:
                what = f"countered: {self._duty_log.offer_named(message.offer)}"
            case Concur():
                what = f"concurred: {self._duty_log.offer_named(message.offer)}"
            case Decline():
                what = f"declined: {message.reason}" if message.reason else "declined"
            case _:
                return []
        return [_notice(Matter.SAID, f"{self._speaker if ours else message.source.upper()} {what}.")]

    @property
    def _speaker(self) -> str:
        if self.holder is None:
            return "The automatic officer"
        return "You" if self.is_ours else self.holder.operator

    def _agreed(self, entry: Entry) -> list[Notice]:
        if entry.kind is not EntryKind.GRANTED or self.party not in {entry.user, entry.granter}:
            return []
        offered = f"{self._duty_log.offer_named(entry.offer)}: " if entry.offer else ""
        whose = f"entry {entry.index} of {entry.granter.upper()}"
        return [_notice(Matter.OUTCOME, f"Agreed: {offered}{air(entry.volumes)}, {whose}.")]

    def _negotiated(self, message: InNegotiation) -> list[Notice]:
        """What was awaited has been said, or need not be any more."""
        asked = self.decisions.get(message.negotiation_id)
        if asked is None:
            return []
        ours = message.source == self.party
        match message:
            case Concur(offer=about) | Counter(answers=about) | Decline(answers=about) if ours:
                over = about == asked.offer
            case Expire(offer=about):
                over = about == asked.offer
            case _:
                over = isinstance(message, Withdraw)
        if not over:
            return []
        del self.decisions[message.negotiation_id]
        return [_lapsed(asked)] if isinstance(message, Expire) else []

    def _ended(self, ended: NegotiationEnded) -> list[Notice]:
        self.decisions.pop(ended.negotiation_id, None)
        took = duration((ended.time - ended.began_at).total_seconds())
        with_changes = f": {ended.sector}, {ended.block}, {ended.shift_min:+d} min" if ended.outcome in AGREED else ""
        return [
            _notice(Matter.OUTCOME, f"Your {ended.plan_id}: {words(ended.outcome.value)} after {took}{with_changes}.")
        ]

    def _answered(self, order: AnswersOffer) -> None:
        """The person has ordered what is to be said; it is off the desk unless that is refused."""
        asked = self.decisions.get(order.negotiation_id)
        if asked is not None and asked.offer == order.offer:
            self._ordered[order.id] = self.decisions.pop(order.negotiation_id)

    def _refused(self, refusal: InputRejected) -> list[Notice]:
        asked = self._ordered.pop(refusal.evidence, None)
        current = self.call is not None and asked is not None and asked.call_id == self.call.call_id
        if asked is not None and current:
            self.decisions.setdefault(asked.negotiation_id, asked)
        return [_notice(Matter.REFUSED, f"Refused: {refusal.problem.reason}.")]

    # Own plans -------------------------------------------------------------------------------------------

    def _status(self, status: PlanStatus) -> list[Notice]:
        problem = f": {status.problem.reason}" if status.problem else ""
        notice = _notice(
            Matter.OUTCOME, f"Own plan {status.plan_id} is {of_version(status, status.state.value)}{problem}."
        )
        if status.in_force is not msgspec.UNSET:
            return [notice]  # the plan stands as it was
        if status.state in OVER:
            self.plans.pop(status.plan_id, None)
        else:
            known = self.plans.get(status.plan_id)
            volumes = status.volumes or (known.volumes if known else ())
            self._plan(status.plan_id, status.callsign, status.state, volumes)
        return [notice]

    def _plan(self, plan_id: str, callsign: str, state: PlanState, volumes: tuple[Volume4D, ...]) -> None:
        self.plans[plan_id] = OwnPlan(plan_id=plan_id, callsign=callsign, state=state, volumes=volumes)


def _lapsed(asked: DecisionAwaited) -> Notice:
    return _notice(Matter.OUTCOME, lapsed(asked))


def _notice(matter: Matter, text: str) -> Notice:
    return Notice(matter, printable(text[:1].upper() + text[1:]))
