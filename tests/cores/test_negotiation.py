"""Bargaining ends, keeps within what either side can accept, and agrees where there is something to agree on."""

import copy
import pickle
from itertools import product
from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_services.aoc.config import Strategy, StrategyKind
from hotline_services.aoc.negotiation import Accept, Bargainer, GiveUp, Offer, Reply, dominating, settlement

Shape = tuple[int, int, int]
Side = tuple[list[float], float]

SHAPES = st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 4))
# Few different numbers, so that ties and impossible outcomes are common.
WORTHS = st.one_of(st.just(-1.0), st.integers(0, 10).map(lambda tenths: tenths / 10), st.floats(0, 1))
EACH = [
    Strategy(kind=kind, exponent=exponent, weighs_risk=both, trade_offs=both)
    for kind, exponent, both in product(StrategyKind, (0.2, 1.0, 4.0), (True, False))
]
STRATEGIES = st.sampled_from(EACH)
BENCHMARK_SHAPE = (8, 6, 13)


@st.composite
def domains(draw: st.DrawFn) -> tuple[Shape, Side, Side]:
    """A menu and what two sides hold of it."""
    shape = draw(SHAPES)
    worths = st.lists(WORTHS, min_size=prod(shape), max_size=prod(shape))
    first, second = ((draw(worths), draw(st.floats(0, 1))) for _ in range(2))
    return shape, first, second


def zone(first: Side, second: Side) -> list[int]:
    """The outcomes that both prefer to walking away."""
    return [o for o in range(len(first[0])) if first[0][o] > first[1] and second[0][o] > second[1]]


def play(first: Bargainer, second: Bargainer, offer: int | None = None) -> tuple[list[int], Reply[int]]:
    """All offers made, ``first``'s opening included, and how it ended."""
    offer = first.opening() if offer is None else offer
    if offer is None:
        return [], GiveUp(reason="nothing to open with")
    offers = [offer]
    while True:
        for side in (second, first):
            answer = side.answer(offers[-1])
            if not isinstance(answer, Offer):
                return offers, answer
            offers.append(answer.outcome)
            assert len(offers) < 10_000, "it goes on for ever"


@given(domains(), STRATEGIES, STRATEGIES, st.integers(1, 20), st.integers(1, 20))
def test_nobody_makes_more_offers_than_allowed(
    domain: tuple[Shape, Side, Side], one: Strategy, other: Strategy, rounds: int, rounds_of_other: int
) -> None:
    shape, first, second = domain
    offers, _ = play(Bargainer(*first, one, rounds, shape), Bargainer(*second, other, rounds_of_other, shape))
    assert len(offers[::2]) <= rounds
    assert len(offers[1::2]) <= rounds_of_other


@given(domains(), STRATEGIES, st.integers(1, 12), st.booleans(), st.data())
def test_whatever_the_peer_says_it_ends_and_nothing_below_walking_away_is_offered_or_accepted(
    domain: tuple[Shape, Side, Side], strategy: Strategy, rounds: int, opens: bool, data: st.DataObject
) -> None:
    shape, (worth, walk_away), _ = domain
    bargainer = Bargainer(worth, walk_away, strategy, rounds, shape)
    made = [bargainer.opening()] if opens else []
    for _ in range(rounds + 1):
        heard = data.draw(st.integers(0, len(worth) - 1))
        answer = bargainer.answer(heard)
        if not isinstance(answer, Offer):
            assert isinstance(answer, GiveUp) or worth[heard] > walk_away
            break
        made.append(answer.outcome)
    else:
        pytest.fail(f"{rounds} offers were allowed, and it went on")
    assert len(made) <= rounds
    assert all(worth[outcome] > walk_away for outcome in made if outcome is not None)


@given(domains(), STRATEGIES)
def test_with_an_offer_for_each_acceptable_outcome_whatever_can_be_agreed_on_is(
    domain: tuple[Shape, Side, Side], strategy: Strategy
) -> None:
    shape, first, second = domain
    acceptable = [sum(worth > walk_away for worth in worths) for worths, walk_away in (first, second)]
    rounds = max(1, min(acceptable))
    offers, end = play(Bargainer(*first, strategy, rounds, shape), Bargainer(*second, strategy, rounds, shape))
    assert isinstance(end, Accept) == bool(zone(first, second))
    assert not isinstance(end, Accept) or offers[-1] in zone(first, second)


@given(domains(), STRATEGIES, STRATEGIES, st.integers(1, 12))
def test_they_agree_whenever_one_has_offered_what_the_other_can_accept(
    domain: tuple[Shape, Side, Side], one: Strategy, other: Strategy, rounds: int
) -> None:
    shape, first, second = domain
    offers, end = play(Bargainer(*first, one, rounds, shape), Bargainer(*second, other, rounds, shape))
    assert isinstance(end, Accept) == bool(set(offers) & set(zone(first, second)))


@pytest.mark.parametrize("strategy", EACH, ids=str)
def test_twelve_offers_do_for_a_menu_as_agreements_have_it(strategy: Strategy) -> None:
    chance = np.random.default_rng(18_06_2017)
    for _ in range(10):
        first, second = ((additive(chance, BENCHMARK_SHAPE), 0.3) for _ in range(2))
        _, end = play(
            Bargainer(*first, strategy, 12, BENCHMARK_SHAPE), Bargainer(*second, strategy, 12, BENCHMARK_SHAPE)
        )
        assert isinstance(end, Accept)


def additive(chance: np.random.Generator, shape: Shape) -> list[float]:
    """A weighted sum of values for sector, block and shift."""
    weights = chance.dirichlet(np.ones(3))
    sector, block, shift = (weight * chance.permutation(n) / (n - 1) for weight, n in zip(weights, shape, strict=True))
    worth: list[float] = (sector[:, None, None] + block[:, None] + shift).ravel().tolist()
    return worth


@given(domains(), STRATEGIES, st.integers(2, 12), st.integers(1, 6))
def test_copied_or_pickled_half_way_it_goes_on_the_same(
    domain: tuple[Shape, Side, Side], strategy: Strategy, rounds: int, cut: int
) -> None:
    shape, first, second = domain
    whole, end = play(Bargainer(*first, strategy, rounds, shape), Bargainer(*second, strategy, rounds, shape))
    sides = [Bargainer(*side, strategy, rounds, shape) for side in (first, second)]
    offers = [offer for offer in [sides[0].opening()] if offer is not None]
    while len(offers) <= cut and len(offers) < len(whole):
        answer = sides[len(offers) % 2].answer(offers[-1])
        assert isinstance(answer, Offer)
        offers.append(answer.outcome)
    if not offers:
        return
    mover, other = sides[len(offers) % 2], sides[1 - len(offers) % 2]
    for again in (copy.deepcopy([other, mover]), pickle.loads(pickle.dumps([other, mover]))):  # noqa: S301  our own
        rest, same_end = play(again[0], again[1], offers[-1])
        assert (offers[:-1] + rest, same_end) == (whole, end)


@given(domains(), STRATEGIES, st.integers(1, 12))
def test_the_same_arguments_say_the_same(domain: tuple[Shape, Side, Side], strategy: Strategy, rounds: int) -> None:
    shape, first, second = domain
    once, again = (
        play(Bargainer(*first, strategy, rounds, shape), Bargainer(*second, strategy, rounds, shape)) for _ in range(2)
    )
    assert once == again


@pytest.mark.parametrize("strategy", EACH, ids=str)
def test_it_opens_with_its_best_outcome_and_says_so_again_when_asked_again(strategy: Strategy) -> None:
    bargainer = Bargainer([0.2, 0.9, 0.4, 0.3], 0.1, strategy, 5, (2, 1, 2))
    assert [bargainer.opening(), bargainer.opening()] == [1, 1]


def test_a_boulware_side_comes_down_later_than_a_conceder() -> None:
    def third_offer(exponent: float) -> float:
        strategy = Strategy(exponent=exponent, weighs_risk=False, trade_offs=False)
        bargainer = Bargainer(worth, 0.0, strategy, 10)
        bargainer.opening()
        answers = [bargainer.answer(99) for _ in range(3)]
        assert isinstance(answers[-1], Offer)
        return worth[answers[-1].outcome]

    worth = [1 - outcome / 100 for outcome in range(100)]
    assert third_offer(0.3) > third_offer(1.0) > third_offer(3.0)


def test_who_is_offered_much_concedes_faster_than_who_is_offered_little() -> None:
    def after_hearing(outcome: int) -> float:
        bargainer = Bargainer(worth, 0.0, Strategy(exponent=1.0, trade_offs=False), 10)
        bargainer.opening()
        answers = [bargainer.answer(outcome) for _ in range(3)]
        assert isinstance(answers[-1], Offer)
        return worth[answers[-1].outcome]

    worth = [1 - outcome / 100 for outcome in range(100)]
    assert after_hearing(50) < after_hearing(95)


def test_a_micro_side_stands_still_while_the_peer_does() -> None:
    worth = [1 - outcome / 10 for outcome in range(10)]
    bargainer = Bargainer(worth, 0.0, Strategy(kind=StrategyKind.MICRO), 10)
    bargainer.opening()
    assert [bargainer.answer(8) for _ in range(4)] == [Offer(outcome=outcome) for outcome in (1, 0, 0, 0)]
    assert bargainer.answer(7) == Offer(outcome=2)


def test_a_tit_for_tat_side_comes_half_way_towards_a_peer_who_has_come_half_way() -> None:
    worth = [1 - outcome / 100 for outcome in range(100)]
    bargainer = Bargainer(worth, 0.0, Strategy(kind=StrategyKind.TIT_FOR_TAT, trade_offs=False), 20)
    bargainer.opening()
    bargainer.answer(80)
    answer = bargainer.answer(60)
    assert isinstance(answer, Offer)
    assert worth[answer.outcome] == pytest.approx(0.75, abs=0.01)


def test_among_equals_it_offers_what_the_peer_has_asked_for() -> None:
    # Three sectors worth the same to us; the peer wants the last, at a time that is impossible for us.
    bargainer = Bargainer([1.0, -1.0, 1.0, -1.0, 1.0, -1.0], 0.1, Strategy(), 5, (3, 1, 2))
    assert bargainer.answer(5) == Offer(outcome=4)


def test_a_side_accepts_what_it_has_offered_itself() -> None:
    bargainer = Bargainer([0.5, 0.9, 0.7], 0.1, Strategy(kind=StrategyKind.MICRO), 5)
    opening = bargainer.opening()
    assert opening is not None
    assert bargainer.answer(opening) == Accept()


def test_with_its_last_offer_a_side_takes_up_the_best_it_has_heard() -> None:
    bargainer = Bargainer([1.0, 0.9, 0.3, 0.2], 0.1, Strategy(kind=StrategyKind.MICRO), 3)
    bargainer.opening()
    assert isinstance(bargainer.answer(2), Offer)
    assert bargainer.answer(3) == Offer(outcome=2)
    assert bargainer.answer(3) == Accept()


def test_with_nothing_acceptable_it_gives_up_and_says_why() -> None:
    bargainer = Bargainer([0.2, -1.0], 0.5, Strategy(), 5)
    assert bargainer.opening() is None
    assert bargainer.answer(0) == GiveUp(reason="nothing on the menu is acceptable")


def test_out_of_offers_it_gives_up_and_says_why() -> None:
    bargainer = Bargainer([0.9, 0.1], 0.5, Strategy(), 1)
    assert bargainer.answer(1) == Offer(outcome=0)
    assert bargainer.answer(1) == GiveUp(reason="no agreement in 1 offers")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"worth": []}, "worth: wants one number"),
        ({"worth": [0.5, float("nan")]}, "worth, walk_away: every number"),
        ({"walk_away": float("inf")}, "worth, walk_away: every number"),
        ({"rounds": 0}, "rounds: 0 is less than 1"),
        ({"shape": (2, 2, 2)}, "shape: (2, 2, 2) does not hold 2 outcomes"),
    ],
)
def test_arguments_that_make_no_sense_are_refused_by_name(given: dict[str, object], reason: str) -> None:
    sound: dict[str, object] = {"worth": [0.5, 0.6], "walk_away": 0.1, "strategy": Strategy(), "rounds": 5}
    with pytest.raises(ValueError, match="^" + reason.replace("(", r"\(").replace(")", r"\)")):
        Bargainer(**{**sound, **given})  # type: ignore[arg-type]


@pytest.mark.parametrize("offer", [-1, 2])
def test_an_offer_off_the_menu_is_refused(offer: int) -> None:
    with pytest.raises(IndexError, match="is not on a menu of 2"):
        Bargainer([0.5, 0.6], 0.1, Strategy(), 5).answer(offer)


@given(domains())
def test_a_settlement_is_pareto_efficient_and_does_not_depend_on_who_is_called_a(
    domain: tuple[Shape, Side, Side],
) -> None:
    _, first, second = domain
    settled = settlement(*first, *second)
    assert settled == settlement(*second, *first)
    if settled is None:
        assert not zone(first, second)
        return
    assert settled in zone(first, second)
    assert not [o for o in range(len(first[0])) if dominates(first[0], second[0], o, settled)]
    assert dominating(first[0], second[0], settled) == settled


@given(domains(), st.data())
def test_a_dominating_outcome_is_worse_for_nobody_and_is_dominated_by_none(
    domain: tuple[Shape, Side, Side], data: st.DataObject
) -> None:
    _, (a, _), (b, _) = domain
    agreed = data.draw(st.integers(0, len(a) - 1))
    better = dominating(a, b, agreed)
    assert better == agreed or dominates(a, b, better, agreed)
    assert not [o for o in range(len(a)) if dominates(a, b, o, better)]


def dominates(a: list[float], b: list[float], outcome: int, other: int) -> bool:
    """At least as good for both, and better for one."""
    no_worse = a[outcome] >= a[other] and b[outcome] >= b[other]
    return no_worse and (a[outcome] > a[other] or b[outcome] > b[other])


def test_a_settlement_has_the_largest_product_of_gains() -> None:
    # Gains of 0.5 x 0.5, 0.9 x 0.2 and 0.3 x 0.7.
    assert settlement([0.5, 0.9, 0.3], 0.0, [0.6, 0.3, 0.8], 0.1) == 0


@pytest.mark.parametrize("settle", [lambda a, b: settlement(a, 0.1, b, 0.1), lambda a, b: dominating(a, b, 0)])
def test_needs_laid_open_over_different_menus_are_refused(settle: object) -> None:
    assert callable(settle)
    with pytest.raises(ValueError, match="one side prices 2 outcomes, the other 3"):
        settle([0.5, 0.6], [0.5, 0.6, 0.7])
