"""A program decides at a desk between two steps of a run, and tries both answers in two clones of it."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from hotline_protocol.events import InputRejected, NegotiationEnded, NegotiationOutcome
from hotline_protocol.message import Author, Message
from hotline_protocol.orders import AcceptOffer, AnswerRing, CounterOffer, DeclineOffer, TakeDesk
from hotline_services.aoc.centre import Centre
from hotline_services.aoc.negotiation import Accept, GiveUp, Offer
from hotline_services.aoc.questions import OfferMade, Question, RingHeard
from hotline_services.director.scenario import read_scenario
from hotline_services.simulation.shell import Simulation
from hotline_services.world import build

Decide = Callable[[OfferMade], Accept | Offer[int] | GiveUp]


class Program:
    """Sits at the desk of ``us`` in a run, and orders what ``decide`` makes of each offer."""

    def __init__(self, decide: Decide) -> None:
        self.simulation = build(read_scenario("valley-day"), seed=1)
        self.decide = decide
        self.said: list[Message] = []
        self.decisions = 0
        self.author = Author("program")
        self.simulation.run_until(self.simulation.start)
        self.order(TakeDesk, operator="a program", lease_s=86_400)

    def order(self, kind: type[Message], /, **fields: Any) -> None:
        run = self.simulation
        run.inject(self.author.say(kind, run.now, to="us", sitting="s-1", **fields), run.now)

    @property
    def open(self) -> Sequence[Question]:
        return open_in(self.simulation)

    def until_asked(self, end: datetime) -> bool:
        """Let the run go on until an offer is open; every ring is picked up."""
        while True:
            self.simulation.run_until(lambda run: run.now >= end or bool(open_in(run)), self.note)
            rings = [question for question in self.open if isinstance(question, RingHeard)]
            if not rings:
                return bool(self.open)
            for question in rings:
                self.order(AnswerRing, call_id=question.ring.call_id)
            self.go_on()

    def go_on(self) -> None:
        """Until what was ordered has been heard."""
        before = self.open
        self.simulation.run_until(lambda run: open_in(run) != before, self.note)

    def note(self, message: Message, _at: datetime) -> None:
        self.said.append(message)

    def play(self, end: datetime) -> None:
        while self.until_asked(end) and self.simulation.now < end:
            for question in self.open:
                if isinstance(question, OfferMade):
                    self.answer(question)
            self.go_on()

    def answer(self, question: OfferMade) -> None:
        self.decisions += 1
        request = question.request
        named = {"negotiation_id": request.id, "offer": request.to_answer.digest}
        match self.decide(question):
            case Accept():
                self.order(AcceptOffer, **named)
            case Offer(outcome=outcome):
                self.order(CounterOffer, **named, choice=request.menu.choice(outcome))
            case GiveUp(reason=reason):
                self.order(DeclineOffer, **named, reason=reason)


def open_in(run: Simulation) -> list[Question]:
    centre = run.core("us")
    assert isinstance(centre, Centre)
    return centre.open_questions()


def advised(question: OfferMade) -> Accept | Offer[int] | GiveUp:
    return question.request.weigh().reply


def test_a_program_that_follows_the_advice_agrees_with_the_other_side() -> None:
    program = Program(advised)
    program.play(program.simulation.start + timedelta(days=1))
    outcomes = [event.outcome for event in program.said if isinstance(event, NegotiationEnded)]
    assert program.decisions > 10
    assert outcomes.count(NegotiationOutcome.AGREED_AS_FILED) > 5
    assert not [event.problem.reason for event in program.said if isinstance(event, InputRejected)]


def test_both_answers_to_one_offer_can_be_tried_in_two_clones() -> None:
    program = Program(advised)
    assert program.until_asked(program.simulation.start + timedelta(days=1))
    fork = Program(lambda _: GiveUp(reason="never"))
    fork.simulation = program.simulation.clone()
    (asked,) = program.open
    assert fork.open == [asked]
    assert isinstance(asked, OfferMade)
    program.answer(asked)
    fork.answer(asked)
    for each in (program, fork):
        each.play(each.simulation.now + timedelta(hours=6))
    assert said(program) != said(fork)


def said(program: Program) -> list[NegotiationEnded]:
    return [event for event in program.said if isinstance(event, NegotiationEnded)]
