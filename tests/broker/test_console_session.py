"""A console's session with a centre made by hand, which does what a real one would not."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiomqtt
import pytest

from hotline_protocol.message import Author, Message
from hotline_protocol.orders import AnswerRing, DeskTaken, LeaveDesk, Sitting, TakeDesk
from hotline_protocol.service import Clock, Health, Presence
from hotline_protocol.topics import ORDER, address_of, decode, encode, topic_of
from hotline_services.console import session
from hotline_services.console.desk import sitting
from hotline_services.console.desk.desk_view import Notice
from hotline_services.console.desk.sitting import Draft
from hotline_services.console.session import Session
from hotline_services.runtime.broker import EmbeddedBroker
from hotline_services.runtime.client import connected

PATIENCE_S = 240
SPEED = 1_000.0
START = datetime(2026, 6, 1, 9, tzinfo=UTC)


def number_of(order: str) -> int:
    """The last part of an order's id, which counts the orders of one sitting."""
    return int(order.rpartition("-")[2])


class Deaf:
    """A centre that gives the desk to whoever asks, and never confirms anything."""

    def __init__(self, client: aiomqtt.Client, party: str) -> None:
        self._client = client
        self._author = Author(party)
        self.heard: list[Message] = []
        self._news = asyncio.Condition()

    async def say(self, message: Message) -> None:
        await self._client.publish(address_of(message), encode(message), qos=1, retain=topic_of(message).retain)

    async def serve(self) -> None:
        async for arrived in self._client.messages:
            message = decode(str(arrived.topic), bytes(arrived.payload))
            if isinstance(message, TakeDesk):
                by = Sitting(sitting=message.sitting, operator=message.operator)
                taken = self._author.say(DeskTaken, message.time, by=by, until=message.time, agreement="0" * 16)
                await self.say(taken)
            async with self._news:
                self.heard.append(message)
                self._news.notify_all()

    def count(self, kind: type[Message]) -> int:
        return sum(isinstance(message, kind) for message in self.heard)

    @property
    def holds(self) -> list[int]:
        """The numbers of the orders by which the desk was taken or held, as they came."""
        return [number_of(message.id) for message in self.heard if isinstance(message, TakeDesk)]

    async def hears_a_hold_after(self, number: int) -> None:
        """Wait until the desk is held by an order with a greater number than this."""
        async with asyncio.timeout(PATIENCE_S), self._news:
            await self._news.wait_for(lambda: max(self.holds, default=0) > number)

    async def hears(self, kind: type[Message], times: int) -> None:
        """Wait until this has come so often."""
        async with asyncio.timeout(PATIENCE_S), self._news:
            await self._news.wait_for(lambda: self.count(kind) >= times)


@contextlib.asynccontextmanager
async def deaf_centre(broker: EmbeddedBroker, party: str) -> AsyncIterator[Deaf]:
    async with connected(broker.settings) as client:
        await client.subscribe(ORDER.filter(to=party), qos=1)
        centre = Deaf(client, party)
        serving = asyncio.create_task(centre.serve())
        real = datetime.now(UTC)
        clock = Author("director").say(Clock, START, real_start=real, simulated_start=START, speed=SPEED)
        await centre.say(clock)
        await centre.say(Author(party).say(Health, START, presence=Presence.UP, session="1"))
        yield centre
        serving.cancel()


async def test_a_centre_that_never_confirms_is_told_no_more_as_time_goes_on(
    own_broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "AGAIN_S", 0.01)
    monkeypatch.setattr(session, "RENEWED_EVERY_REAL_S", 0.02)
    monkeypatch.setattr(sitting, "LEASE_REAL_S", 0.3)
    monkeypatch.setattr(session, "LEAVE_S", 0.1)
    given_up = asyncio.Event()

    def hear(notices: list[Notice]) -> None:
        if any("not confirmed in time: answer ring" in notice.text for notice in notices):
            given_up.set()

    async with deaf_centre(own_broker, "ru") as centre:
        desk = Session("ru", "Col. X")
        desk.on_news = hear
        async with asyncio.timeout(PATIENCE_S), desk.seated(own_broker.settings):
            await desk.send(Draft(AnswerRing, {"call_id": "us-0-c1"}))
            await centre.hears(AnswerRing, 1)
            await given_up.wait()
            await centre.hears_a_hold_after(desk.sitting._count)  # so nothing that was said before is under way
            so_far = centre.count(AnswerRing)
            await centre.hears(TakeDesk, centre.count(TakeDesk) + 10)
            assert centre.count(AnswerRing) == so_far
            holds = centre.holds
            assert holds == sorted(holds), "none is said again once there is a later one"
        await centre.hears(LeaveDesk, 1)
