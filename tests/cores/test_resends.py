"""What a service is asked to say again: each message once, without keeping the service from anything else."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from hotline_protocol.events import LineAnnounced
from hotline_protocol.injection import AnnouncedState
from hotline_protocol.message import LAST_SEQ, Author, Message
from hotline_protocol.service import Resend
from hotline_services.runtime.resends import BATCHES_AT_ONCE, MOST_SPANS, MOST_WAITING, RESENT_AT_ONCE, Resends

NOON = datetime(2017, 6, 18, 12, tzinfo=UTC)


class Said:
    """A store that holds what us has said in its present epoch, which is e2; and a writer that uses it."""

    epochs = ("e1", "e2")

    def __init__(self, count: int) -> None:
        author = Author("us", "e2")
        self.messages = [author.say(LineAnnounced, NOON, state=AnnouncedState.OPEN) for _ in range(count)]
        self.again: list[int] = []
        self.time_s = 0.0
        store: Any = self
        self.resends = Resends(store, lambda: self.time_s)

    def said_between(self, epoch: str, first_seq: int, last_seq: int) -> list[Message]:
        return [m for m in self.messages if m.epoch == epoch and first_seq <= m.seq <= last_seq]

    def next_said(self, epoch: str, seq: int) -> int | None:
        return min((m.seq for m in self.messages if m.epoch == epoch and m.seq >= seq), default=None)

    def ask(self, first: int, last: int, epoch: str = "e2", source: str = "monitor") -> None:
        wanted = Resend(
            id="ask", source=source, seq=0, time=NOON, to="us", wanted_epoch=epoch, first_seq=first, last_seq=last
        )
        self.resends.ask(wanted)

    def say(self, backlog: int = 0) -> None:
        """As long as some are due."""

        async def do(work: Callable[..., Any], *arguments: object) -> Any:
            return work(*arguments)

        writer: Any = SimpleNamespace(do=do)
        while self.resends.is_due(backlog):
            asyncio.run(self.resends.say_some(writer, lambda message: self.again.append(message.seq)))


def test_what_is_asked_for_a_thousand_times_is_said_again_once() -> None:
    said = Said(1_200)
    for first in range(1, 1_001):
        said.ask(first, LAST_SEQ)
    said.say()
    assert said.again == list(range(1, 1_201))
    assert not said.resends


def test_a_request_is_answered_among_any_number_of_others() -> None:
    said = Said(1_200)
    said.ask(1_190, 1_200, source="ru")
    for number in range(3, 1_000, 3):
        said.ask(number, number)
    assert len(said.resends.spans["e2"]) <= MOST_SPANS
    said.say()
    assert {*range(1_190, 1_201), *range(3, 1_000, 3)} <= set(said.again)
    assert len(said.again) == len(set(said.again))


def test_what_was_said_in_no_epoch_of_ours_takes_no_room() -> None:
    said = Said(3)
    for number in range(1_000):
        said.ask(1, LAST_SEQ, epoch=f"x{number}")
    assert not said.resends
    said.ask(1, LAST_SEQ, epoch="e1")
    said.say()
    assert (said.again, bool(said.resends)) == ([], False)


def test_nothing_is_said_again_while_much_waits_for_the_broker() -> None:
    said = Said(3)
    said.ask(1, 3)
    said.say(backlog=MOST_WAITING)
    assert said.again == []
    said.say()
    assert said.again == [1, 2, 3]


def test_who_asks_for_ever_is_answered_at_a_bounded_rate() -> None:
    said = Said(RESENT_AT_ONCE)
    for _ in range(100):
        said.ask(1, RESENT_AT_ONCE)
        said.say()
    assert len(said.again) == BATCHES_AT_ONCE * RESENT_AT_ONCE
    said.time_s = 1.0
    said.say()
    assert len(said.again) == (BATCHES_AT_ONCE + 1) * RESENT_AT_ONCE
    assert not said.resends
