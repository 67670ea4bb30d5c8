"""A run in which every service goes on from snapshots is the run that it would have been without them, to the byte."""

import json
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

import pytest

from hotline_protocol.core import Core, Value
from hotline_protocol.message import Message
from hotline_protocol.topics import Topic
from hotline_services.simulation.shell import Simulation

from .kept_digests import KEPT, digest

EVERY = 20
KEPT_DIGESTS = json.loads(KEPT.read_text(encoding="utf-8"))


class Restored:
    """A core that is saved every so many inputs, and replaced by a fresh one that has loaded what was saved."""

    def __init__(self, make: Callable[[], Core], times: dict[str, int]) -> None:
        self._make = make
        self._core = make()
        self._inputs = 0
        self._times = times

    @property
    def next_deadline(self) -> datetime | None:
        return self._core.next_deadline

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:
        return self._restored().receive(message, now)

    def lapse(self, now: datetime) -> Sequence[Message]:
        return self._restored().lapse(now)

    def _restored(self) -> Core:
        self._inputs += 1
        if self._inputs % EVERY == 0 and isinstance(self._core, Value):
            saved, self._core = self._core.save(), self._make()
            assert isinstance(self._core, Value)
            self._core.load(saved)
            kind = type(self._core).__name__
            self._times[kind] = self._times.get(kind, 0) + 1
        return self._core


@pytest.mark.parametrize(
    ("name", "kinds"),
    [("valley-day", {"Centre", "Director"}), ("euphrates-2017-06-18", {"Centre", "Director", "Sky"})],
)
def test_a_run_from_snapshots_writes_the_same_bytes(
    name: str, kinds: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    add, times = Simulation.add, dict[str, int]()

    def add_restored(
        simulation: Simulation, name: str, core_factory: Callable[[], Core], *, hears: Collection[Topic] = ()
    ) -> None:
        add(simulation, name, lambda: Restored(core_factory, times), hears=hears)

    monkeypatch.setattr(Simulation, "add", add_restored)
    assert digest(name, 1) == KEPT_DIGESTS[f"{name}/1"]
    assert times.keys() == kinds
    assert min(times.values()) > 2
