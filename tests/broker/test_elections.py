"""A cluster that chooses its leaders refuses for a while whom it will let in: that is waited for, within a bound."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from hotline_services.runtime import client, nodes
from hotline_services.runtime.client import NoBrokerError, connected, subscribe
from hotline_services.runtime.mqtt import Connection
from hotline_services.runtime.nodes import ELECTION_S, Nodes
from hotline_services.runtime.wire import BrokerSettings, Refused

from .test_cluster_addresses import DEAD, PATIENCE_S, Ups

CONNECT, SUBSCRIBE, PING, OLD = 1, 8, 12, 4


class Choosing:
    """A node that speaks MQTT 3.1.1 as NATS does: refuses so many connections, and so many subscriptions."""

    def __init__(self, *, connections: int = 0, subscriptions: int = 0) -> None:
        self.connections = connections
        self.subscriptions = subscriptions
        self._writers: list[asyncio.StreamWriter] = []

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        yield f"mqtt://127.0.0.1:{port}"
        server.close()
        for writer in self._writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while answer := self._answer(*await self._packet(reader)):
                writer.write(answer)
        writer.close()

    async def _packet(self, reader: asyncio.StreamReader) -> tuple[int, bytes]:
        kind = (await reader.readexactly(1))[0] >> 4
        length = shift = 0
        while (byte := (await reader.readexactly(1))[0]) & 0x80:
            length, shift = length | (byte & 0x7F) << shift, shift + 7
        return kind, await reader.readexactly(length | byte << shift)

    def _answer(self, kind: int, body: bytes) -> bytes:
        if kind == CONNECT:
            if body[6] != OLD:
                return b""
            self.connections -= 1
            return b"\x20\x02\x00\x03" if self.connections >= 0 else b"\x20\x02\x00\x00"
        if kind == SUBSCRIBE:
            self.subscriptions -= 1
            code = b"\x80" if self.subscriptions >= 0 else b"\x01"
            topics, place = 0, 2
            while place < len(body):
                topics, place = topics + 1, place + 3 + int.from_bytes(body[place : place + 2])
            return bytes([0x90, 2 + topics]) + body[:2] + code * topics
        return b"\xd0\x00" if kind == PING else b""


@pytest.mark.parametrize("cluster", [False, True])
async def test_a_service_that_starts_in_an_election_is_let_in_after_it(*, cluster: bool) -> None:
    async with Choosing(connections=2, subscriptions=3).serving() as address:
        ups = Ups()
        settings = BrokerSettings.from_url(f"{DEAD},{address}" if cluster else address)
        running = Connection(settings, "hotline-us", ["hotline/v1/clock"], ups)
        task = asyncio.create_task(running.run())
        await ups.until(1)
        await running.close()
        await task


async def test_a_service_that_is_refused_for_longer_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "ELECTION_S", 0.2)
    async with Choosing(subscriptions=1_000).serving() as address:
        refused = Connection(BrokerSettings.from_url(address), "hotline-us", ["hotline/v1/clock"], Ups())
        with pytest.raises(Refused, match="the subscription hotline/v1/clock"):
            async with asyncio.timeout(PATIENCE_S):
                await refused.run()


async def test_a_tool_waits_for_the_end_of_an_election(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "AGAIN_S", 0.0)
    async with (
        Choosing(connections=4, subscriptions=3).serving() as address,
        connected(BrokerSettings.from_url(f"{DEAD},{address}")) as there,
    ):
        await subscribe(there, "hotline/v1/clock", "hotline/v1/health/+")


async def test_a_tool_that_is_refused_for_longer_or_at_a_single_broker_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Choosing(subscriptions=1_000).serving() as address:
        for named in (address, f"{DEAD},{address}"):
            async with connected(BrokerSettings.from_url(named)) as there:
                with pytest.raises(NoBrokerError, match="does not let this user hear hotline/v1/clock"):
                    await subscribe(there, "hotline/v1/clock")
            monkeypatch.setattr(client, "ELECTION_S", 0.1)
    async with Choosing(connections=1_000).serving() as address:
        with pytest.raises(NoBrokerError, match="unavailable"):
            async with connected(BrokerSettings.from_url(f"{DEAD},{address}")):
                pass


def test_a_refusal_is_the_last_word_when_all_nodes_have_refused_and_it_will_not_pass() -> None:
    tried = Nodes(BrokerSettings.from_url(f"{DEAD},mqtt://127.0.0.1:2"))
    assert not tried.note_refusal(0.0, may_pass=False)
    tried.advance()
    assert tried.note_refusal(1.0, may_pass=False)
    assert not tried.note_refusal(ELECTION_S - 1.0, may_pass=True)
    assert tried.note_refusal(ELECTION_S, may_pass=True)
