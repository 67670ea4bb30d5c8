"""A flood of rubbish over a real broker fills neither a journal nor the record nor a log, and is counted."""

import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from hotline_protocol.events import InputRejected
from hotline_protocol.flightplan import PlanState
from hotline_protocol.message import LAST_SEQ, canonical_json
from hotline_protocol.service import Resend
from hotline_protocol.topics import CONTROL, encode
from hotline_services.runtime.broker import EmbeddedBroker
from hotline_services.runtime.client import connected
from hotline_services.runtime.flood import FLOOD
from hotline_services.runtime.resends import BATCHES_AT_ONCE, BATCHES_PER_S

from .conftest import need
from .test_stack import playing

MANY = 6_000
SAID = 100
REQUESTS = 300
EVERYTHING = Resend(
    id="ask",
    source="ru",
    seq=0,
    time=datetime(2017, 6, 18, 12, tzinfo=UTC),
    to="us",
    wanted_epoch="0",
    first_seq=1,
    last_seq=LAST_SEQ,
)
RUBBISH = b'{"type": "no-such-thing", "filler": "' + b"x" * 2_000


def written_in(folder: Path) -> int:
    """Bytes in journals, record and logs."""
    return sum(path.stat().st_size for path in folder.glob("*") if path.is_file())


async def test_rubbish_for_a_centre_and_for_nobody_is_counted_and_costs_little_disk(tmp_path: Path) -> None:
    need("mosquitto")
    with EmbeddedBroker("mosquitto", tmp_path / "broker") as broker:
        async with playing(broker, tmp_path) as stack:
            async with connected(broker.settings) as client:
                for number in range(MANY):
                    topic = "inject/us" if number % 2 else "event/nobody"
                    await client.publish(f"hotline/v1/{topic}", RUBBISH + b"%d" % number, qos=number % 2)
            for source in ("us", "monitor"):
                await stack.hear(
                    lambda m, source=source: (  # type: ignore[misc]
                        isinstance(m, InputRejected) and m.source == source and m.problem.code == FLOOD
                    )
                )
            await stack.inject(canonical_json(stack.plan("good")))
            assert (await stack.settled("good")).state is PlanState.ACCEPTED
            await stack.whole()
        assert written_in(tmp_path) < MANY * len(RUBBISH) / 2


async def test_requests_to_say_everything_again_keep_no_service_from_its_work(tmp_path: Path) -> None:
    need("mosquitto")
    with EmbeddedBroker("mosquitto", tmp_path / "broker") as broker:
        async with playing(broker, tmp_path) as stack:
            async with connected(broker.settings) as client:
                for number in range(SAID):
                    await client.publish("hotline/v1/inject/us", b"rubbish %d" % number, qos=1)
                last = await stack.hear(lambda m: isinstance(m, InputRejected) and m.source == "us" and m.seq > SAID)
                before, began_s = len(stack.said), time.monotonic()
                for number in range(REQUESTS):
                    wanted = msgspec.structs.replace(EVERYTHING, id=f"ask-{number}", wanted_epoch=last.epoch)
                    await client.publish(CONTROL.address(wanted), encode(wanted), qos=1)
            await stack.inject(canonical_json(stack.plan("good")))
            await stack.settled("good")
            again = [m for m in stack.said[before:] if isinstance(m, InputRejected) and m.source == "us"]
            took_s = time.monotonic() - began_s
            assert len(again) <= (BATCHES_AT_ONCE + BATCHES_PER_S * took_s + 1) * SAID
            await stack.whole()
