"""Signed services over brokers that let anybody say anything: what others forge or say again changes nothing."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import aiomqtt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hotline_protocol.line import Answer, Reason, Ring, Tier
from hotline_protocol.message import Author, Message
from hotline_protocol.roster import Roster
from hotline_protocol.service import Clock, Health, Presence, Receipt, Unreadable
from hotline_protocol.signature import take_off
from hotline_protocol.topics import CLOCK, EVERYTHING, address_of, encode
from hotline_services.runtime.actor import DONE, LiveActor
from hotline_services.runtime.broker import EmbeddedBroker
from hotline_services.runtime.guard import CONTRADICTED, REPLAYED
from hotline_services.runtime.journal import Journal
from hotline_services.runtime.signing import BAD_SIGNATURE, Signer, Verifier, signing_of

from .toys import CLOCK as ITS_CLOCK
from .toys import PATIENCE_S, START, Tally, Teller, Toy, service

SIGNERS = {name: Signer(Ed25519PrivateKey.generate()) for name in ("us", "ru")}
KEYS = {name: (signer.public,) for name, signer in SIGNERS.items()}
ROSTER = Roster(keys=KEYS | {"director": KEYS["us"]})  # us sets the clock in its place
INSIDER = Signer(Ed25519PrivateKey.generate())


class Noticed(LiveActor):
    """An actor with an event for its subscription. It misses messages that are published earlier and not retained."""

    up: asyncio.Event

    def on_up(self, *, session_present: bool) -> None:
        super().on_up(session_present=session_present)
        self.up.set()


@contextlib.asynccontextmanager
async def running(broker: EmbeddedBroker, folder: Path, core: Callable[[str], Toy], name: str) -> AsyncIterator[Toy]:
    """One toy, signed, that hears, until the end of the block; ``us`` sets the clock."""
    cores: list[Toy] = []

    def keep(epoch: str) -> Toy:
        cores.append(core(epoch))
        return cores[-1]

    toy = service(name, "ru" if name == "us" else "us", keep, sets_clock=name == "us")
    signing = signing_of(SIGNERS[name], Verifier(ROSTER))
    settings = msgspec.structs.replace(broker.settings, signing=signing)
    actor = Noticed(toy, Journal(folder / f"{name}.journal", name), settings)
    actor.up = asyncio.Event()
    task = asyncio.create_task(actor.run())
    try:
        async with asyncio.timeout(PATIENCE_S):
            await actor.up.wait()
        yield cores[0]
    finally:
        actor.stop()
        async with asyncio.timeout(PATIENCE_S):
            assert await task == DONE


class Insider:
    """Somebody with every right at the broker, and without a key of the roster: hears all, says anything."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client
        self._news = asyncio.Condition()
        self.heard: list[tuple[str, bytes]] = []

    async def listen(self) -> None:
        async for message in self._client.messages:
            async with self._news:
                self.heard.append((str(message.topic), bytes(message.payload)))
                self._news.notify_all()

    async def of(self, topic: str, kind: type[Message]) -> bytes:
        """The first payload of this kind on this topic."""
        wanted = f'"type":"{kind.__struct_config__.tag}"'.encode()
        async with asyncio.timeout(PATIENCE_S), self._news:
            while True:
                for name, payload in self.heard:
                    if name == topic and wanted in payload:
                        return payload
                await self._news.wait()

    async def until(self, enough: Callable[[list[tuple[str, bytes]]], bool]) -> None:
        """Wait until what has been heard is like this."""
        async with asyncio.timeout(PATIENCE_S), self._news:
            await self._news.wait_for(lambda: enough(self.heard))

    async def say(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        await self._client.publish(topic, payload, qos=1, retain=retain)


@contextlib.asynccontextmanager
async def insider(broker: EmbeddedBroker) -> AsyncIterator[Insider]:
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        await client.subscribe(EVERYTHING, qos=1)
        found = Insider(client)
        listening = asyncio.create_task(found.listen())
        yield found
        listening.cancel()


def teller(amount: int, every: timedelta = timedelta(seconds=0.2)) -> Callable[[str], Toy]:
    return lambda epoch: Teller("us", "ru", epoch, amount, every)


def tally(epoch: str) -> Toy:
    return Tally("ru", "us", epoch)


def believed(heard: tuple[str, bytes]) -> bool:
    return Verifier(ROSTER).problem(*heard) is None


def put_back(clocks: list[bool]) -> bool:
    """Whether all three that are forged have been heard, and the owner's own after them."""
    return clocks.count(False) >= 3 and clocks[-1]


def refusals(toy: Toy, code: str) -> list[Unreadable]:
    return [message for message in toy.heard if isinstance(message, Unreadable) and message.code == code]


def ring(call_id: str, seq: int, epoch: str) -> Ring:
    author = Author("us", epoch)
    author.seq = seq - 1
    return author.say(Ring, START, to="ru", call_id=call_id, reason=Reason.ROUTINE, tier=Tier.DUTY_OFFICER)


async def test_signed_services_talk_and_everything_that_they_say_is_signed(
    own_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    async with insider(own_broker) as ear, running(own_broker, tmp_path, tally, "ru"):
        async with running(own_broker, tmp_path, teller(20, timedelta()), "us") as us:
            await us.until(lambda: len(us.heard_of(Answer)) == 20)
            assert sorted(int(answer.call_id) for answer in us.heard_of(Answer)) == list(range(1, 21))  # type: ignore[attr-defined]
            await ear.of("hotline/v1/receipt/ru/us", Receipt)
        assert not [message for message in us.heard if isinstance(message, Unreadable)]
    signed = [payload for topic, payload in ear.heard if payload and not topic.startswith("hotline/v1/control/")]
    assert {topic.split("/")[2] for topic, payload in ear.heard} >= {"line", "receipt", "health", "clock"}
    for payload in signed:
        take_off(payload)


async def test_what_an_insider_forges_is_refused_and_told_and_nothing_genuine_is_lost(
    own_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    """With the next numbers of ``us``, before it says them itself."""
    line = "hotline/v1/line/us/ru"
    async with insider(own_broker) as villain, running(own_broker, tmp_path, tally, "ru") as ru:
        async with running(own_broker, tmp_path, teller(6), "us") as us:
            genuine = await villain.of(line, Ring)
            epoch = us.author.epoch
            forged = [encode(ring("forged", seq, epoch)) for seq in (2, 3)]
            forged += [
                INSIDER.encode(line, ring("forged", 4, epoch)),
                SIGNERS["ru"].encode(line, ring("forged", 5, epoch)),
            ]
            forged += [genuine.replace(b'"seq":1', b'"seq":6'), take_off(genuine).unsigned]
            for payload in forged:
                await villain.say(line, payload)
            await ru.until(lambda: len(refusals(ru, BAD_SIGNATURE)) >= len(forged))
            await us.until(lambda: len(us.heard_of(Answer)) == 6)
        assert [ring.call_id for ring in ru.heard_of(Ring)] == list("123456")  # type: ignore[attr-defined]
        assert all(refusal.topic == line and refusal.evidence for refusal in refusals(ru, BAD_SIGNATURE))
        note = b"messages were refused by their signatures"
        await villain.until(lambda heard: any(note in payload and "health/ru" in topic for topic, payload in heard))


async def test_a_forged_clock_moves_no_time_and_its_owner_puts_its_own_back(
    own_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    async with insider(own_broker) as villain, running(own_broker, tmp_path, tally, "ru") as ru:
        async with running(own_broker, tmp_path, teller(6), "us") as us:
            await villain.of(CLOCK.template, Clock)
            far = msgspec.structs.replace(ITS_CLOCK, simulated_start=START.replace(year=2150))
            for payload in (
                encode(far),
                INSIDER.encode(CLOCK.template, far),
                SIGNERS["ru"].encode(CLOCK.template, far),
            ):
                await villain.say(CLOCK.template, payload, retain=True)
            await ru.until(lambda: len(refusals(ru, BAD_SIGNATURE)) >= 3)
            await us.until(lambda: len(us.heard_of(Answer)) == 6)
            assert all(answer.time.year < 2150 for answer in us.heard_of(Answer))
            await villain.until(lambda heard: put_back([believed(each) for each in heard if each[0] == CLOCK.template]))
        async with insider(own_broker) as later:
            kept = await later.of(CLOCK.template, Clock)
        assert believed((CLOCK.template, kept))
        assert b"2150-" not in kept


async def test_a_clock_and_a_sign_of_life_of_an_earlier_run_are_refused_when_said_again(
    own_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    async with insider(own_broker) as villain:
        async with running(own_broker, tmp_path, teller(0), "us"):
            old_clock = await villain.of(CLOCK.template, Clock)
        villain.heard.clear()
        newer = msgspec.structs.replace(ITS_CLOCK, real_start=START + timedelta(seconds=1))
        async with running(own_broker, tmp_path, tally, "ru") as ru:
            await villain.say(CLOCK.template, SIGNERS["us"].encode(CLOCK.template, newer), retain=True)
            await villain.of("hotline/v1/health/ru", Health)
            await asyncio.sleep(0)
            async with asyncio.timeout(PATIENCE_S):
                while not refusals(
                    ru, REPLAYED
                ):  # those soon after the connect are dropped: it may be the broker's doing
                    villain.heard.clear()
                    await villain.say(CLOCK.template, old_clock)
                    await villain.of(CLOCK.template, Clock)
            assert all(refusal.topic == CLOCK.template for refusal in refusals(ru, REPLAYED))


async def test_a_forged_receipt_takes_nothing_out_of_the_outbox(own_broker: EmbeddedBroker, tmp_path: Path) -> None:
    """The ring is said while ``ru`` is away; somebody claims that it has arrived."""
    async with insider(own_broker) as villain, running(own_broker, tmp_path, teller(1), "us") as us:
        await villain.of("hotline/v1/line/us/ru", Ring)
        name = f"us-{us.author.epoch}-1"
        receipt = Receipt(id="r1", source="ru", seq=0, time=START, to="us", ids=(name,))
        await villain.say(address_of(receipt), encode(receipt))
        await villain.say(address_of(receipt), INSIDER.encode(address_of(receipt), receipt))
        await us.until(lambda: len(refusals(us, BAD_SIGNATURE)) == 2)
        async with running(own_broker, tmp_path, tally, "ru") as ru:
            await us.until(lambda: len(us.heard_of(Answer)) == 1)
            assert len(ru.heard_of(Ring)) == 1


async def test_a_forged_death_is_no_death(own_broker: EmbeddedBroker, tmp_path: Path) -> None:
    async with (
        insider(own_broker) as villain,
        running(own_broker, tmp_path, teller(1), "us") as us,
        running(own_broker, tmp_path, tally, "ru"),
    ):
        await us.until(lambda: bool(us.heard_of(Health)) and len(us.heard_of(Answer)) == 1)
        birth = us.heard_of(Health)[-1]
        assert isinstance(birth, Health)
        assert birth.presence is Presence.UP
        death = msgspec.structs.replace(birth, presence=Presence.DOWN)
        await villain.say(address_of(death), encode(death), retain=True)
        await us.until(lambda: len(refusals(us, BAD_SIGNATURE)) == 1)
        assert us.heard_of(Health)[-1] == birth


async def test_one_number_with_two_contents_is_refused_though_both_are_signed_also_after_a_restart(
    own_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    line = "hotline/v1/line/us/ru"
    async with insider(own_broker) as villain, running(own_broker, tmp_path, teller(2), "us") as us:
        async with running(own_broker, tmp_path, tally, "ru") as ru:
            await us.until(lambda: len(us.heard_of(Answer)) == 2)
            genuine = await villain.of(line, Ring)
            await villain.say(line, genuine)
            other = SIGNERS["us"].encode(line, ring("other", 1, us.author.epoch))
            await villain.say(line, other)
            await ru.until(lambda: len(refusals(ru, CONTRADICTED)) == 1)
            assert [ring.call_id for ring in ru.heard_of(Ring)] == ["1", "2"]  # type: ignore[attr-defined]
        async with running(own_broker, tmp_path, tally, "ru") as ru:
            await villain.say(line, genuine)
            await villain.say(line, SIGNERS["us"].encode(line, ring("another", 2, us.author.epoch)))
            await ru.until(lambda: len(refusals(ru, CONTRADICTED)) >= 2)
            assert [ring.call_id for ring in ru.heard_of(Ring)] == ["1", "2"]  # type: ignore[attr-defined]
