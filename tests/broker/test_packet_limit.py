"""A message over the broker's packet limit is set aside, once and with a word; everything else is delivered."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hotline_protocol.line import Reason, Ring, Tier
from hotline_protocol.service import Health, Unreadable
from hotline_protocol.topics import HEALTH
from hotline_services.runtime.broker import KINDS, EmbeddedBroker
from hotline_services.runtime.journal import Journal

from .conftest import need
from .test_live_shell import Pair, Run, client, tally
from .toys import Teller

LIMIT = 1_500
EXTRA = {"mosquitto": f"max_packet_size {LIMIT}", "nats": f"max_payload: {LIMIT}"}


@pytest.fixture(params=KINDS)
def narrow(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EmbeddedBroker]:
    """A broker that takes 1,500 bytes: mosquitto tells so over MQTT 5, NATS closes the connection."""
    need(request.param)
    with EmbeddedBroker(request.param, tmp_path / "broker", extra=EXTRA[request.param]) as running:
        yield running


class Verbose(Teller):
    """Rings a few times; the rings whose numbers are in ``large`` are about very many things."""

    def __init__(self, name: str, peer: str, epoch: str, large: Sequence[int], amount: int) -> None:
        super().__init__(name, peer, epoch, amount)
        self._large = large

    def ring(self, call_id: str, now: datetime) -> Ring:
        about = tuple(f"negotiation-{n}" for n in range(200)) if int(call_id) in self._large else ()
        fields: dict[str, Any] = {
            "call_id": call_id,
            "reason": Reason.ROUTINE,
            "tier": Tier.DUTY_OFFICER,
            "about": about,
        }
        return self.author.say(Ring, now, to=self.peer, **fields)


async def test_it_is_set_aside_and_everything_else_is_delivered(
    narrow: EmbeddedBroker, tmp_path: Path, pair: Pair
) -> None:
    async with tally(narrow, tmp_path, pair), client(narrow, HEALTH.filter(source=pair[0])) as (_, wait_for):
        run = Run(narrow, tmp_path, *pair, lambda epoch: Verbose(*pair, epoch, (3, 6), 8))
        asks = run.cores[0]
        await asks.until(lambda: len(asks.answers) >= 6 and len(asks.heard_of(Unreadable)) >= 2)
        assert sorted(asks.answers) == [1, 2, 4, 5, 7, 8]
        letters = msgspec.to_builtins(asks.heard_of(Unreadable))
        assert [letter["code"] for letter in letters] == ["too-large"] * 2
        assert all("bytes, and the broker" in letter["reason"] for letter in letters)
        told = await wait_for(
            lambda m: isinstance(m, Health) and "2 messages were too large" in m.note and m.outbox == 0
        )
        assert narrow.kind != "mosquitto" or f"takes {LIMIT:,} bytes" in told.note
        run.actor.stop()
        await run.ended()
    with closing(Journal(tmp_path / f"{pair[0]}.journal", pair[0])) as journal:
        assert journal.recover().unconfirmed == []
    if narrow.kind == "mosquitto":
        assert "oversize" not in (tmp_path / "broker" / "broker.log").read_text()


async def test_receipts_that_are_too_large_together_are_sent_in_parts(tmp_path: Path, pair: Pair) -> None:
    need("mosquitto")
    with EmbeddedBroker("mosquitto", tmp_path / "broker", extra=f"max_packet_size {LIMIT}") as broker:
        async with tally(broker, tmp_path, pair) as hears:
            run = Run(broker, tmp_path, *pair, lambda epoch: Teller(*pair, epoch, 300))
            await run.cores[0].until(lambda: len(run.cores[0].answers) >= 300)
            await hears.until(lambda: len(hears.heard) >= 300)
            async with client(broker, HEALTH.filter(source=pair[0])) as (_, wait_for):
                await wait_for(lambda m: isinstance(m, Health) and m.outbox == 0)
            run.actor.stop()
            await run.ended()
