"""A flood of rubbish over a real broker fills neither a journal nor the record nor a log, and is counted."""

from pathlib import Path

from hotline_protocol.events import InputRejected
from hotline_protocol.flightplan import PlanState
from hotline_protocol.message import canonical_json
from hotline_services.runtime.broker import EmbeddedBroker
from hotline_services.runtime.client import connected
from hotline_services.runtime.flood import FLOOD

from .conftest import need
from .test_stack import playing

MANY = 6_000
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
