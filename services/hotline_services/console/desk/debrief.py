"""What one side did at its desk, folded from what was said: calls, decisions, agreements, strain. It judges nothing."""

from collections import Counter as Tally
from datetime import datetime
from typing import Any, Final

from hotline_protocol.events import CallEnded, Escalated, InputRejected, NegotiationEnded
from hotline_protocol.ledger import EntryKind
from hotline_protocol.line import (
    Answer,
    Busy,
    CallOutcome,
    Concur,
    Counter,
    Decline,
    Entered,
    Expire,
    HangUp,
    InNegotiation,
    Lapsed,
    Ring,
)
from hotline_protocol.menu import Choice
from hotline_protocol.message import Message
from hotline_protocol.orders import AnswersOffer, CallOnDesk, DecisionAwaited, DeskLeft, DeskTaken
from hotline_services.monitor import desklog, logtext
from hotline_services.monitor.wording import air, offer

from .debrief_report import AfterAction, Agreed, CallMade, Decision, Ending, OwnTalk, SatThere

OfferMade = tuple[str, int]
"""An offer's digest and round: the same offer may come again in a later round, to be decided once more."""


class Debrief:
    """Folds what was said, in about the order in which it was, into an :class:`AfterAction` of ``party``.

    With the name of a ``sitting`` it takes in only what was said while that person had the desk, and could be heard
    there: then a console and a monitor's record come to the same.
    """

    def __init__(self, party: str, sitting: str | None = None) -> None:
        self.party: Final = party
        self.sitting: Final = sitting
        self._is_seated = False
        self._times_cut = 0
        self._period: tuple[datetime, datetime] | None = None
        self._sittings: dict[str, SatThere] = {}
        self._calls: dict[str, CallMade] = {}
        self._decisions: dict[OfferMade, Decision] = {}
        self._cases: dict[OfferMade, DecisionAwaited] = {}
        self._agreements: dict[str, Agreed] = {}
        self._talks: dict[str, OwnTalk] = {}
        self._orders: dict[str, AnswersOffer] = {}
        self._refused: dict[str, str] = {}
        self._by_us: Tally[str] = Tally()
        self._by_others: Tally[str] = Tally()
        self._offers_lapsed: set[str] = set()
        self._holds_lapsed: set[str] = set()

    def hear(self, message: Message, at: datetime) -> None:
        """Take this in, each message once."""
        if self.sitting is not None:
            if not self._is_at_desk(message, self.sitting):
                return
            at = message.time  # when it was heard differs from one who hears it to another
        first, last = self._period or (at, at)
        self._period = (min(first, at), max(last, at))
        match message:
            case DeskTaken(source=self.party) | DeskLeft(source=self.party):
                self._sat(message)
            case Ring() | Answer() | Busy() | HangUp() | CallEnded():
                self._called(message)
            case DecisionAwaited(source=self.party):
                self._laid(message)
            case AnswersOffer(to=self.party) | InputRejected(source=self.party):
                self._ordered(message)
            case InNegotiation() if self.party in {message.source, message.to}:
                self._negotiated(message)
            case Entered() | Lapsed() | NegotiationEnded():
                self._concluded(message)
            case Escalated(source=self.party):
                self._by_us[message.kind.value] += 1
            case Escalated(peer=self.party):
                self._by_others[message.kind.value] += 1
            case _:
                pass

    def lose_line(self) -> None:
        """The line to the broker is lost: what is said until it is back is not heard."""
        self._times_cut += self._is_seated

    def _is_at_desk(self, message: Message, sitting: str) -> bool:
        """Whether this could be heard at the desk, while it was that person's; note when it comes to be, and ends."""
        was_seated = self._is_seated
        if isinstance(message, DeskTaken | DeskLeft) and (message.source, message.by.sitting) == (self.party, sitting):
            self._is_seated = isinstance(message, DeskTaken)
            return was_seated or self._is_seated
        return was_seated and self.party in {message.source, getattr(message, "to", None)}

    def report(self) -> AfterAction:
        """What has come of it so far."""
        began, ended = self._period or (None, None)
        return AfterAction(
            party=self.party,
            sitting=self.sitting,
            began_at=began,
            ended_at=ended,
            sittings=tuple(self._sittings.values()),
            calls=tuple(self._calls.values()),
            decisions=tuple(self._decisions.values()),
            agreements=tuple(self._agreements.values()),
            talks=tuple(self._talks.values()),
            escalations_by_us=dict(sorted(self._by_us.items())),
            escalations_by_others=dict(sorted(self._by_others.items())) if self.sitting is None else None,
            offers_lapsed=len(self._offers_lapsed),
            holds_lapsed=len(self._holds_lapsed),
            orders_refused=tuple(self._refused.values()),
            times_cut=self._times_cut,
        )

    def _sat(self, message: DeskTaken | DeskLeft) -> None:
        name = message.by.sitting
        if isinstance(message, DeskTaken):
            self._sittings.setdefault(name, SatThere(sitting=name, operator=message.by.operator, taken_at=message.time))
            if message.call is not None:
                self._found(message.time, message.call)
        elif name in self._sittings:
            self._sittings[name].left_at, self._sittings[name].how = message.time, message.how

    # Calls -----------------------------------------------------------------------------------------------

    def _called(self, message: Ring | Answer | Busy | HangUp | CallEnded) -> None:
        if isinstance(message, Ring):
            self._rung(message)
            return
        if isinstance(message, Busy | HangUp):
            self._leave_undecided(message.call_id)
        call = self._calls.get(message.call_id)
        if call is None:  # it rang before anybody listened here
            return
        match message:
            case Answer():
                call.answered_at = message.time
            case Busy():
                self._over(call, message.time, CallOutcome.BUSY)
            case HangUp():
                self._over(call, message.time, message.outcome)
            case CallEnded():
                call.outcome, call.ended_at = message.outcome, message.ended_at

    def _rung(self, ring: Ring) -> None:
        if self.party not in {ring.source, ring.to}:
            return
        ours = ring.source == self.party
        peer = ring.to if ours else ring.source
        self._calls.setdefault(ring.call_id, _call(ring, peer=peer, ours=ours, rang_at=ring.time))

    def _found(self, at: datetime, call: CallOnDesk) -> None:
        """Whoever sat down found this call ringing, or up; where its ring was heard, nothing is new."""
        answered_at = at if call.talking else None
        found = _call(call, peer=call.peer, ours=call.ours, rang_at=at, answered_at=answered_at, under_way=True)
        self._calls.setdefault(call.call_id, found)

    def _over(self, call: CallMade, at: datetime, outcome: CallOutcome) -> None:
        if call.ended_at is None:
            call.ended_at, call.outcome = at, outcome

    def _leave_undecided(self, call_id: str) -> None:
        for made, case in self._cases.items():
            decision = self._decisions[made]
            if case.call_id == call_id and decision.ending is Ending.OPEN:
                decision.ending = Ending.CALL_OVER

    # Decisions -------------------------------------------------------------------------------------------

    def _laid(self, asked: DecisionAwaited) -> None:
        made = (asked.offer, asked.round)
        if made in self._cases:  # the desk has told again what is on it
            return
        self._cases[made] = asked
        officer_said = offer(asked.menu, asked.officer_choice) if asked.officer_choice is not None else ""
        self._decisions[made] = Decision(
            negotiation_id=asked.negotiation_id,
            peer=asked.peer,
            plan_id=asked.plan_id,
            tier=asked.tier,
            laid_at=asked.time,
            offered=offer(asked.menu, asked.choice),
            worth=_worth(asked, asked.choice),
            walk_away=asked.walk_away,
            officer=asked.officer,
            officer_said=officer_said,
        )

    def _ordered(self, message: AnswersOffer | InputRejected) -> None:
        if isinstance(message, AnswersOffer):
            self._orders[message.id] = message
        elif message.evidence in self._orders:
            order = self._orders[message.evidence]
            case = next((case for case in self._cases.values() if case.negotiation_id == order.negotiation_id), None)
            what = logtext.text(desklog.answer(order, case.menu if case else None))
            self._refused[message.evidence] = f"{what}: {message.problem.reason}"

    def _negotiated(self, message: InNegotiation) -> None:
        ours = message.source == self.party
        match message:
            case Expire(offer=digest):
                self._offers_lapsed.add(digest)
                self._end(digest, Ending.LAPSED, message)
            case Concur(offer=digest) if ours:
                self._end(digest, Ending.CONCUR, message)
            case Decline(answers=digest) if ours:
                self._end(digest, Ending.DECLINE, message)
            case Counter(answers=digest) if ours:
                self._end(digest, Ending.COUNTER, message)

    def _end(self, digest: str, ending: Ending, message: InNegotiation) -> None:
        made = self._made(digest, message.time)
        if made is None:
            return
        decision, case = self._decisions[made], self._cases[made]
        said = decision.answered_at is not None
        if said or (ending is Ending.LAPSED and decision.ending is not Ending.OPEN):
            return  # what was said stands, though its offer may have lapsed meanwhile
        decision.ending = ending
        decision.by_order = message.cause in self._orders
        if ending is not Ending.LAPSED:
            decision.answered_at = message.time
        if isinstance(message, Counter):
            decision.said, decision.said_worth = offer(case.menu, message.choice), _worth(case, message.choice)

    def _made(self, digest: str, by: datetime) -> OfferMade | None:
        """The last time by then that this offer was laid before the person, or the first time if it was by no clock."""
        laid = [made for made in self._cases if made[0] == digest]
        return max((made for made in laid if self._cases[made].time <= by), key=_round, default=min(laid, default=None))

    # What came of it -------------------------------------------------------------------------------------

    def _concluded(self, message: Entered | Lapsed | NegotiationEnded) -> None:
        match message:
            case Entered():
                self._entered(message)
            case Lapsed() if self.party in {message.source, message.to}:
                self._holds_lapsed.add(message.offer)
            case NegotiationEnded(source=self.party):
                self._talks[message.negotiation_id] = OwnTalk(
                    negotiation_id=message.negotiation_id,
                    plan_id=message.plan_id,
                    peer=message.responder,
                    outcome=message.outcome.value,
                    tier=message.tier,
                    rounds=message.rounds,
                    took_s=(message.time - message.began_at).total_seconds(),
                    sector=message.sector,
                    block=message.block,
                    shift_min=message.shift_min,
                )
            case _:
                pass

    def _entered(self, message: Entered) -> None:
        entry = message.entry
        if entry.kind is not EntryKind.GRANTED or self.party not in {entry.user, entry.granter}:
            return
        ours = entry.user == self.party
        worth, best = self._worth_of(entry.agreement_id, entry.volumes)
        self._agreements[entry.agreement_id] = Agreed(
            agreement_id=entry.agreement_id,
            peer=entry.granter if ours else entry.user,
            ours=ours,
            at=entry.entered_at,
            air=air(entry.volumes),
            worth=worth,
            best=best,
        )

    def _worth_of(self, agreement_id: str, volumes: object) -> tuple[float | None, float | None]:
        """What the agreed outcome is worth to us, and the best of the same menu, if a person has seen the menu."""
        for case in reversed(self._cases.values()):
            if agreement_id.startswith(f"{case.negotiation_id}."):
                menu = case.menu
                for outcome in range(menu.size):
                    if menu.volumes(menu.choice(outcome)) == volumes:
                        return case.worth[outcome], max(case.worth)
        return None, None


def _call(rung: Ring | CallOnDesk, **known: Any) -> CallMade:
    return CallMade(call_id=rung.call_id, reason=rung.reason, tier=rung.tier, **known)


def _round(made: OfferMade) -> int:
    return made[1]


def _worth(asked: DecisionAwaited, choice: Choice) -> float:
    return asked.worth[asked.menu.outcome(choice)]
