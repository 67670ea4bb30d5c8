"""A centre loses the end of its journal, at every point of a negotiation: nothing held twice, nothing denied."""

import random

import msgspec
import pytest

from hotline_protocol.events import EscalationKind, PlanStatus, StateLost
from hotline_protocol.flightplan import PlanState
from hotline_protocol.line import Confirm, Entered, Entries, Reconcile
from hotline_protocol.message import Author, Message
from hotline_services.explore.invariants import denials, differences, double_uses, unexplained_flights

from .joined import agreement, plan
from .torn import Torn


def both_filed() -> Torn:
    """Both sides have had a plan agreed, in air of their own each."""
    sides = Torn()
    sides.file("us", plan("us-1"))
    sides.run(minutes=4)
    sides.file("ru", plan("ru-1", lower_ft=26_000, upper_ft=28_000))
    sides.run(minutes=4)
    return sides


MOST = len(both_filed().journal("us"))


def wrong(sides: Torn) -> list[str]:
    log = [(message.time, message) for message in sides.said] + [(m.time, m) for m in sides.outside]
    return [
        *double_uses(sides.centres, agreement()),
        *denials(sides.centres),
        *differences(sides.centres),
        *unexplained_flights(sides.centres, log, agreement()),
    ]


def ids_with_two_contents(said: list[Message]) -> list[str]:
    known: dict[str, Message] = {}
    return [message.id for message in said if known.setdefault(message.id, message) != message]


@pytest.mark.parametrize("kept", range(MOST))
@pytest.mark.parametrize("party", ["us", "ru"])
def test_a_tail_that_is_lost_after_all_was_agreed_costs_no_agreement(party: str, kept: int) -> None:
    sides = both_filed()
    assert sides.status("us-1").state is sides.status("ru-1").state is PlanState.ACCEPTED
    sides.lose(party, min(kept, len(sides.journal(party)) - 1))
    sides.run(minutes=100)
    assert not wrong(sides)
    assert not ids_with_two_contents(sides.said)
    for name in ("us-1", "ru-1"):
        assert sides.status(name).state is PlanState.ACCEPTED, name
    sides.run(minutes=100)
    assert not wrong(sides)
    assert not sides.escalations(EscalationKind.LEDGER_MISMATCH)
    assert not sides.escalations(EscalationKind.CROSSING_WITHOUT_CONSENT)
    assert [lost.source for lost in sides.all(StateLost)] == [party]


@pytest.mark.parametrize("back", [1, 2, 4, 8, 100])
@pytest.mark.parametrize("at", range(1, MOST, 2))
def test_a_tail_that_is_lost_in_the_middle_of_a_negotiation_leaves_both_with_the_same(at: int, back: int) -> None:
    sides = Torn()
    count = 0
    lost = False

    def arriving(message: Message) -> bool:
        nonlocal count, lost
        count += message.to == "us"  # type: ignore[attr-defined]
        if count == at and not lost:
            lost = True
            sides.lost = lambda _: False
            sides.lose("us", max(0, len(sides.journal("us")) - back))
        return False

    sides.lost = arriving
    sides.file("us", plan("us-1"))
    sides.file("ru", plan("ru-1", lower_ft=26_000, upper_ft=28_000))
    sides.run(minutes=170)
    assert not wrong(sides)
    assert not ids_with_two_contents(sides.said)
    sides.run(minutes=30)
    assert not wrong(sides)
    assert not sides.escalations(EscalationKind.LEDGER_MISMATCH)
    assert {status.plan_id for status in sides.all(PlanStatus)} == {"us-1", "ru-1"}


@pytest.mark.parametrize("seed", range(100))
def test_whatever_is_late_after_the_loss_both_end_with_the_same(seed: int) -> None:
    dice = random.Random(seed)
    sides = both_filed()
    party = dice.choice(["us", "ru"])
    sides.holds = lambda _: dice.random() < 0.4
    sides.lose(party, dice.randrange(MOST))
    sides.file(party, plan(f"{party}-2", lower_ft=dice.choice([18_000, 26_000]), upper_ft=29_000))
    for _ in range(3):
        sides.run(minutes=dice.choice([0, 1, 5]))
        dice.shuffle(sides.held)
        sides.release_held()
        sides.holds = lambda _: dice.random() < 0.3
    sides.release_held()
    sides.run(minutes=60)
    assert not wrong(sides)
    assert not ids_with_two_contents(sides.said)
    assert not sides.escalations(EscalationKind.LEDGER_MISMATCH)
    assert not sides.escalations(EscalationKind.CROSSING_WITHOUT_CONSENT)


def test_a_granter_that_lost_a_grant_takes_it_back_and_its_own_later_plan_gives_way() -> None:
    sides = Torn()
    sides.file("ru", plan("ru-1"))
    sides.run(minutes=4)
    granted = sides.all(Entered)[-1].entry
    sides.holds = lambda message: isinstance(message, Entries | Reconcile)
    sides.lose("us", 1)
    sides.file("us", plan("us-2"))
    sides.release_held()
    sides.run(minutes=30)
    assert sides.centres["us"].ledgers["ru"].chain("us") == (granted,)
    assert not wrong(sides)


def test_entries_of_our_own_are_taken_from_nobody_unless_we_have_lost_state() -> None:
    sides = both_filed()
    [entry] = sides.centres["us"].ledgers["ru"].chain("us")
    forged = msgspec.structs.replace(entry, index=2, previous=entry.hash, agreement_id="ru-0-nforged.1")
    sides.deliver(Author("ru", "x").say(Entries, sides.now, to="us", entries=(forged,)))
    assert sides.centres["us"].ledgers["ru"].chain("us") == (entry,)
    assert sides.escalations(EscalationKind.LEDGER_MISMATCH)


def test_a_peer_that_does_not_answer_holds_nothing_up_for_ever() -> None:
    sides = both_filed()
    sides.lost = lambda message: isinstance(message, Reconcile) and message.source == "ru"
    sides.lose("us", len(sides.journal("us")))
    sides.run(minutes=10)
    sides.file("ru", plan("ru-2", lower_ft=22_000, upper_ft=24_000))
    sides.run(minutes=10)
    assert sides.status("ru-2").state is PlanState.ACCEPTED


def test_a_confirm_that_comes_before_the_ledger_is_whole_is_entered_once_it_is() -> None:
    sides = Torn()
    sides.file("us", plan("us-1"))
    sides.run(minutes=2)
    sides.holds = lambda message: isinstance(message, Confirm | Reconcile | Entries)
    sides.file("ru", plan("ru-1", lower_ft=26_000, upper_ft=28_000))
    confirm = next(message for message in sides.held if isinstance(message, Confirm))
    sides.lose("us", len(sides.journal("us")))
    sides.held.remove(confirm)
    sides.holds = lambda message: isinstance(message, Reconcile | Entries)
    sides.deliver(confirm)
    assert not sides.centres["us"].ledgers["ru"].chain("us")
    sides.release_held()
    assert len(sides.centres["us"].ledgers["ru"].chain("us")) == 1
    assert sides.status("ru-1").state is PlanState.ACCEPTED
