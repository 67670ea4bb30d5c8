"""An officer is asked and answers through one interface: the automatic officer, a person, and one of one's own."""

import math
from collections.abc import Callable
from typing import Any, get_args

import msgspec
import pytest

from hotline_protocol.agreement import TierRule
from hotline_protocol.injection import ReportSighting, SightingKind
from hotline_protocol.line import Answer as Answered
from hotline_protocol.line import Concur, Counter, CounterTrace, Decline, Protest, Ring, Tier
from hotline_protocol.orders import (
    AcceptOffer,
    AnswerRing,
    AnswersOffer,
    AtDesk,
    CounterOffer,
    DecisionAwaited,
    DeclineOffer,
    LeaveDesk,
    LetRing,
)
from hotline_services.aoc import questions
from hotline_services.aoc.config import Costs
from hotline_services.aoc.granter import TheirRequest
from hotline_services.aoc.negotiation import Accept, GiveUp, Offer, Reply, Response
from hotline_services.aoc.officer import OwnOfficer
from hotline_services.aoc.questions import (
    ANSWERS,
    Answer,
    LeaveRinging,
    LetPass,
    MakeProtest,
    OfferMade,
    PickUp,
    Question,
    RingHeard,
    SightingMade,
    TraceOffered,
)
from hotline_services.aoc.seat import ORDERS, UnfitAnswerError

from .joined import ON_THE_LINE, PROMPT, Joined, agreement, config, plan
from .manned import Manned
from .review_world import rules, side

POINTS = 7
"""Control points of the line."""
KINDS: tuple[type[Question], ...] = get_args(Question)
Given = list[tuple[Question, Answer]]
Scene = Callable[[Joined], None]


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Given:
    """The questions at the desk of ``ru`` that are answered from now on, and how: whatever takes effect passes here."""
    taken: Given = []
    fault_of = questions.fault_of

    def noted(question: Question, answer: Answer) -> str | None:
        if is_for_ru(question):
            taken.append((question, answer))
        return fault_of(question, answer)

    monkeypatch.setattr(questions, "fault_of", noted)
    return taken


def is_for_ru(question: Question) -> bool:
    match question:
        case RingHeard(ring=ring):
            return ring.to == "ru"
        case OfferMade(request=request):
            return isinstance(request, TheirRequest)
        case TraceOffered(sign=sign):
            return sign == -1  # they hold the left of the line
        case SightingMade(sighting=sighting):
            return sighting.to == "ru"


def a_flight_is_asked_for(world: Joined) -> None:
    world.file("us", plan("near"))


def a_review_is_due(world: Joined) -> None:
    world.run(minutes=130)


def a_show_of_force_is_seen(world: Joined) -> None:
    world.tell("ru", ReportSighting, kind=SightingKind.SHOW_OF_FORCE, by="us", at=ON_THE_LINE, seen_at=world.now)


SCENES: dict[type[Question], Scene] = {
    RingHeard: a_flight_is_asked_for,
    OfferMade: a_flight_is_asked_for,
    TraceOffered: a_review_is_due,
    SightingMade: a_show_of_force_is_seen,
}
"""A scene in which ``ru`` is asked this kind of question."""


def options(kind: type[Question]) -> dict[str, Any]:
    return {"us": side(10, 2), "ru": side(2, 8), "rules": rules()} if kind is TraceOffered else {}


def test_every_kind_of_question_has_answers_orders_and_a_scene_and_every_answer_a_question() -> None:
    tables = {"no answers to": ANSWERS, "neither a person's order nor the automatic officer answers": ORDERS}
    missing = {what: set(KINDS) ^ set(table) for what, table in (tables | {"no scene has": SCENES}).items()}
    told = [f"{what} {kind.__name__}" for what, kinds in missing.items() for kind in kinds]
    assert not told, "\n".join(told)
    fitting = {answer for answers in ANSWERS.values() for answer in answers}
    assert fitting == {Response, *(each for each in get_args(Answer) if isinstance(each, type))}


def test_every_order_that_answers_is_an_answer_to_one_kind_of_question() -> None:
    ordered = [order for orders in ORDERS.values() for order in orders]
    assert set(ordered) == {AnswerRing, LetRing, *AnswersOffer.__subclasses__()}
    assert len(ordered) == len(set(ordered))


@pytest.mark.parametrize("kind", KINDS)
def test_the_automatic_officer_answers_every_kind_of_question_at_once(kind: type[Question], given: Given) -> None:
    SCENES[kind](Joined(**options(kind)))
    assert any(isinstance(question, kind) and isinstance(answer, ANSWERS[kind]) for question, answer in given)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not ORDERS.get(kind)])
def test_what_a_person_has_no_order_for_the_automatic_officer_answers(kind: type[Question], given: Given) -> None:
    world = Manned(**options(kind))
    if kind is TraceOffered:
        world.run(minutes=120)
        world.order(AnswerRing, call_id=world.all(Ring)[-1].call_id)
    SCENES[kind](world)
    assert any(isinstance(question, kind) for question, _ in given)


def pick_up(world: Manned) -> None:
    world.order(AnswerRing, call_id=world.all(Ring)[-1].call_id)


def let_ring(world: Manned) -> None:
    world.order(LetRing, call_id=world.all(Ring)[-1].call_id)


def accept(world: Manned) -> None:
    world.answer(AcceptOffer)


def counter(world: Manned) -> None:
    world.answer(CounterOffer, choice=msgspec.structs.replace(world.decision.choice, block=1))


def decline(world: Manned) -> None:
    world.answer(DeclineOffer, reason="not today")


ORDERED: dict[type[AtDesk], tuple[Callable[[Manned], None], object, type]] = {
    AnswerRing: (pick_up, PickUp(), Answered),
    LetRing: (let_ring, LeaveRinging(), Ring),
    AcceptOffer: (accept, Response(Accept()), Concur),
    CounterOffer: (counter, Response, Counter),
    DeclineOffer: (decline, Response(GiveUp(reason="not today")), Decline),
}
"""The order of a person, the answer that it gives, and the last message that follows."""


@pytest.mark.parametrize(("kind", "order"), [(kind, order) for kind in KINDS for order in ORDERS.get(kind, ())])
def test_a_persons_order_answers_through_the_same_function(
    kind: type[Question], order: type[AtDesk], given: Given
) -> None:
    world = Manned()
    SCENES[kind](world)
    if kind is OfferMade:
        pick_up(world)
    assert not any(isinstance(question, kind) for question, _ in given), "it waits for the order"
    give, answers, said = ORDERED[order]
    give(world)
    question, answer = given[-1]
    assert isinstance(question, kind)
    assert answer == answers or type(answer) is answers
    assert world.all(said)
    assert world.refusals == []


def test_an_order_that_cannot_be_an_answer_is_refused_and_the_question_stays_open() -> None:
    world = Manned()
    decision = world.asked()
    world.answer(CounterOffer, choice=decision.choice)
    assert world.refusal == "that is what they offer: accept it"
    world.answer(AcceptOffer)
    assert world.all(Concur)


def test_who_takes_over_is_asked_what_is_open() -> None:
    world = Manned()
    world.asked()
    assert not world.all(Concur)
    world.order(LeaveDesk)
    assert world.all(Concur)


# Officers of one's own --------------------------------------------------------------------------------------------


def played(officer: OwnOfficer | None, kind: type[Question] = OfferMade) -> Joined:
    world = Joined(**options(kind), officers={} if officer is None else {"ru": officer})
    SCENES[kind](world)
    return world


@pytest.mark.parametrize("kind", KINDS)
def test_an_officer_that_leaves_all_to_the_automatic_one_changes_nothing(kind: type[Question]) -> None:
    asked: list[type[Question]] = []

    def leaves(question: Question) -> None:
        asked.append(type(question))

    assert played(leaves, kind).said == played(None, kind).said
    assert kind in asked


def to(kind: type[Question], answer: Answer) -> OwnOfficer:
    """An officer that gives this answer to this kind of question."""
    return lambda question: answer if isinstance(question, kind) else None


def test_an_officer_of_ones_own_decides_every_kind_of_question() -> None:
    assert not played(to(RingHeard, LeaveRinging())).all(Answered)
    assert played(to(OfferMade, Response(GiveUp(reason="never")))).all(Decline)[0].reason == "never"
    assert not played(to(SightingMade, LetPass()), SightingMade).all(Protest)
    assert played(to(SightingMade, MakeProtest()), SightingMade).all(Protest)
    offsets = played(to(TraceOffered, Response(Offer(outcome=(-0.5,) * POINTS))), TraceOffered).all(CounterTrace)
    assert offsets


def test_a_person_takes_the_seat_from_an_officer_of_ones_own_and_gives_it_back() -> None:
    world = Manned(officers={"ru": to(OfferMade, Response(GiveUp(reason="never")))})
    world.asked()
    assert world.all(DecisionAwaited)
    assert not world.all(Decline)
    world.order(LeaveDesk)
    assert world.all(Decline)[0].reason == "never"


def says(reply: Reply[Any]) -> Response[Any]:
    return Response(reply)


UNFIT: list[tuple[type[Question], Any, str]] = [
    (RingHeard, LetPass(), "LetPass is none to RingHeard"),
    (OfferMade, PickUp(), "PickUp is none to OfferMade"),
    (RingHeard, PickUp(-1.0), "in_s"),
    (RingHeard, PickUp(math.nan), "in_s"),
    (OfferMade, says(Offer(outcome=10_000)), "not on a menu"),
    (OfferMade, says(Offer(outcome=-1)), "not on a menu"),
    (TraceOffered, says(Offer(outcome=(0.0,))), "control points"),
    (TraceOffered, says(Offer(outcome=(math.nan,) * POINTS)), "no more than"),
    (TraceOffered, says(Offer(outcome=(-1e9,) * POINTS)), "no more than"),
]


@pytest.mark.parametrize(("kind", "answer", "told"), UNFIT)
def test_an_answer_that_cannot_be_given_is_the_officers_fault(kind: type[Question], answer: Any, told: str) -> None:
    with pytest.raises(UnfitAnswerError, match=told):
        played(to(kind, answer), kind)


def test_nobody_offers_more_often_than_the_tier_allows_or_what_is_on_the_table() -> None:
    def offers_again(question: Question) -> Answer | None:
        if not isinstance(question, OfferMade):
            return None
        theirs = question.request.to_answer.outcome
        return Response(Offer(outcome=next(each for each in range(question.request.menu.size) if each != theirs)))

    def repeats(question: Question) -> Answer | None:
        return Response(Offer(outcome=question.request.to_answer.outcome)) if isinstance(question, OfferMade) else None

    ours, theirs = (agreement(tiers=(TierRule(tier=Tier.DUTY_OFFICER, rounds=rounds),)) for rounds in (6, 2))
    hard = config(costs=Costs(line=1.0, walk_away=0.9))
    for officer, told in ((offers_again, "this tier may make 2 offers"), (repeats, "that is what they offer")):
        world = Joined(hard, PROMPT, officers={"ru": officer}, rules=ours, rules_of_ru=theirs)
        with pytest.raises(UnfitAnswerError, match=told):
            world.file("us", plan("near"))
