"""Inputs that nobody can read are kept one by one only so long; then they are counted, and the count is told."""

from hotline_protocol.events import InputRejected
from hotline_protocol.message import Message
from hotline_protocol.service import Unreadable
from hotline_services.monitor.core import MonitorCore
from hotline_services.runtime.budget import Budget
from hotline_services.runtime.flood import AT_ONCE, FLOOD, Flood
from hotline_services.runtime.hearing import dead_letter, unread

from .talk import at, everything

MANY = 97_000


class Arriving:
    """A flood with a clock of its own."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.flood = Flood("us", Budget(AT_ONCE, 2.0, lambda: self.now_s))

    def hear(self, count: int) -> list[Message]:
        rubbish = [unread("hotline/v1/inject/us", b"rubbish %d" % number, at(0)) for number in range(count)]
        return [kept for one in rubbish for kept in self.flood.thinned([one], at(0))]


def counts(messages: list[Message]) -> list[str]:
    return [m.reason.split()[0] for m in messages if isinstance(m, Unreadable) and m.code == FLOOD]


def test_of_a_flood_some_are_handed_on_and_the_others_are_counted() -> None:
    arriving = Arriving()
    assert len(arriving.hear(MANY)) == AT_ONCE
    assert arriving.flood.due(at(1)) == []
    arriving.now_s = 0.5
    told = arriving.flood.due(at(1))
    assert counts(told) == [f"{MANY - AT_ONCE:,}"]
    assert arriving.flood.due(at(2)) == []


def test_a_flood_that_goes_on_costs_a_few_entries_a_second() -> None:
    arriving = Arriving()
    kept: list[Message] = []
    for second in range(100):
        arriving.now_s = float(second)
        kept += arriving.hear(1_000)
    assert len(kept) <= AT_ONCE + 100 * 2 * 2
    assert sum(int(count.replace(",", "")) for count in counts(kept)) > 90_000


def test_what_can_be_read_and_dead_letters_always_pass() -> None:
    arriving = Arriving()
    arriving.hear(MANY)
    messages = everything()
    letters = [dead_letter("hotline/v1/inject/us", message, 3, at(0)) for message in messages]
    assert arriving.flood.thinned(messages, at(0)) == messages
    assert arriving.flood.thinned(letters, at(0)) == letters


def test_the_monitor_records_the_count_whomever_the_flood_was_for() -> None:
    arriving, monitor = Arriving(), MonitorCore()
    arriving.hear(MANY)
    arriving.now_s = 1.0
    said = [answer for told in arriving.flood.due(at(1)) for answer in monitor.receive(told, at(1))]
    assert [(type(one), one.problem.code) for one in said if isinstance(one, InputRejected)] == [(InputRejected, FLOOD)]
