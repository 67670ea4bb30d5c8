"""The live shell beside raw aiomqtt, over brokers on loopback, in the same run.

Example: python benchmarks/bench_live.py --requests 1000 --messages 10000
         python benchmarks/bench_live.py --faults 20

Both sides of each pair are processes of their own. Blocks of requests alternate, so that all meet the same weather.
Raw aiomqtt speaks MQTT 3.1.1 and carries no properties, as its users mostly have it. Over a broker that speaks MQTT 5
it is also timed with the trace context that our publishes carry. Ours are timed unsigned, and signed by both sides.
"""

import argparse
import asyncio
import contextlib
import itertools
import logging
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import aiomqtt
import msgspec
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from rich.console import Console
from rich.table import Table

from hotline_protocol.core import Core
from hotline_protocol.line import Busy
from hotline_protocol.message import Author
from hotline_protocol.topics import HEALTH, address_of, encode
from hotline_services.delivery.payloads import UNSIGNED, Signing
from hotline_services.runtime.actor import LiveActor
from hotline_services.runtime.broker import EmbeddedBroker, Kind, available
from hotline_services.runtime.children import die_with_parent
from hotline_services.runtime.journal import Journal, Sync
from hotline_services.runtime.logs import set_up_logs
from hotline_services.runtime.properties import PARENT
from hotline_services.runtime.store import Heard
from live_cores import ANSWERER, ASKER, TELLER, Answerer, Asker, Counter, make_keys, ring, service, signing
from sizes import parsed

HERE = Path(__file__).parent
BLOCK = 100
PATIENCE_S = 60.0
RAW: Final = "raw"
TRACED: Final = "traced"
OURS: Final = "ours"
SIGNED: Final = "ours-signed"
TRACE: Final = f"00-{1:032x}-{1:016x}-01"


@contextlib.contextmanager
def child(*arguments: object) -> Iterator[None]:
    """A process that is there for a while."""
    process = subprocess.Popen([sys.executable, *map(str, arguments)], preexec_fn=die_with_parent())  # noqa: PLW1509
    try:
        yield
    finally:
        process.terminate()
        process.wait(5)


@contextlib.asynccontextmanager
async def running(actor: LiveActor) -> AsyncIterator[None]:
    """An actor in this process."""
    task = asyncio.create_task(actor.run())
    try:
        yield
    finally:
        actor.stop()
        await task


def raw_client(port: int, name: str, *, traced: bool = False) -> aiomqtt.Client:
    """aiomqtt as its users use it, but with TCP_NODELAY, without which it takes 44 ms."""
    return aiomqtt.Client(
        "127.0.0.1",
        port,
        identifier=name,
        protocol=aiomqtt.ProtocolVersion.V5 if traced else None,
        socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        max_inflight_messages=128,
    )


def raw_properties(*, traced: bool) -> Properties | None:
    """A trace context as a user of aiomqtt carries it: made anew for each publish, since each is another span."""
    if not traced:
        return None
    properties = Properties(PacketTypes.PUBLISH)
    properties.UserProperty = (PARENT, TRACE)
    return properties


async def raw_answerer(port: int, kind: str) -> None:
    """The other side of raw aiomqtt, in a process of its own."""
    traced = kind == TRACED
    async with raw_client(port, f"{kind}-b", traced=traced) as client:
        await client.subscribe(f"{kind}/question", qos=1)
        await client.publish(f"{kind}/there", b"1", qos=1, retain=True)
        async for message in client.messages:
            await client.publish(f"{kind}/answer", message.payload, qos=1, properties=raw_properties(traced=traced))


async def there(broker: EmbeddedBroker, topic: str) -> None:
    """Until something is said on this topic."""
    async with asyncio.timeout(PATIENCE_S), raw_client(broker.port, "waiter") as client:
        await client.subscribe(topic, qos=1)
        async for message in client.messages:
            if not topic.startswith("hotline/") or b'"up"' in bytes(message.payload):
                return


async def tell(broker: EmbeddedBroker, to: str, text: str, sign: Signing = UNSIGNED) -> None:
    """A word to one of the cores."""
    async with raw_client(broker.port, "teller") as client:
        word = Busy(id=f"word-{time.time_ns()}", source=TELLER, seq=0, time=datetime.now(UTC), to=to, call_id=text)
        await client.publish(address_of(word), sign.encode(address_of(word), word), qos=1)


async def ask_raw(client: aiomqtt.Client, kind: str, count: int) -> list[float]:
    """Requests and replies over raw aiomqtt: seconds each."""
    payload = encode(ring(Author(ASKER, "bench"), datetime.now(UTC), "1"))
    times = []
    answers = aiter(client.messages)
    for _ in range(count):
        began = time.perf_counter()
        await client.publish(f"{kind}/question", payload, qos=1, properties=raw_properties(traced=kind == TRACED))
        await anext(answers)
        times.append(time.perf_counter() - began)
    return times


@contextlib.asynccontextmanager
async def raw_asker(broker: EmbeddedBroker, kind: str) -> AsyncIterator[aiomqtt.Client]:
    """One side of raw aiomqtt, while the other is there to answer."""
    with child(__file__, "--raw-answerer", broker.port, "--raw-kind", kind):
        async with raw_client(broker.port, f"{kind}-a", traced=kind == TRACED) as client:
            await client.subscribe(f"{kind}/answer", qos=1)
            await there(broker, f"{kind}/there")
            yield client


class Asking(NamedTuple):
    """Two actors of ours over a broker: ``ask`` makes so many round trips, ``times_s`` are those made."""

    ask: Callable[[int], Awaitable[None]]
    times_s: list[float]


@contextlib.asynccontextmanager
async def our_asker(broker: EmbeddedBroker, sync: Sync, *, signed: bool) -> AsyncIterator[Asking]:
    """One journaled actor, while the other is there to answer."""
    finished = asyncio.Event()
    cores: list[Asker] = []

    def core(epoch: str) -> Core:
        cores.append(Asker(epoch, finished.set))
        return cores[-1]

    with tempfile.TemporaryDirectory() as name:
        data = Path(name)
        if signed:
            make_keys(data)
        settings = msgspec.structs.replace(broker.settings, signing=signing(data, ASKER))
        actor = LiveActor(service(ASKER, core), Journal(data / "a", ASKER, sync=sync), settings)

        async def ask(count: int) -> None:
            finished.clear()
            await tell(broker, ASKER, str(count), signing(data, TELLER))
            async with asyncio.timeout(PATIENCE_S):
                await finished.wait()

        with child(HERE / "live_cores.py", "answerer", "--port", broker.port, "--data", data, "--sync", sync):
            async with running(actor):
                await there(broker, HEALTH.filter(source=ANSWERER))
                yield Asking(ask, cores[0].times_s)


async def request_reply(kind: Kind, sync: Sync, requests: int) -> dict[str, list[float]]:
    """Seconds of each round trip, by kind: over raw aiomqtt, and through two journaled actors, unsigned and signed.

    The signed ones have a broker of their own, of the same kind, since both pairs set the clock.
    """
    raw = [RAW] if kind == "nats" else [RAW, TRACED]  # nats speaks MQTT 3.1.1
    times: dict[str, list[float]] = {name: [] for name in raw}
    async with contextlib.AsyncExitStack() as stack:
        broker, other = (stack.enter_context(EmbeddedBroker(kind)) for _ in range(2))
        ours = {
            OURS: await stack.enter_async_context(our_asker(broker, sync, signed=False)),
            SIGNED: await stack.enter_async_context(our_asker(other, sync, signed=True)),
        }
        clients = {name: await stack.enter_async_context(raw_asker(broker, name)) for name in raw}
        for _ in range(max(1, requests // BLOCK)):
            for name, client in clients.items():
                times[name] += await ask_raw(client, name, BLOCK)
            for asking in ours.values():
                await asking.ask(BLOCK)
        times |= {name: list(asking.times_s) for name, asking in ours.items()}
    return {name: each[BLOCK:] or each for name, each in times.items()}


async def raw_pourer(port: int, messages: int) -> None:
    """The sending side of the raw stream, in a process of its own: 128 in flight, once it is told to go."""
    payload = encode(ring(Author(ASKER, "bench"), datetime.now(UTC), "1"))
    room = asyncio.Semaphore(128)
    async with raw_client(port, "raw-a") as client:
        await client.subscribe("raw/go", qos=1)
        await client.publish("raw/there", b"1", qos=1, retain=True)
        await anext(aiter(client.messages))

        async def one() -> None:
            await client.publish("raw/stream", payload, qos=1)
            room.release()

        async with asyncio.TaskGroup() as group:
            for _ in range(messages):
                await room.acquire()
                group.create_task(one())


async def stream_raw(broker: EmbeddedBroker, messages: int) -> float:
    """Messages a second over raw aiomqtt."""
    with child(__file__, "--raw-pourer", broker.port, "--messages", messages):
        async with raw_client(broker.port, "raw-b") as sink:
            await sink.subscribe("raw/stream", qos=1)
            await there(broker, "raw/there")
            began = time.perf_counter()
            await sink.publish("raw/go", b"1", qos=1)
            arriving = aiter(sink.messages)
            for _ in range(messages):
                await anext(arriving)
            return messages / (time.perf_counter() - began)


async def stream(kind: Kind, messages: int) -> tuple[float, float, list[int]]:
    """Messages a second raw, and through two journaled actors; and the numbers in which they came."""
    with EmbeddedBroker(kind) as broker:
        raw = await stream_raw(broker, messages)
        async with pouring(broker, messages, at_once=100, every_ms=1.0) as (counter, finished):
            began = time.perf_counter()
            await tell(broker, ASKER, "go")
            async with asyncio.timeout(PATIENCE_S):
                await finished.wait()
            return raw, messages / (time.perf_counter() - began), counter[0].numbers


@contextlib.asynccontextmanager
async def pouring(
    broker: EmbeddedBroker, messages: int, *, at_once: int, every_ms: float
) -> AsyncIterator[tuple[list[Counter], asyncio.Event]]:
    """A pourer in a process, waiting for a word, and a counter here."""
    finished = asyncio.Event()
    cores: list[Counter] = []

    def core(_epoch: str) -> Core:
        cores.append(Counter(messages, finished.set))
        return cores[-1]

    pace = ("--amount", messages, "--at-once", at_once, "--every-ms", every_ms)
    with tempfile.TemporaryDirectory() as data:
        actor = LiveActor(service(ANSWERER, core), Journal(Path(data) / "b", ANSWERER), broker.settings)
        with child(HERE / "live_cores.py", "pourer", "--port", broker.port, "--data", data, *pace):
            async with running(actor):
                await there(broker, HEALTH.filter(source=ASKER))
                await there(broker, HEALTH.filter(source=ANSWERER))
                yield cores, finished


async def faults(kind: Kind, times: int) -> tuple[int, list[int]]:
    """The broker killed for 2 s at 100 messages/s, again and again: how many were sent, and what came."""
    seconds = times * 4 + 2
    messages = seconds * 100
    with EmbeddedBroker(kind) as broker:
        async with pouring(broker, messages, at_once=1, every_ms=10.0) as (counter, finished):
            await tell(broker, ASKER, "go")
            for _ in range(times):
                await asyncio.sleep(2)
                broker.kill()
                await asyncio.sleep(2)
                broker.start()
            async with asyncio.timeout(PATIENCE_S):
                await finished.wait()
            return messages, counter[0].numbers


def replay_inputs(inputs: int) -> tuple[float, float]:
    """Seconds to write so many inputs and outputs in batches of 50, and CPU seconds to replay them."""
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as data:
        author, core = Author(ASKER, "bench"), Answerer("0")
        journal = Journal(Path(data) / "j", ANSWERER)
        began = time.perf_counter()
        for _ in range(inputs // 50):
            heard = [Heard(now, ring(author, now, "1")) for _ in range(50)]
            journal.commit(heard, [said for one in heard if one.message for said in core.receive(one.message, now)], [])
        wrote = time.perf_counter() - began
        journal.close()
        began = time.process_time()
        journal, core = Journal(Path(data) / "j", ANSWERER), Answerer("0")
        from hotline_services.runtime.replay import Past, replay

        for _ in replay(core, journal.recover(), Past()):
            pass
        took = time.process_time() - began
        journal.close()
    return wrote, took


def milliseconds(times: list[float]) -> tuple[float, float]:
    """p50 and p99."""
    return statistics.median(times) * 1e3, sorted(times)[int(len(times) * 0.99)] * 1e3


def show(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """One table."""
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(*row)
    Console(width=110).print(table)


def bench_requests(requests: int, kinds: Sequence[Kind]) -> None:
    rows = []
    for kind in kinds:
        syncs: tuple[Sync, ...] = ("normal", "full") if kind == "mosquitto" else ("normal",)
        for sync in syncs:
            times = asyncio.run(request_reply(kind, sync, requests))
            for name, each in times.items():
                p50, p99 = milliseconds(each)
                beside = [f"{p50 / milliseconds(times[raw])[0]:.2f}" if raw in times else "-" for raw in (RAW, TRACED)]
                rows.append([kind, sync, name, f"{p50:.2f}", f"{p99:.2f}", *beside])
    columns = ["broker", "journal.sync", "who", "p50", "p99", "x raw", "x traced"]
    wanted = f"wanted of traced: {OURS} <= 0.9 x, {SIGNED} <= 1.3 x; p99 <= 5"
    show(f"Request-reply, QoS 1, {requests} each, ms ({wanted})", columns, rows)


def bench_stream(messages: int, kinds: Sequence[Kind]) -> None:
    rows = []
    for kind in kinds:
        raw, ours, numbers = asyncio.run(stream(kind, messages))
        rows.append([kind, f"{raw:,.0f}", f"{ours:,.0f}", verdict(messages, numbers)])
    columns = ["broker", "aiomqtt, 128 in flight", "two journaled actors", "arrived"]
    show(f"Stream, QoS 1, {messages:,} messages, messages/s (wanted: >= 3,500)", columns, rows)


def verdict(sent: int, numbers: list[int]) -> str:
    """Whether all came, once, in order."""
    lost, doubled = sent - len(set(numbers)), len(numbers) - len(set(numbers))
    late = sum(1 for before, after in itertools.pairwise(numbers) if after < before)
    return f"{lost} lost, {doubled} doubled, {late} out of order"


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=1_000, help="round trips of each kind")
    parser.add_argument("--messages", type=int, default=10_000, help="messages in the stream")
    parser.add_argument("--faults", type=int, metavar="TIMES", help="only this: kill the broker so often (4 s each)")
    parser.add_argument("--replay", type=int, metavar="INPUTS", help="only this: replay a journal of so many inputs")
    parser.add_argument("--raw-pourer", type=int, metavar="PORT", help=argparse.SUPPRESS)
    parser.add_argument("--raw-answerer", type=int, metavar="PORT", help=argparse.SUPPRESS)
    parser.add_argument("--raw-kind", default=RAW, help=argparse.SUPPRESS)
    options = parsed(parser, requests=5, messages=50)
    set_up_logs("bench", level="error")
    logging.getLogger("mqtt").setLevel(logging.ERROR)  # aiomqtt's: it warns of every publish beyond ten at once
    if options.raw_answerer:
        with contextlib.suppress(aiomqtt.MqttError):
            asyncio.run(raw_answerer(options.raw_answerer, options.raw_kind))
    elif options.raw_pourer:
        with contextlib.suppress(aiomqtt.MqttError):
            asyncio.run(raw_pourer(options.raw_pourer, options.messages))
    elif options.faults:
        sent, numbers = asyncio.run(faults("mosquitto", options.faults))
        print(f"broker killed {options.faults} times for 2 s, {sent} messages: {verdict(sent, numbers)}")
    elif options.replay:
        wrote, took = replay_inputs(options.replay)
        print(f"{options.replay:,} inputs and answers: written in {wrote:.2f} s, replayed in {took:.2f} s of CPU")
    else:
        kinds = available()[: 1 if options.smoke else None]
        bench_requests(options.requests, kinds)
        bench_stream(options.messages, kinds)


if __name__ == "__main__":
    main()
