"""Faulty days with persons at both desks: whatever they do, or fail to do, what must never be never is."""

import pytest
from tests.nightly import nightly

from hotline_protocol.events import NegotiationEnded
from hotline_protocol.line import Concur, Counter
from hotline_protocol.orders import DecisionAwaited, DeskLeft, DeskTaken, Leaving
from hotline_protocol.topics import encode

from .at_the_desk import manned_day
from .faulty_day import END_AT
from .trial import faults

AT_ONCE = 5
FEW_DAYS = 20
DAYS = 100


@pytest.mark.parametrize("first", [*range(0, FEW_DAYS, AT_ONCE), *nightly(range(FEW_DAYS, DAYS, AT_ONCE))])
def test_no_invariant_is_broken_with_persons_at_the_desks(first: int) -> None:
    broken = {seed: found for seed in range(first, first + AT_ONCE) if (found := faults(seed, manned_day))}
    assert broken == {}


def test_two_manned_days_of_one_seed_are_the_same_to_the_byte() -> None:
    first, second = manned_day(7), manned_day(7)
    first.run(END_AT)
    second.run(END_AT)
    assert [encode(message) for _, message in first.log] == [encode(message) for _, message in second.log]


def test_persons_decide_on_these_days() -> None:
    said: list[object] = []
    for seed in range(4):
        day = manned_day(seed)
        day.run(END_AT)
        said += [message for _, message in day.log]
    assert sum(isinstance(message, DeskTaken) for message in said) > 5
    ends = {message.how for message in said if isinstance(message, DeskLeft)}
    assert ends == {Leaving.LEFT, Leaving.LEASE_OVER}
    assert sum(isinstance(message, DecisionAwaited) for message in said) > 10
    ordered = [m for m in said if isinstance(m, Concur | Counter) and str(m.cause).startswith("console-")]
    assert len(ordered) > 5
    assert any(isinstance(message, NegotiationEnded) for message in said)
