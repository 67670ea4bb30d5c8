"""A little live run without a broker: services with journals, and the monitor's record of what they say."""

import json
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hotline_protocol.core import Core, Value
from hotline_protocol.message import Author, Message
from hotline_protocol.orders import TakeDesk
from hotline_protocol.topics import topic_of
from hotline_services.cli.rerun import rerun
from hotline_services.director.scenario import read_scenario, scenario_digest
from hotline_services.records.record import Record
from hotline_services.runtime.journal import Journal
from hotline_services.runtime.provenance import Launch, Provenance
from hotline_services.runtime.replay import Past, state_of
from hotline_services.runtime.store import Heard
from hotline_services.runtime.tail import Tail
from hotline_services.world import fresh_core

SCENARIO = "valley-2017"
SEED = 11
DAYS = 2
SPEED = 30.0
SERVICES = ("director", "us", "ru")
HOURS = 4


def launch() -> Launch:
    """How each service of the run says it was started."""
    made = Provenance(digest=scenario_digest(SCENARIO), program="0.0.1+test", python="3.11.0")
    return Launch(scenario=SCENARIO, provenance=made, seed=SEED, days=DAYS, speed=SPEED)


def played(folder: Path, *, unheard: int | None = None, snapshot_every: int = 0) -> int:
    """Play some hours in this folder; returns how many messages the record holds. The monitor misses ``unheard``,
    counted from 0 among the messages of us. Journals keep a snapshot ``snapshot_every`` so many inputs."""
    scenario = read_scenario(SCENARIO)
    with ExitStack() as opened:
        journals = {name: opened.enter_context(closing(_journal(folder, name, snapshot_every))) for name in SERVICES}
        cores = {name: fresh_core(scenario, name, journals[name].epoch, SEED, DAYS, SPEED) for name in SERVICES}
        pasts = {name: Past(tail=Tail(name, journals[name].epochs)) for name in SERVICES}
        record = opened.enter_context(closing(Record(folder / "monitor.sqlite3", launch=launch())))
        now = scenario.start.astimezone(UTC)
        end = now + timedelta(hours=HOURS)
        waiting: deque[Message] = deque([_take_desk(now)])
        record.commit([Heard(now, waiting[0])], [], [])
        count, of_us = 1, 0
        while now < end:
            told = waiting.popleft() if waiting else None
            name = str(getattr(told, "to", "")) if told else min(cores, key=lambda each: _deadline(cores[each]))
            core = cores[name]
            now = now if told else max(now, _deadline(core))
            said = list(core.receive(told, now) if told else core.lapse(now))
            journals[name].commit([Heard(now, told)], said, [])
            pasts[name].remember(Heard(now, told))
            pasts[name].tail.tell(said)
            _keep_snapshot(journals[name], core, pasts[name])
            for message in said:
                of_us += message.source == "us"
                if message.source != "us" or of_us - 1 != unheard:
                    record.commit([Heard(now, message)], [], [])
                    count += bool(message.seq)
                if topic_of(message).receipted and getattr(message, "to", "") in cores:
                    waiting.append(message)
        return count


def _journal(folder: Path, name: str, snapshot_every: int) -> Journal:
    return Journal(folder / f"{name}.sqlite3", name, launch=launch(), snapshot_every=snapshot_every)


def _keep_snapshot(journal: Journal, core: Core, past: Past) -> None:
    if journal.wants_snapshot and isinstance(core, Value):
        journal.keep_snapshot(journal.place(), state_of(core, past.save()))
    journal.tidy()


def _deadline(core: Core) -> datetime:
    assert core.next_deadline is not None
    return core.next_deadline


def _take_desk(now: datetime) -> TakeDesk:
    return Author("us-desk").say(TakeDesk, now, to="us", sitting="s1", operator="Ada", lease_s=60.0)


def changed(run: Path, to: Path, change: Callable[[list[bytes]], list[bytes]]) -> Path:
    """This recording with its lines changed."""
    path = to / "changed.jsonl"
    path.write_bytes(b"".join(change(run.read_bytes().splitlines(keepends=True))))
    return path


def found(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    """What ``hotline rerun --json`` says of this recording: its exit code, and the object that it prints."""
    capsys.readouterr()
    code = rerun(path, json=True)
    return code, json.loads(capsys.readouterr().out)
