"""Bargaining about the line: how a side comes down, what it takes, and what it never does."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_protocol.agreement import LineReviewRule
from hotline_services.aoc.config import Review
from hotline_services.aoc.negotiation import Accept, GiveUp, Offer
from hotline_services.aoc.review.bargain import Bargain, Offsets

POINTS = 3
LEFT, RIGHT = -1, 1
ROUNDS = 5


def always(_: Offsets) -> bool:
    return True


def bargain(
    wish: float = 8.0,
    would_yield: float = 2.0,
    *,
    sign: int = RIGHT,
    exponent: float = 1.0,
    rounds: int = ROUNDS,
    furthest: float = 15.0,
    can_run: Callable[[Offsets], bool] = always,
) -> Bargain:
    wants = Review(wish_nm=wish, yield_nm=would_yield, exponent=exponent)
    rule = LineReviewRule(caller="us", rounds=rounds, furthest_nm=furthest)
    return Bargain(wants, rule, sign=sign, points=POINTS, can_run=can_run)


def offers_to_a_wall(side: Bargain, wall: float) -> list[Offsets]:
    """All that it offers to one who never moves."""
    made = [side.opening() or ()]
    while isinstance(answer := side.answer((wall,) * POINTS), Offer):
        made.append(answer.outcome)
    return made


def test_each_side_asks_for_a_line_nearer_to_the_other() -> None:
    assert bargain(sign=RIGHT).opening() == (8.0, 8.0, 8.0)
    assert bargain(sign=LEFT).opening() == (-8.0, -8.0, -8.0)


def test_a_side_comes_down_evenly_from_its_wish_to_what_it_would_yield() -> None:
    made = offers_to_a_wall(bargain(), -15.0)
    assert [offer[0] for offer in made] == [8.0, 5.5, 3.0, 0.5, -2.0]


def test_with_an_exponent_below_one_it_comes_down_late_and_above_one_early() -> None:
    late, early = (offers_to_a_wall(bargain(exponent=e), -15.0)[1][0] for e in (0.3, 3.0))
    assert late > 5.5 > early


def test_it_makes_no_more_offers_than_are_agreed_and_then_gives_up() -> None:
    side = bargain()
    assert len(offers_to_a_wall(side, -15.0)) == ROUNDS
    assert side.answer((-15.0,) * POINTS) == GiveUp(reason="no agreement in 5 offers")


def test_it_takes_an_offer_that_is_no_worse_than_what_it_would_offer_next() -> None:
    side = bargain()
    side.opening()
    assert side.answer((5.5, 5.5, 5.5)) == Accept()
    side = bargain()
    side.opening()
    assert side.answer((5.4, 9.0, 9.0)) == Offer(outcome=(5.5, 9.0, 9.0))


def test_after_its_last_offer_it_takes_whatever_it_would_yield() -> None:
    side = bargain()
    offers_to_a_wall(side, -15.0)
    assert side.answer((-2.0, -2.0, -2.0)) == Accept()
    assert isinstance(side.answer((-2.01, 9.0, 9.0)), GiveUp)


def test_a_point_where_the_other_has_offered_enough_is_left_to_it() -> None:
    side = bargain()
    side.opening()
    assert side.answer((-9.0, 6.25, 12.0)) == Offer(outcome=(5.5, 6.25, 12.0))


def test_what_it_has_offered_itself_it_does_not_refuse() -> None:
    side = bargain(can_run=lambda offsets: max(offsets) <= 4.0)
    assert side.opening() == (4.0, 4.0, 4.0)
    assert side.answer((4.0, 4.0, 4.0)) == Accept()


def test_where_no_line_can_be_drawn_so_far_out_it_asks_for_less() -> None:
    assert bargain(can_run=lambda offsets: max(offsets) <= 4.5).opening() == (4.0, 4.0, 4.0)
    assert bargain(can_run=lambda offsets: not any(offsets)).opening() == (0.0, 0.0, 0.0)


def test_where_nothing_that_it_would_take_can_be_drawn_it_offers_nothing() -> None:
    assert bargain(8.0, -3.0, can_run=lambda offsets: max(offsets) <= 2.0).opening() is None


def test_an_offer_that_cannot_be_drawn_is_not_taken() -> None:
    side = bargain(can_run=lambda offsets: max(offsets) < 9.0)
    side.opening()
    assert side.answer((9.0, 9.0, 9.0)) != Accept()


def test_nobody_asks_for_more_than_the_line_may_move_in_one_review() -> None:
    assert bargain(80.0, furthest=6.5).opening() == (6.5, 6.5, 6.5)


@pytest.mark.parametrize("rounds", [2, 3, 12])
def test_a_side_that_wants_no_more_than_it_must_have_says_the_same_each_time(rounds: int) -> None:
    assert set(offers_to_a_wall(bargain(-3.0, 1.0, rounds=rounds), -15.0)) == {(-3.0, -3.0, -3.0)}


wishes = st.floats(-20, 20).map(lambda nm: round(nm, 3))
exponents = st.floats(0.1, 10)


@given(wishes, wishes, wishes, wishes, exponents, exponents, st.integers(2, 12))
def test_two_sides_agree_if_what_they_would_take_overlaps_and_only_within_it(
    wish: float, gives: float, their_wish: float, they_give: float, ours: float, theirs: float, rounds: int
) -> None:
    right = bargain(wish, gives, exponent=ours, rounds=rounds, sign=RIGHT)
    left = bargain(their_wish, they_give, exponent=theirs, rounds=rounds, sign=LEFT)
    least = min(within_reach(-gives), within_reach(wish))
    most = -min(within_reach(-they_give), within_reach(their_wish))
    agreed = talk(right, left, rounds)
    if agreed is not None:
        assert all(least - 0.011 <= offset <= most + 0.011 for offset in agreed)
    else:
        assert least > most - 0.021


def within_reach(gain: float) -> float:
    return min(max(gain, -15.0), 15.0)


def talk(opens: Bargain, other: Bargain, rounds: int) -> Offsets | None:
    """What they agree to, in no more offers than both may make."""
    offer = opens.opening()
    for turn in range(2 * rounds):
        assert offer is not None
        answer = (other, opens)[turn % 2].answer(offer)
        if isinstance(answer, Accept):
            return offer
        if isinstance(answer, GiveUp):
            return None
        offer = answer.outcome
    raise AssertionError("more offers were made than are allowed")
