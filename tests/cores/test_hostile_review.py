"""A peer that says what it likes of the line: it stays where both have agreed that it runs, and everything ends."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotline_protocol.agreement import Agreement
from hotline_protocol.airspace import Position
from hotline_protocol.arc import Arc
from hotline_protocol.events import InputRejected, LineMoved, ReviewEnded
from hotline_protocol.injection import ReportSighting, SightingKind
from hotline_protocol.line import (
    Amend,
    Answer,
    CallOutcome,
    ConcurTrace,
    CounterTrace,
    DeclineTrace,
    HangUp,
    InReview,
    ProposeTrace,
    Reason,
    Ring,
    Tier,
    TraceOffer,
    trace_digest,
)
from hotline_protocol.message import Author, Message
from hotline_protocol.topics import address_of, decode, encode
from hotline_services.aoc.centre import Centre
from hotline_services.simulation.chance import Chance

from .joined import DAWN
from .review_world import DUE, EFFECTIVE_MIN, NORTHWARD, rule, rules, side

RULES = rules(rule(rounds=4), line_check=None)
ARC = Arc(NORTHWARD, rule().spacing_nm)
POINTS = len(ARC.control)
FOREVER = timedelta(days=5_000)


class Accused:
    """A centre, and the other side, for which the test speaks. ``calls``: it is the centre that calls reviews."""

    def __init__(self, *, calls: bool = False, easy: bool = False, rules: Agreement = RULES) -> None:
        self.name, self.peer_name = ("us", "ru") if calls else ("ru", "us")
        wants = side(-9, 10) if easy else side(10, 2) if calls else side(2, 8)
        self.centre = Centre(self.name, wants, rules, epoch="0", chance=Chance(1))
        self.peer = Author(self.peer_name)
        self.now = DAWN
        self.said: list[Message] = []
        self.call_id = "c1"
        self.run(minutes=120)

    def run(self, *, minutes: float) -> None:
        until = self.now + timedelta(minutes=minutes)
        while (at := self.centre.next_deadline) is not None and at <= until:
            self.now = max(self.now, at)
            self._take(self.centre.lapse(self.now))
            assert self.centre.next_deadline is None or self.centre.next_deadline > self.now
        self.now = until

    def hear(self, kind: type[Any], /, **fields: Any) -> None:
        late = fields.pop("said_at", self.now)
        if issubclass(kind, InReview):
            fields = {"call_id": self.call_id, "review_id": "r1", **fields}
        message = self.peer.say(kind, self.now, to=self.name, **fields)
        self._take(self.centre.receive(msgspec.structs.replace(message, time=late), self.now))

    def _take(self, said: Any) -> None:
        for message in said:
            assert decode(address_of(message), encode(message)) == message
            if isinstance(message, Ring):
                self.call_id = message.call_id
        self.said.extend(said)

    def ring(self, call_id: str = "c1") -> None:
        self.call_id = call_id
        self.hear(Ring, call_id=call_id, reason=Reason.LINE_REVIEW, tier=Tier.DUTY_OFFICER)

    def trace(self, offset: float, **changes: Any) -> TraceOffer:
        return msgspec.structs.replace(ARC.offer((offset,) * POINTS), **changes)

    def offer(self, trace: TraceOffer) -> str:
        return trace_digest("r1", self.call_id, trace)

    def propose(self, offset: float, **changes: Any) -> str:
        """An offer to move the line so far west, with whatever is to be wrong about it."""
        trace = self.trace(offset, **changes.pop("of_trace", {}))
        fields = {"trace": trace, "offer": self.offer(trace), "round": 1, "expires_at": self.now + timedelta(minutes=5)}
        self.hear(ProposeTrace, **(fields | changes))
        return str(fields["offer"])

    def amend(self, offer: str, offset: float, /, **changes: Any) -> None:
        fields = {
            "review_id": "r1",
            "offer": offer,
            "trace": ARC.moved((offset,) * POINTS),
            "effective_at": self.now + timedelta(minutes=EFFECTIVE_MIN),
        }
        self.hear(Amend, **(fields | changes))

    def all(self, kind: type[Message]) -> list[Any]:
        return [message for message in self.said if isinstance(message, kind)]

    @property
    def refusals(self) -> list[str]:
        """The field and reason of everything that was rejected."""
        problems = [rejected.problem for rejected in self.all(InputRejected)]
        return [f"{problem.field}: {problem.reason}" for problem in problems]

    @property
    def line_stands(self) -> bool:
        self.run(minutes=120)
        return self.centre.agreement == RULES and not self.all(LineMoved)


def concurred() -> tuple[Accused, str]:
    """A centre that has just said yes to 6 NM."""
    accused = Accused(easy=True)
    accused.ring()
    offer = accused.propose(6.0)
    assert [yes.offer for yes in accused.all(ConcurTrace)] == [offer]
    return accused, offer


def test_an_amendment_that_both_have_agreed_to_is_taken() -> None:
    accused, offer = concurred()
    accused.amend(offer, 6.0)
    assert accused.refusals == []
    assert not accused.line_stands


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"offer": "f" * 16}, "offer: not one that we have concurred to"),
        ({"review_id": "r2"}, "offer: not one that we have concurred to"),
        ({"effective_at": DUE + FOREVER}, "effective_at: more than 30 min ahead"),
        ({"trace": ARC.moved((6.1,) * POINTS)}, "trace: not where the offer moves the line"),
        ({"trace": ARC.moved((6.0,) * POINTS)[::-1]}, "trace: not where the offer moves the line"),
        (
            {"trace": (Position(0.0, 90.0), Position(40.0, 35.0))},
            "trace[0]: 0, 90 (longitude, latitude) lies at a pole",
        ),
        ({"trace": (Position(40.0, 35.0),) * 2}, "trace[1]: repeats the position before it (less than 1 m away)"),
    ],
)
def test_an_amendment_that_is_not_what_was_agreed_is_refused_with_the_reason_and_the_line_stays(
    changes: dict[str, Any], reason: str
) -> None:
    accused, offer = concurred()
    accused.amend(offer, 6.0, **changes)
    assert accused.refusals == [reason]
    assert accused.line_stands
    accused.amend(offer, 6.0)
    assert not accused.line_stands, "the one that was agreed to is still taken"


def test_an_amendment_out_of_the_blue_is_refused() -> None:
    accused = Accused()
    accused.amend("0" * 16, 6.0)
    assert accused.refusals == ["offer: not one that we have concurred to"]
    assert accused.line_stands


def test_an_own_offer_that_had_lapsed_binds_nobody() -> None:
    accused = Accused()
    accused.ring()
    accused.propose(15.0)
    (counter,) = accused.all(CounterTrace)
    accused.run(minutes=20)
    accused.amend(counter.offer, counter.trace.offsets_nm[0])
    assert accused.refusals == ["offer: it had lapsed by then"]
    assert accused.line_stands


def test_an_own_offer_that_they_have_declined_binds_nobody() -> None:
    accused = Accused()
    accused.ring()
    accused.propose(15.0)
    (counter,) = accused.all(CounterTrace)
    accused.hear(DeclineTrace, answers=counter.offer)
    accused.amend(counter.offer, counter.trace.offsets_nm[0])
    assert accused.line_stands


def test_an_amendment_said_again_changes_nothing() -> None:
    accused, offer = concurred()
    accused.amend(offer, 6.0)
    accused.run(minutes=60)
    accused.amend(offer, 6.0)
    accused.run(minutes=60)
    assert len(accused.all(LineMoved)) == 1
    assert accused.refusals == []


def test_who_does_not_call_reviews_cannot_move_the_line_or_open_one() -> None:
    accused = Accused(calls=True)
    accused.hear(Answer, call_id=accused.call_id)
    (offered,) = accused.all(ProposeTrace)
    accused.amend(offered.offer, 10.0)
    accused.propose(-9.0)
    assert set(accused.refusals) == {"source: line reviews are called by us"}
    assert accused.line_stands


def test_where_the_agreement_knows_no_reviews_there_is_none() -> None:
    accused = Accused(easy=True, rules=msgspec.structs.replace(RULES, line_review=None))
    accused.ring()
    offer = accused.propose(6.0)
    accused.amend(offer, 6.0)
    assert accused.refusals == ["source: line reviews are called by nobody"] * 2
    assert [decline.answers for decline in accused.all(DeclineTrace)] == [offer]
    accused.run(minutes=60)
    assert accused.all(LineMoved) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"offer": "0" * 16}, "offer: is not the digest of this trace in this review and call"),
        ({"of_trace": {"control": ARC.control[1:]}}, "trace.control: not the 7 points along the line"),
        ({"of_trace": {"offsets_nm": (1.0, 2.0)}}, "trace.offsets_nm: 2 for 7 control points"),
        ({"of_trace": {"offsets_nm": (15.1,) * POINTS}}, "trace.offsets_nm: the line is moved by no more than 15 NM"),
        ({"of_trace": {"offsets_nm": (float("nan"),) * POINTS}}, "trace.offsets_nm: the line is moved"),
    ],
)
def test_an_offer_that_makes_no_sense_is_declined_and_rejected_with_the_reason(
    changes: dict[str, Any], reason: str
) -> None:
    accused = Accused()
    accused.ring()
    accused.propose(6.0, **changes)
    assert accused.refusals[0].startswith(reason)
    (decline,) = accused.all(DeclineTrace)
    assert decline.reason.startswith(reason)
    assert accused.centre.open_reviews() == []


def test_an_offer_about_another_line_is_declined_and_nobodys_fault() -> None:
    accused = Accused()
    accused.ring()
    accused.propose(6.0, of_trace={"base": "a" * 16})
    assert [decline.reason for decline in accused.all(DeclineTrace)] == [f"we hold the line to be {ARC.digest}"]
    assert accused.refusals == []


def test_an_offer_that_has_lapsed_is_declined() -> None:
    accused = Accused()
    accused.ring()
    accused.propose(6.0, expires_at=accused.now - timedelta(seconds=1))
    assert [decline.reason for decline in accused.all(DeclineTrace)] == ["the offer had lapsed before it was answered"]


def test_a_review_that_is_proposed_again_and_again_ends_when_it_was_to_end() -> None:
    accused = Accused()
    minutes = RULES.timing.negotiation_s / 60
    for number in range(1, 40):
        accused.ring(f"c{number}")
        accused.propose(15.0)
        accused.hear(HangUp, call_id=accused.call_id, outcome=CallOutcome.DROPPED)
        assert bool(accused.centre.open_reviews()) is (4 * (number - 1) < minutes)
        accused.run(minutes=4)
    assert accused.all(DeclineTrace)[-1].reason == "no agreement in time"
    assert accused.refusals == []


def test_a_counter_offer_that_makes_no_sense_ends_the_review() -> None:
    accused = Accused(calls=True)
    accused.hear(Answer, call_id=accused.call_id)
    (offered,) = accused.all(ProposeTrace)
    until = accused.now + timedelta(minutes=5)
    what = {"review_id": offered.review_id, "answers": offered.offer, "round": 1, "expires_at": until}
    accused.hear(CounterTrace, trace=accused.trace(99.0), offer=offered.offer, **what)
    (ended,) = accused.all(ReviewEnded)
    assert not ended.agreed
    assert accused.refusals[0].startswith("offer: is not the digest")
    assert accused.line_stands


def test_what_is_said_of_an_unknown_review_takes_nothing_else_off_the_desk() -> None:
    accused = Accused()
    spot = Position(40.0, 35.0)
    fields: dict[str, Any] = {"kind": SightingKind.SHOW_OF_FORCE, "by": "us", "at": spot, "seen_at": accused.now}
    seen = Author("director").say(ReportSighting, accused.now, to="ru", **fields)
    accused.said.extend(accused.centre.receive(seen, accused.now))
    accused.call_id = accused.all(Ring)[-1].call_id
    accused.hear(Answer, call_id=accused.call_id)
    accused.hear(DeclineTrace, review_id=seen.id, answers="0" * 16)
    assert accused.centre.open_calls() == [accused.call_id]
    assert not accused.all(HangUp)


offsets = st.sampled_from((0.0, 6.0, 7.9, -3.0, 14.0, 99.0))
clocks = st.sampled_from((timedelta(0), timedelta(0), -FOREVER, FOREVER, timedelta(minutes=-6)))
steps = st.one_of(
    st.tuples(st.just("ring"), st.integers(1, 4), st.none()),
    st.tuples(st.just("propose"), offsets, clocks),
    st.tuples(st.just("counter"), offsets, clocks),
    st.tuples(st.sampled_from(("concur", "decline", "amend", "amend ours")), offsets, clocks),
    st.tuples(st.just("hang up"), st.none(), st.none()),
    st.tuples(st.just("wait"), st.sampled_from((0.5, 6.0, 61.0, 1_440.0)), st.none()),
)


@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(st.booleans(), st.booleans(), st.lists(steps, max_size=25))
def test_whatever_it_says_the_line_moves_only_to_where_we_have_agreed_and_everything_ends(
    calls: bool, easy: bool, script: list[tuple[str, Any, Any]]
) -> None:
    accused = Accused(calls=calls, easy=easy)
    for step, what, clock in script:
        play(accused, step, what, clock)
    accused.run(minutes=24 * 60 - 1)
    accused.hear(HangUp, call_id=accused.call_id, outcome=CallOutcome.DROPPED)
    accused.run(minutes=0.5 if calls else 4 * 60)
    ours = {offer.trace.offsets_nm for offer in (*accused.all(ProposeTrace), *accused.all(CounterTrace))}
    agreed_to = {yes.offer for yes in accused.all(ConcurTrace)}
    assert len(accused.all(LineMoved)) <= len(ours) + len(agreed_to)
    assert accused.centre.agreement.line is not None
    if not ours and not agreed_to:
        assert accused.centre.agreement == RULES
    if not calls:
        assert accused.centre.open_reviews() == []


def play(accused: Accused, step: str, what: Any, clock: timedelta) -> None:
    """One step of the script: ``what`` is an offset in NM, minutes or a number, as the step has it."""
    if step == "wait":
        accused.run(minutes=what)
    elif step == "ring":
        accused.ring(f"c{what}")
        accused.hear(Answer, call_id=accused.call_id)
    elif step == "hang up":
        accused.hear(HangUp, call_id=accused.call_id, outcome=CallOutcome.COMPLETED)
    elif step == "propose":
        accused.propose(what, expires_at=accused.now + timedelta(minutes=5) + clock, said_at=accused.now + clock)
    elif step == "counter":
        trace = accused.trace(what)
        review = last(accused, "review_id", "r1")
        more = {"trace": trace, "offer": trace_digest(review, accused.call_id, trace), "round": 1}
        answers = {"answers": last(accused, "offer", "0" * 16), "expires_at": accused.now + timedelta(minutes=5)}
        accused.hear(CounterTrace, review_id=review, said_at=accused.now + clock, **more, **answers)
    elif step == "concur":
        accused.hear(ConcurTrace, review_id=last(accused, "review_id", "r1"), offer=last(accused, "offer", "0" * 16))
    elif step == "decline":
        accused.hear(DeclineTrace, review_id=last(accused, "review_id", "r1"), answers=last(accused, "offer", "0" * 16))
    else:
        moved = last(accused, "trace", None) if step == "amend ours" else None
        offset = moved.offsets_nm[0] if moved is not None and abs(moved.offsets_nm[0]) <= 20 else what
        accused.amend(last(accused, "offer", "0" * 16), offset % 16, effective_at=accused.now + clock)


def last(accused: Accused, field: str, otherwise: Any) -> Any:
    """This field of the last thing that the centre said of a review."""
    said = [message for message in accused.said if isinstance(message, InReview | Amend) and hasattr(message, field)]
    return getattr(said[-1], field) if said else otherwise
