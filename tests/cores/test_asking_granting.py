"""The two sides of one negotiation, each alone against a peer that a test speaks for."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from hotline_protocol.events import NegotiationOutcome
from hotline_protocol.flightplan import Flexibility, Priority
from hotline_protocol.lifecycle import NegotiationState
from hotline_protocol.line import Concur, Confirm, Counter, Decline, Disclose, Expire, Lapsed, Tier, Withdraw
from hotline_protocol.menu import Choice
from hotline_protocol.message import Message
from hotline_services.aoc.asker import TRIES_AT_TIER, Opened, Withdrawn
from hotline_services.aoc.negotiation import CallLost
from hotline_services.aoc.request import Due

from .joined import DAWN
from .sides import FALLING, OFFER_S, RISING, TIERS, TIMING, AskingSide, GrantingSide

# Asking ---------------------------------------------------------------------------------------------------


def test_what_is_proposed_first_is_worth_most_and_stands_for_the_tiers_time() -> None:
    side = AskingSide()
    proposal = side.open()
    assert (proposal.choice.block, proposal.offer) == (0, side.offer(0))
    assert proposal.expires_at == DAWN + timedelta(seconds=OFFER_S)


def test_without_room_it_fails_for_good_and_says_nothing() -> None:
    side = AskingSide(worth=(-1.0, 0.3, 0.0, 0.1))
    side.take(Opened("c1", side.bid))
    assert side.said() == []
    assert side.asking.outcome is NegotiationOutcome.REFUSED


def test_an_answer_to_any_other_offer_is_stale_and_changes_nothing() -> None:
    side = AskingSide()
    side.open()
    before = side.steps
    side.take(side.counter(side.offer(1), 2))
    side.concur(side.offer(1))
    side.concur(side.offer(0, "c0"))
    side.take(side.words(Decline, answers=side.offer(2)))
    assert side.said() == []
    assert (side.asking.state, side.steps) == (NegotiationState.THEIRS, before)


def test_an_answer_is_judged_by_the_time_at_which_it_was_sent() -> None:
    side = AskingSide()
    standing = side.open().offer
    in_time, too_late = (DAWN + timedelta(seconds=OFFER_S + seconds) for seconds in (0, 1))
    side.at(OFFER_S + 20)
    side.concur(standing, hold_until=too_late)
    assert side.asking.state is NegotiationState.THEIRS
    late: Concur = side.words(Concur, offer=standing, hold_until=too_late)
    side.take(msgspec.structs.replace(late, time=in_time))
    assert [type(message) for message in side.said()] == [Confirm]


def test_a_counter_offer_that_is_good_enough_is_concurred_with() -> None:
    side = AskingSide()
    standing = side.open().offer
    side.take(side.counter(standing, 0))
    (concur,) = side.said()
    assert isinstance(concur, Concur)
    assert concur.offer == side.offer(0)
    assert side.asking.state is NegotiationState.TAKEN


def test_a_counter_offer_is_answered_with_another_that_names_it() -> None:
    side = AskingSide()
    standing = side.open().offer
    side.take(side.counter(standing, 3))
    (mine,) = side.said()
    assert isinstance(mine, Counter)
    assert (mine.answers, mine.round) == (side.offer(3), 2)


@pytest.mark.parametrize(
    "changes", [{"offer": "f" * 16}, {"choice": Choice(sector=0, block=9, shift=0)}], ids=["digest", "choice"]
)
def test_a_counter_offer_that_is_not_what_it_says_fails_at_this_tier(changes: dict[str, Any]) -> None:
    side = AskingSide()
    side.take(side.counter(side.open().offer, 0, **changes))
    assert [type(message) for message in side.said()] == [Decline]
    assert (side.asking.state, side.asking.tier) == (NegotiationState.WAITING, Tier.DEPUTY_COMMANDER)


def test_a_counter_offer_that_has_lapsed_costs_a_try_and_not_the_tier() -> None:
    side = AskingSide()
    side.take(side.counter(side.open().offer, 0, expires_at=DAWN - timedelta(seconds=1)))
    assert side.said() == []
    assert (side.asking.state, side.asking.tries) == (NegotiationState.WAITING, 1)


def test_what_has_gone_to_another_flight_meanwhile_is_not_taken_up() -> None:
    side = AskingSide()
    standing = side.open().offer
    side.free = False
    side.concur(standing)
    assert side.said() == []
    assert side.asking.state is NegotiationState.WAITING


def test_offers_at_a_tier_are_bounded() -> None:
    side = AskingSide()
    standing, offers = side.open().offer, 1
    for _ in range(20):
        side.take(side.counter(standing, 3))
        (answer,) = side.said()
        if not isinstance(answer, Counter):
            break
        standing, offers = answer.offer, offers + 1
    assert offers <= TIERS[0].rounds
    assert side.asking.state in {NegotiationState.WAITING, NegotiationState.TAKEN}


def test_silence_is_forfeit_and_tries_and_tiers_are_bounded() -> None:
    side = AskingSide()
    tries = []
    for number in range(20):
        side.open(f"c{number}")
        tries.append(side.asking.tier)
        assert side.asking.next_deadline is not None
        side.voice.begin(side.asking.next_deadline, None)
        side.take(Due())
        assert [type(message) for message in side.said()] == [Expire]
        if side.asking.state.is_over:
            break
    assert tries == [Tier.DUTY_OFFICER] * TRIES_AT_TIER + [Tier.DEPUTY_COMMANDER] * TRIES_AT_TIER
    assert side.asking.outcome is NegotiationOutcome.EXPIRED


def test_a_refusal_goes_up_a_tier_and_then_fails_for_good() -> None:
    side = AskingSide()
    for number, tier in enumerate((Tier.DUTY_OFFICER, Tier.DEPUTY_COMMANDER)):
        assert side.asking.tier is tier
        proposal = side.open(f"c{number}")
        side.take(side.words(Decline, answers=proposal.offer, reason="no"))
    assert (side.asking.outcome, side.asking.reason) == (NegotiationOutcome.REFUSED, "no")


def test_no_clock_of_theirs_makes_us_wait_longer_than_the_agreement_says() -> None:
    side = AskingSide()
    side.concur(side.open().offer, hold_s=10**10)
    assert side.asking.taken is not None
    assert side.asking.taken.until == DAWN + timedelta(seconds=TIMING.hold_s + TIMING.silence_s)


def test_what_is_not_entered_is_confirmed_again_until_it_is_given_up() -> None:
    side = AskingSide()
    side.concur(side.open().offer)
    first = side.said()
    again = []
    while side.asking.next_deadline is not None:
        side.voice.begin(side.asking.next_deadline, None)
        side.take(Due())
        again += side.said()
    assert {type(message) for message in (*first, *again)} == {Confirm}
    assert 1 < len(again) < 10
    assert side.asking.outcome is NegotiationOutcome.LAPSED


@pytest.mark.parametrize("until", [datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)])
def test_a_hold_until_the_end_of_time_is_a_hold_like_any_other(until: datetime) -> None:
    side = AskingSide()
    side.concur(side.open().offer, hold_until=until)
    assert side.asking.state is NegotiationState.TAKEN
    side.at(TIMING.hold_s + TIMING.silence_s)
    side.take(Due())
    assert side.asking.outcome is NegotiationOutcome.LAPSED


def test_what_was_taken_up_is_agreed_when_it_is_entered() -> None:
    side = AskingSide()
    standing = side.open().offer
    side.concur(standing)
    side.take(side.entry(standing))
    assert side.asking.outcome is NegotiationOutcome.AGREED_AS_FILED


@pytest.mark.parametrize("change", [{"granter": "tr"}, {"offer": "f" * 16}, {"volumes": ()}])
def test_an_entry_of_anything_else_agrees_nothing(change: dict[str, Any]) -> None:
    side = AskingSide()
    standing = side.open().offer
    side.concur(standing)
    side.take(side.entry(standing, **change))
    assert side.asking.state is NegotiationState.TAKEN


def test_what_had_lapsed_when_it_was_taken_up_costs_a_try() -> None:
    side = AskingSide()
    standing = side.open().offer
    side.concur(standing)
    side.take(side.words(Lapsed, offer=side.offer(2)))
    assert side.asking.state is NegotiationState.TAKEN
    side.take(side.words(Lapsed, offer=standing))
    assert (side.asking.state, side.asking.tries) == (NegotiationState.WAITING, 1)


def test_a_dropped_call_leaves_alone_what_was_taken_up() -> None:
    side = AskingSide()
    side.concur(side.open().offer)
    side.take(CallLost("c1"))
    assert side.asking.state is NegotiationState.TAKEN


@pytest.mark.parametrize(
    ("starts_h", "shift_min", "priority", "seconds"),
    [
        (3, 30, Priority.ROUTINE, 3_600),
        (0.5, 10, Priority.ROUTINE, 2_400),
        (0.5, 0, Priority.EMERGENCY, 3_600),
        (-0.25, 0, Priority.ROUTINE, 2_700),
        (-0.25, 0, Priority.EMERGENCY, 2_700),
    ],
)
def test_it_is_asked_for_as_long_as_consent_is_of_use(
    starts_h: float, shift_min: int, priority: Priority, seconds: float
) -> None:
    start = DAWN + timedelta(hours=starts_h)
    flexibility = Flexibility(max_shift_min=shift_min)
    side = AskingSide(start=start, end=start + timedelta(hours=1), flexibility=flexibility, priority=priority)
    assert side.asking.deadline == DAWN + timedelta(seconds=seconds)


def test_a_withdrawal_is_told_once_there_is_something_to_withdraw() -> None:
    side = AskingSide()
    side.take(Withdrawn("cancelled"))
    assert side.said() == []
    side = AskingSide()
    side.open()
    side.take(Withdrawn("cancelled"))
    assert [type(message) for message in side.said()] == [Withdraw]
    assert side.asking.outcome is NegotiationOutcome.WITHDRAWN


def test_a_disclosure_where_none_is_agreed_fails_at_this_tier() -> None:
    side = AskingSide()
    side.open()
    side.take(side.words(Disclose, worth=FALLING, walk_away=0.0))
    assert [type(message) for message in side.said()] == [Decline]


@pytest.mark.parametrize("worth", [(), (1.0,), (1.0,) * 5])
def test_a_disclosure_about_another_menu_is_declined(worth: tuple[float, ...]) -> None:
    side = AskingSide()
    side.asking = msgspec.structs.replace(side.asking, tier_index=1)
    side.open()
    side.take(side.words(Disclose, worth=worth, walk_away=0.0))
    assert [type(message) for message in side.said()] == [Decline]
    assert side.asking.outcome is NegotiationOutcome.REFUSED


# Granting -------------------------------------------------------------------------------------------------


def test_what_is_good_enough_is_held_for_the_agreed_time() -> None:
    side = GrantingSide(worth=FALLING)
    (concur,) = side.propose()
    assert isinstance(concur, Concur)
    assert concur.hold_until == DAWN + timedelta(seconds=TIMING.hold_s)
    assert side.taken(side.words(Confirm, offer=side.offer(1))) is None
    assert side.taken(side.words(Confirm, offer=side.offer(0))) == Choice(sector=0, block=0, shift=0)
    assert side.granting.state is NegotiationState.AGREED


def test_a_hold_lapses_and_cannot_be_taken_up_any_more() -> None:
    side = GrantingSide(worth=FALLING)
    side.propose()
    side.at(TIMING.hold_s)
    side.take(Due())
    assert side.taken(side.words(Confirm, offer=side.offer(0))) is None
    assert side.granting.state is NegotiationState.WAITING


def test_an_offer_that_has_lapsed_on_its_way_is_not_held() -> None:
    side = GrantingSide(worth=FALLING)
    assert side.propose(expires_at=DAWN - timedelta(seconds=1)) == []
    assert side.granting.state is NegotiationState.WAITING


def test_what_is_no_longer_free_is_declined() -> None:
    side = GrantingSide(worth=FALLING)
    side.free = False
    assert [type(message) for message in side.propose()] == [Decline]


def test_our_own_offer_is_entered_when_they_concur_unless_that_air_has_gone() -> None:
    side = GrantingSide()
    (counter,) = side.propose()
    assert isinstance(counter, Counter)
    side.free = False
    assert side.taken(side.words(Concur, offer=counter.offer, hold_until=DAWN)) is None
    side.free = True
    assert side.taken(side.words(Concur, offer=counter.offer, hold_until=DAWN)) == counter.choice


def test_an_answer_to_an_earlier_offer_of_ours_is_stale() -> None:
    side = GrantingSide()
    (first,) = side.propose()
    assert isinstance(first, Counter)
    side.take(side.counter(first.offer, 1))
    (second,) = side.said()
    assert isinstance(second, Counter)
    side.take(side.counter(first.offer, 2))
    assert side.said() == []
    assert side.taken(side.words(Concur, offer=first.offer, hold_until=DAWN)) is None


@pytest.mark.parametrize("changes", [{"offer": "f" * 16}, {"choice": Choice(sector=0, block=9, shift=0)}])
def test_a_forged_counter_offer_is_declined(changes: dict[str, Any]) -> None:
    side = GrantingSide()
    (mine,) = side.propose()
    assert isinstance(mine, Counter)
    side.take(side.counter(mine.offer, 1, **changes))
    assert [type(message) for message in side.said()] == [Decline]


def test_an_offer_of_ours_that_is_not_answered_expires_a_quarter_of_its_life_after_its_end() -> None:
    side = GrantingSide()
    side.propose()
    assert side.granting.next_deadline == DAWN + timedelta(seconds=1.25 * OFFER_S)
    side.at(1.25 * OFFER_S)
    side.take(Due())
    assert [type(message) for message in side.said()] == [Expire]


@pytest.mark.parametrize("held", [True, False])
def test_a_peer_that_comes_back_for_ever_is_forgotten_in_time(held: bool) -> None:
    side = GrantingSide(worth=FALLING if held else RISING)
    for minutes in (0, 60, 119):
        side.at(60 * minutes)
        side.propose()
    side.at(60 * 124)
    side.take(Due())
    assert side.granting.state is NegotiationState.FAILED
    assert side.granting.next_deadline is None


def test_a_flight_in_distress_is_let_through_whatever_it_costs_us() -> None:
    side = GrantingSide(worth=(0.0, 0.0, 0.0, 0.0), tier=Tier.DEPUTY_COMMANDER)
    assert [type(message) for message in side.propose(priority=Priority.EMERGENCY)] == [Concur]


def settle_at(side: GrantingSide, block: int) -> list[Message]:
    """At the tier where needs are laid open: they disclose theirs and propose this."""
    (ours,) = side.propose()
    assert isinstance(ours, Disclose)
    side.take(side.words(Disclose, worth=FALLING, walk_away=0.0))
    side.take(side.counter(side.offer(0), block))
    return side.said()


def test_with_needs_laid_open_only_what_serves_both_best_is_held() -> None:
    best = 1  # of the products of gains: 0.1 x 1.0, 0.3 x 0.8, 0.5 x 0.6 - and 0.3 is what we fall back upon
    worth = (0.4, 0.9, 0.6, 0.4)
    assert [type(message) for message in settle_at(GrantingSide(worth, Tier.DEPUTY_COMMANDER), best)] == [Concur]
    assert [type(message) for message in settle_at(GrantingSide(worth, Tier.DEPUTY_COMMANDER), 0)] == [Decline]


def test_a_disclosure_that_does_not_fit_the_menu_is_left_to_expire() -> None:
    side = GrantingSide(tier=Tier.DEPUTY_COMMANDER)
    side.propose()
    side.take(side.words(Disclose, worth=(1.0,), walk_away=0.0))
    side.take(side.counter(side.offer(0), 1))
    assert side.said() == []
    side.at(2 * OFFER_S)
    side.take(Due())
    assert side.granting.state is NegotiationState.WAITING
