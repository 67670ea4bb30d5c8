"""Line reviews of two centres: called at their time, agreed or not, and the line moved at one instant on both sides."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline_protocol.agreement import Agreement, AgreementError, LineCheckRule, check_agreement
from hotline_protocol.airspace import Position
from hotline_protocol.events import CallEnded, EscalationKind, InputRejected, LineMoved, ReviewEnded
from hotline_protocol.flightplan import PlanState
from hotline_protocol.geometry import METRES_PER_NM, to_plane
from hotline_protocol.line import (
    Amend,
    CallOutcome,
    ConcurTrace,
    CounterTrace,
    DeclineTrace,
    LineCheck,
    ProposeTrace,
    Reason,
    Ring,
    Tier,
)
from hotline_protocol.message import Message
from hotline_protocol.service import Presence
from hotline_services.aoc.centre import Centre
from hotline_services.aoc.config import PartyConfig
from hotline_services.aoc.review.accord import CHANGEOVER
from hotline_services.aoc.review.reviews import next_review
from hotline_services.simulation.chance import Chance

from .joined import DAWN, Joined, agreement, plan
from .review_world import DUE, EFFECTIVE_MIN, NORTHWARD, rule, rules, side

WEST_OF_IT = Position(39.8, 35.5)


def reviewed(us: PartyConfig = side(10, 2), ru: PartyConfig = side(2, 8), **options: Any) -> Joined:
    """Two centres, up to the minute of the review."""
    world = Joined(us, ru, **({"rules": rules()} | options))
    world.run(minutes=119)
    return world


def digests(world: Joined) -> set[str]:
    return {centre.agreement.digest for centre in world.centres.values()}


def trace(world: Joined, party: str) -> tuple[Position, ...]:
    line = world.centres[party].agreement.line
    assert line is not None
    return line.trace


def moved_nm(world: Joined, party: str = "us") -> float:
    """How far west the line has been moved, at the middle."""
    (east, _), *_ = shapely.LineString(to_plane(trace(world, party))).interpolate(0.5, normalized=True).coords
    (was, _), *_ = shapely.LineString(to_plane(NORTHWARD.trace)).interpolate(0.5, normalized=True).coords
    return float(was - east) / METRES_PER_NM


def one(world: Joined, kind: type[Message]) -> Any:
    (message,) = world.all(kind)
    return message


# An ordinary review --------------------------------------------------------------------------------------------------


def test_a_review_is_called_at_the_agreed_time_by_the_agreed_side() -> None:
    world = reviewed()
    assert world.all(Ring) == []
    world.run(minutes=1)
    ring = one(world, Ring)
    assert (ring.source, ring.reason, ring.tier, ring.time) == ("us", Reason.LINE_REVIEW, Tier.DUTY_OFFICER, DUE)
    assert one(world, CallEnded).outcome is CallOutcome.COMPLETED


def test_what_both_can_accept_is_agreed_and_the_line_moves_at_one_instant() -> None:
    world = reviewed()
    before = digests(world)
    world.run(minutes=EFFECTIVE_MIN)
    ended, amend = one(world, ReviewEnded), one(world, Amend)
    assert ended.agreed
    assert all(-2 <= offset <= 8 for offset in ended.offsets_nm)
    assert digests(world) == before
    world.run(minutes=1)
    ours, theirs = world.all(LineMoved)
    assert amend.effective_at == ours.time == theirs.time == DUE + timedelta(minutes=EFFECTIVE_MIN)
    assert (ours.trace, ours.agreement, ours.review_id) == (theirs.trace, theirs.agreement, theirs.review_id)
    assert {ours.agreement} == digests(world) != before
    assert moved_nm(world) == pytest.approx(ended.offsets_nm[0], abs=0.02)


def test_a_yes_of_either_side_ends_it() -> None:
    world = reviewed(side(6, 2), side(2, 8))
    world.run(minutes=1)
    assert one(world, ConcurTrace).source == "ru"
    assert one(world, ReviewEnded).agreed
    world = reviewed(side(10, 4, think_s=5), side(2, 5, think_s=5), rules=rules(rule(rounds=3)))
    world.run(minutes=20)
    assert one(world, ConcurTrace).source == "us"
    assert one(world, ReviewEnded).agreed


def test_sides_that_cannot_both_be_content_leave_the_line_where_it_is() -> None:
    world = reviewed(side(10, -3), side(5, 2))
    before = digests(world)
    world.run(minutes=60)
    ended = one(world, ReviewEnded)
    assert (ended.agreed, ended.offsets_nm, ended.reason) == (False, (), "no agreement in 12 offers")
    assert len(world.all(ProposeTrace)) + len(world.all(CounterTrace)) <= 2 * 12
    assert digests(world) == before
    assert world.all(Amend) == []
    assert one(world, CallEnded).outcome is CallOutcome.COMPLETED


def test_plans_filed_after_the_move_are_held_against_the_new_line_and_older_agreements_stand() -> None:
    world = reviewed(side(12, -9), side(2, 12))
    world.file("us", plan("early", WEST_OF_IT, hours=4))
    assert world.status("early").state is PlanState.ACCEPTED
    assert granted_by(world, "ru") == 1
    world.run(minutes=60)
    assert moved_nm(world) > 9
    world.file("us", plan("where-the-line-was", Position(40.15, 35.5), hours=6))
    assert (world.status("where-the-line-was").state, granted_by(world, "ru")) == (PlanState.ACCEPTED, 1)
    world.file("ru", plan("where-it-is", Position(39.6, 35.5), hours=7))
    assert granted_by(world, "us") == 1
    assert world.status("early").state is PlanState.ACCEPTED
    assert len(list(world.centres["ru"].ledgers["us"].standing("us", world.now))) == 1


def granted_by(world: Joined, party: str) -> int:
    (peer,) = world.centres[party].peers
    return len(world.centres[party].ledgers[peer].chain(party))


def test_what_the_granting_side_charges_for_nearness_follows_the_line() -> None:
    world = reviewed(side(10, 2), side(2, 10))
    appraiser = world.centres["us"].parts.talks.appraiser
    area = plan("x", Position(39.78, 35.5)).area
    before = appraiser._boundaries.distance_to_line_nm(area)
    world.run(minutes=60)
    after = appraiser._boundaries.distance_to_line_nm(area)
    assert before is not None
    assert after is not None
    assert after < before


def test_the_next_review_is_about_the_line_as_it_was_moved() -> None:
    world = reviewed(side(3, 2), side(2, 8))
    world.run(minutes=26 * 60)
    first, second = world.all(ReviewEnded)
    assert first.agreed
    assert second.agreed
    assert moved_nm(world) == pytest.approx(first.offsets_nm[0] + second.offsets_nm[0], abs=0.05)
    assert moved_nm(world, "ru") == moved_nm(world)
    assert len({event.review_id for event in (first, second)}) == 2


def test_without_a_rule_nothing_is_reviewed() -> None:
    world = Joined(rules=agreement(line=NORTHWARD))
    world.run(minutes=24 * 60)
    assert world.all(Ring) == []
    assert all(centre.next_deadline is None for centre in world.centres.values())


def test_reviews_are_so_many_days_apart_whenever_a_run_begins() -> None:
    weekly = rule(every_days=7)
    times = [next_review(weekly, DAWN + timedelta(days=day)) for day in range(14)]
    assert {at.weekday() for at in times} == {6}
    assert len(set(times)) == 2 or len(set(times)) == 3
    assert all(DAWN + timedelta(days=day) < at <= DAWN + timedelta(days=day + 7) for day, at in enumerate(times))
    assert next_review(rule(), DUE) == DUE + timedelta(days=1)


# Agreements that cannot be reviewed ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"line_review": rule(caller="tr")}, "line_review.caller: 'tr' is not a party"),
        ({"line": None}, "line_review: there is no line to be moved"),
        ({"line": msgspec.structs.replace(NORTHWARD, right=None)}, "line_review: wants two parties"),
        ({"parties": ("us", "ru", "tr")}, "line_review: wants two parties"),
    ],
)
def test_an_agreement_whose_line_cannot_be_reviewed_is_refused_with_the_reason(
    changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(AgreementError, match=said):
        check_agreement(rules(**changes))


# What goes wrong -----------------------------------------------------------------------------------------------------


def test_a_review_in_a_call_that_is_dropped_is_taken_up_in_another() -> None:
    world = reviewed(side(10, 2, think_s=20), side(2, 8, think_s=20))
    world.run(minutes=2.5)
    assert world.all(ProposeTrace)
    world.health("ru", Presence.DOWN)
    world.health("us", Presence.DOWN)
    assert world.all(ReviewEnded) == []
    world.health("ru", Presence.UP, "s2")
    world.health("us", Presence.UP, "s2")
    world.run(minutes=30)
    assert len(world.all(ProposeTrace)) == 2
    assert one(world, ReviewEnded).agreed
    world.run(minutes=30)
    assert len(digests(world)) == 1
    assert len(world.all(LineMoved)) == 2


def test_a_side_that_is_never_there_ends_the_review_in_time() -> None:
    world = reviewed()
    world.lost = lambda message: isinstance(message, Ring)
    world.run(minutes=62)
    ended = one(world, ReviewEnded)
    assert (ended.agreed, ended.rounds, ended.reason) == (False, 0, "no agreement in time")
    assert world.centres["us"].open_reviews() == []


@pytest.mark.parametrize("kind", [ProposeTrace, CounterTrace, ConcurTrace, DeclineTrace])
def test_words_that_never_arrive_end_it_in_time_without_the_line_moving_on_one_side(kind: type[Message]) -> None:
    world = reviewed(side(10, -3 if kind is DeclineTrace else 2), side(2, 1 if kind is DeclineTrace else 8))
    world.lost = lambda message: isinstance(message, kind)
    world.run(minutes=4 * 60)
    assert len(world.all(ReviewEnded)) == 1
    assert len(digests(world)) == 1
    assert all(centre.open_reviews() == [] for centre in world.centres.values())
    assert world.escalations(EscalationKind.AGREEMENT_MISMATCH) == []


@pytest.mark.parametrize("us_opens_high", [True, False])
def test_an_amendment_that_comes_late_moves_the_line_at_once(us_opens_high: bool) -> None:
    world = reviewed(side(10, 2) if us_opens_high else side(5, 2), side(2, 8))
    world.holds = lambda message: isinstance(message, Amend)
    world.run(minutes=80)
    assert [moved.source for moved in world.all(LineMoved)] == ["us"]
    assert len(digests(world)) == 2
    world.release_held()
    assert [moved.source for moved in world.all(LineMoved)] == ["us", "ru"]
    assert len(digests(world)) == 1
    assert world.escalations(EscalationKind.AGREEMENT_MISMATCH) == []


def test_an_amendment_is_taken_for_an_own_offer_though_the_yes_to_it_was_lost() -> None:
    world = reviewed(side(10, 4), side(2, 5), rules=rules(rule(rounds=3)))
    world.lost = lambda message: isinstance(message, ConcurTrace)
    world.run(minutes=60)
    assert one(world, ConcurTrace).source == "us"
    assert len(world.all(LineMoved)) == 2
    assert len(digests(world)) == 1


def test_an_amendment_that_comes_after_the_next_review_was_due_is_still_taken() -> None:
    world = reviewed()
    world.holds = lambda message: isinstance(message, Amend)
    world.run(minutes=25 * 60)
    first, second = world.all(ReviewEnded)
    assert (first.agreed, second.agreed) == (True, False)
    assert second.reason.startswith("we hold the line to be ")
    world.release_held()
    assert len(digests(world)) == 1


def test_while_a_line_is_to_come_no_other_is_talked_about() -> None:
    world = reviewed(side(10, 2, think_s=5), rules=rules(rule(effective_min=1_440.0)))
    world.run(minutes=24 * 60 + 1)
    first, second = world.all(ReviewEnded)
    assert first.agreed
    assert second.reason == "the line agreed last is not in effect yet"


# The other side's reading during the changeover ----------------------------------------------------------------------


def check_at(minutes_after_due: float) -> Agreement:
    at = (DUE + timedelta(minutes=minutes_after_due)).time()
    return rules(line_check=LineCheckRule(caller="us", at=(at,)))


@pytest.mark.parametrize(("late_min", "mismatched"), [(10, False), (20, True)])
def test_a_side_that_has_not_heard_of_the_move_is_in_no_mismatch_until_the_changeover_is_over(
    late_min: float, mismatched: bool
) -> None:
    assert timedelta(minutes=10) < CHANGEOVER < timedelta(minutes=20)
    world = reviewed(rules=check_at(EFFECTIVE_MIN + late_min))
    world.holds = lambda message: isinstance(message, Amend)
    world.run(minutes=EFFECTIVE_MIN + late_min + 2)
    assert one(world, LineCheck).agreement != world.centres["ru"].agreement.digest
    assert bool(world.escalations(EscalationKind.AGREEMENT_MISMATCH)) is mismatched
    world.release_held()
    assert len(digests(world)) == 1


def test_what_was_said_before_the_move_is_no_mismatch_however_late_it_is_heard() -> None:
    world = reviewed(rules=check_at(EFFECTIVE_MIN - 5))
    world.holds = lambda message: isinstance(message, LineCheck)
    world.run(minutes=EFFECTIVE_MIN - 4)
    check = one(world, LineCheck)
    world.run(minutes=60)
    world.centres["ru"].parts.books.compare(check)
    world.run(minutes=1)
    assert world.escalations(EscalationKind.AGREEMENT_MISMATCH) == []


def test_two_texts_that_differ_are_a_mismatch_and_cannot_be_reviewed() -> None:
    other = rules(line=msgspec.structs.replace(NORTHWARD, note="another text"))
    world = reviewed(rules_of_ru=other)
    world.run(minutes=5 * 60)
    assert one(world, ReviewEnded).reason.startswith("we hold the line to be ")
    assert world.escalations(EscalationKind.AGREEMENT_MISMATCH)


# Replay --------------------------------------------------------------------------------------------------------------


def test_a_centre_that_replays_what_it_heard_holds_the_same_line_and_says_the_same() -> None:
    config, agreed = side(10, 2, think_s=15), rules()
    inputs: list[tuple[Message | None, datetime]] = []

    class Journalling(Centre):
        def receive(self, message: Message, now: datetime) -> Any:
            inputs.append((message, now))
            return super().receive(message, now)

        def lapse(self, now: datetime) -> Any:
            inputs.append((None, now))
            return super().lapse(now)

    world = Joined(config, side(2, 8, think_s=15), rules=agreed)
    world.centres["us"] = Journalling("us", config, agreed, epoch="0", chance=Chance(1))
    world.run(minutes=200)
    assert [moved.source for moved in world.all(LineMoved)] == ["us", "ru"] or len(world.all(LineMoved)) == 2
    again = Centre("us", config, agreed, epoch="0", chance=Chance(1))
    said: list[Message] = []
    for message, now in inputs:
        said.extend(again.lapse(now) if message is None else again.receive(message, now))
    assert again.agreement == world.centres["us"].agreement != agreed
    assert said[-10:] == [message for message in world.said if message.source == "us"][-10:]


# Whatever both want --------------------------------------------------------------------------------------------------

wishes = st.floats(-10, 25).map(lambda nm: round(nm, 2))
troubles = st.sampled_from((None, None, Ring, ProposeTrace, CounterTrace, ConcurTrace, DeclineTrace, Amend))


@settings(deadline=None, max_examples=60)
@given(wishes, wishes, wishes, wishes, st.integers(2, 6), st.sampled_from(("us", "ru")), troubles, st.integers(0, 5))
def test_a_review_ends_in_bounded_rounds_within_what_both_accept_and_both_hold_the_same_line(
    wish: float,
    gives: float,
    their_wish: float,
    they_give: float,
    rounds: int,
    caller: str,
    trouble: type[Message] | None,
    every: int,
) -> None:
    world = Joined(side(wish, gives), side(their_wish, they_give), rules=rules(rule(rounds=rounds, caller=caller)))
    heard = 0

    def lost(message: Message) -> bool:
        nonlocal heard
        heard += 1
        return trouble is not None and isinstance(message, trouble) and heard % 6 == every

    world.lost = lost
    if trouble is Amend:
        world.lost, world.holds = (lambda _: False), (lambda message: isinstance(message, Amend))
    world.run(minutes=180)
    ended = one(world, ReviewEnded)
    world.release_held()
    world.run(minutes=1)
    offers = len(world.all(ProposeTrace)) + len(world.all(CounterTrace))
    assert offers <= 2 * rounds * len(world.all(ProposeTrace)) <= 2 * rounds * 3
    assert len(digests(world)) == 1
    assert len(world.all(LineMoved)) == (2 if ended.agreed else 0)
    least, most = -max(gives, -wish), max(they_give, -their_wish)
    assert all(least - 0.011 <= offset <= most + 0.011 for offset in ended.offsets_nm)
    assert not [event for event in world.all(InputRejected) if event.topic != "Ring"]
