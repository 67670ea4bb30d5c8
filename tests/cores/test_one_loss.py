"""Whichever one message between two centres is lost for good, both come to hold the same in bounded time."""

from typing import Any

import pytest

from hotline_protocol.flightplan import PlanState
from hotline_protocol.injection import CancelPlan
from hotline_protocol.line import Concur, Confirm, Counter, Entered, Release, ToPeer
from hotline_protocol.message import Message
from hotline_services.aoc.config import Costs, PartyConfig

from .joined import Joined, config, plan

IN_TIME_MIN = 20
PICKY = config(costs=Costs(line=0.5, content=1.0))
"""A side that answers a proposal with another."""
EVERYTHING = ToPeer


class Losing(Joined):
    """Loses the message of this number, of those of one kind, and no other."""

    def __init__(self, kind: type[Message], number: int = 1, ru: PartyConfig = config(), **options: Any) -> None:
        self.lost_ones: list[Message] = []
        self.count = 0
        super().__init__(ru=ru, **options)
        self.kind, self.number = kind, number
        self.lost = self._loses

    def _loses(self, message: Message) -> bool:
        self.count += isinstance(message, self.kind)
        loses = isinstance(message, self.kind) and self.count == self.number
        if loses:
            self.lost_ones.append(message)
        return loses

    def relied_on(self) -> set[str]:
        """What the side that asked relies on."""
        return {name for name, _, _ in self.centres["us"].own_reservations()}

    def granted(self) -> set[str]:
        """What the side that was asked has granted, and keeps free."""
        standing = self.centres["ru"].ledgers["us"].standing("ru", self.now)
        return {entry.agreement_id for entry in standing}


@pytest.mark.parametrize(
    ("kind", "ru"),
    [(Confirm, config()), (Concur, config()), (Entered, config()), (Concur, PICKY), (Entered, PICKY)],
    ids=["confirm", "hold", "entered", "concur", "entered-after-concur"],
)
def test_an_agreement_survives_the_loss_of_a_yes_or_of_its_entry(kind: type[Message], ru: PartyConfig) -> None:
    world = Losing(kind, ru=ru)
    world.file("us", plan("near"))
    world.run(minutes=IN_TIME_MIN)
    assert world.lost_ones
    assert bool(world.all(Counter)) is (ru is PICKY)
    assert world.relied_on() == world.granted()
    assert world.status("near").state is PlanState.ACCEPTED


@pytest.mark.parametrize("ru", [config(), PICKY], ids=["content", "picky"])
def test_whichever_message_is_lost_both_sides_come_to_hold_the_same(ru: PartyConfig) -> None:
    for number in range(1, 100):
        world = Losing(EVERYTHING, number, ru)
        world.file("us", plan("near"))
        world.run(minutes=IN_TIME_MIN)
        if not world.lost_ones:
            break
        assert world.relied_on() == world.granted(), f"without {world.lost_ones}"
        assert world.status("near").state is PlanState.ACCEPTED, f"without {world.lost_ones}"
    assert number > 6


@pytest.mark.parametrize("seconds", [0, 30, 90, 300])
@pytest.mark.parametrize("kind", [Confirm, Entered])
def test_no_grant_is_left_that_nobody_holds_when_a_flight_is_cancelled(kind: type[Message], seconds: float) -> None:
    world = Losing(kind)
    world.file("us", plan("near"))
    world.run(minutes=seconds / 60)
    world.tell("us", CancelPlan, plan_id="near")
    world.run(minutes=IN_TIME_MIN)
    assert world.relied_on() == world.granted() == set()


def test_what_is_given_up_is_asked_for_in_the_ledger_and_given_back() -> None:
    world = Losing(Entered)
    world.lost = lambda message: isinstance(message, Entered)
    world.file("us", plan("near"))
    world.run(minutes=9)
    assert world.granted()
    world.run(minutes=IN_TIME_MIN)
    assert world.status("near").state is PlanState.REFUSED
    assert world.relied_on() == world.granted() == set()
    assert world.all(Release)
