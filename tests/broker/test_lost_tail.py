"""Real centres over real brokers: one is killed and its journal put back, or damaged; no agreement is denied."""

import contextlib
import random
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.nightly import nightly

from hotline_protocol.events import Escalated, EscalationKind, LedgerChanged, PlanStatus
from hotline_protocol.flightplan import PlanState
from hotline_protocol.message import Message, canonical_json
from hotline_services.cli.query import Query
from hotline_services.cli.standing import status
from hotline_services.monitor.standing import standing
from hotline_services.records.reading import open_source
from hotline_services.runtime.broker import EmbeddedBroker

from .stack import heads
from .test_stack import Quick, playing

pytestmark = pytest.mark.either_broker
FIVE = range(5)


def is_lost(message: Message) -> bool:
    return bool(message.__struct_config__.tag == "state-lost")


def copied(path: Path, to: Path) -> None:
    """The files of a journal as they are now, which may be in the middle of being written."""
    for ending in ("", "-wal"):
        with contextlib.suppress(FileNotFoundError):
            shutil.copy(f"{path}{ending}", f"{to}{ending}")


def put_back(copy: Path, path: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        Path(f"{path}{ending}").unlink(missing_ok=True)
    copied(copy, path)


def entries(path: Path) -> int:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return int(db.execute("SELECT count(*) FROM entry").fetchone()[0])


async def five_agreed(stack: Quick, first: int) -> None:
    for number in FIVE:
        low = 10_000 + 4_000 * number
        name = f"p{first + number}"
        start = stack.start + timedelta(hours=3 + first)
        plan = stack.plan(name, lower_ft=low, upper_ft=low + 2_000, start=start, end=start + timedelta(minutes=40))
        await stack.inject(canonical_json(plan))
    for number in FIVE:
        assert (await stack.settled(f"p{first + number}")).state is PlanState.ACCEPTED


async def agreeing(stack: Quick, since: int) -> None:
    def same(message: Message) -> bool:
        return isinstance(message, LedgerChanged) and heads(stack, "us") == heads(stack, "ru")

    await stack.hear(same, since=since)


def agree_on_record(record: Path, length: int) -> bool:
    """Whether both sides have told of one ledger, with so many entries of ru. Before that, some may be on their way."""
    with closing(open_source(record)) as source:
        found = {chain.granter: chain for chain in standing(source, None).ledgers}
    return bool(found) and all(chain.agrees for chain in found.values()) and found["ru"].granted.length == length


def two_contents(said: list[Message]) -> list[str]:
    known: dict[tuple[str, str, int], bytes] = {}
    return [
        message.id
        for message in said
        if message.seq
        and known.setdefault((message.source, message.epoch, message.seq), canonical_json(message))
        != canonical_json(message)
    ]


async def test_no_number_is_used_twice_after_a_journal_was_put_back(own_broker: EmbeddedBroker, tmp_path: Path) -> None:
    async with playing(own_broker, tmp_path, speed=10) as stack:
        await five_agreed(stack, 0)
        copied(tmp_path / "us.sqlite3", tmp_path / "copy")
        await five_agreed(stack, 5)
        stack.kill("aoc us")
        put_back(tmp_path / "copy", tmp_path / "us.sqlite3")
        since = len(stack.said)
        stack.launch("aoc us")
        await stack.inject(canonical_json(stack.plan("later", lower_ft=40_000, upper_ft=42_000)))
        await stack.hear(lambda m: isinstance(m, PlanStatus) and m.plan_id == "later", since=since)
        assert not two_contents(stack.said)
        await agreeing(stack, since)


@pytest.mark.parametrize("party", ["us", *nightly(["ru"])])
async def test_a_journal_that_is_put_back_costs_no_agreement(
    own_broker: EmbeddedBroker, tmp_path: Path, party: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with playing(own_broker, tmp_path, speed=10) as stack:
        await five_agreed(stack, 0)
        journal, copy = tmp_path / f"{party}.sqlite3", tmp_path / "copy"
        copied(journal, copy)
        await five_agreed(stack, 5)
        stack.kill(f"aoc {party}")
        put_back(copy, journal)
        since = len(stack.said)
        stack.launch(f"aoc {party}")
        lost: Any = await stack.hear(is_lost, since=since)
        assert lost.source == party
        assert lost.epoch != lost.lost_epoch
        await agreeing(stack, since)
        await five_agreed(stack, 10)
        await agreeing(stack, since)
        await stack.until(lambda: heads(stack, "us")["ru"].length >= 15)
        assert not two_contents(stack.said)
        mismatches = [m for m in stack.said if isinstance(m, Escalated) and m.kind is EscalationKind.LEDGER_MISMATCH]
        assert not mismatches
        await stack.whole()
        await stack.until(lambda: agree_on_record(tmp_path / "monitor.sqlite3", heads(stack, "us")["ru"].length))
        status(query=Query(record=tmp_path / "monitor.sqlite3"))
        told = capsys.readouterr().out
        assert f"{party} at " in told
        assert "they agree" in told
        assert "THEY DIFFER" not in told


async def test_fifty_flipped_bytes_in_the_log_of_a_killed_centre_are_reported_and_made_good(
    own_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    async with playing(own_broker, tmp_path, speed=10) as stack:
        await five_agreed(stack, 0)
        stack.kill("aoc ru")
        log = tmp_path / "ru.sqlite3-wal"
        size, dice = log.stat().st_size, random.Random(1)
        with log.open("r+b") as file:
            for number in range(50):
                file.seek(size // 2 + 7 * number)
                file.write(bytes([dice.randrange(256)]))
        since = len(stack.said)
        stack.launch("aoc ru")
        await stack.inject(canonical_json(stack.plan("later", lower_ft=40_000, upper_ft=42_000)), to="ru")
        await stack.hear(lambda m: isinstance(m, PlanStatus) and m.plan_id == "later", since=since)
        assert not two_contents(stack.said)
        lost: Any = await stack.hear(is_lost, since=since)
        assert "damaged" in lost.reason
        assert (tmp_path / "ru.sqlite3.damaged-1").exists()
        await agreeing(stack, since)
        await five_agreed(stack, 5)
        await agreeing(stack, since)
        await stack.until(lambda: heads(stack, "ru")["ru"].length >= 10)
        assert not two_contents(stack.said)
