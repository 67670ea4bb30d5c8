"""A service to which its broker brings nothing any more notices it, and connects again: not too soon, not too often."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from hotline_protocol.service import Health, Presence
from hotline_services.delivery.outbox import Seen
from hotline_services.runtime.deafness import DEAF_S, LIVES, LONGEST_S, Deafness

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Life:
    """One service, its connection, which is up again at once, and time."""

    def __init__(self, *, hears_all: bool = False) -> None:
        self.now_s = 100.0
        self.dropped: list[tuple[float, str, bool]] = []
        self.deafness = Deafness("monitor", hears_all=hears_all, now_s=lambda: self.now_s)
        self.seen = Seen()
        self.connect()

    def connect(self) -> None:
        self.deafness.connected()
        self.deafness.spoke()

    def drop(self, reason: str, *, forget: bool) -> None:
        self.dropped.append((self.now_s, reason, forget))
        self.deafness.disconnected()
        self.connect()

    def wait(self, seconds: float, *, comes_back: bool = False, keeps_coming: bool = False, idle: bool = True) -> None:
        until = self.now_s + seconds
        while self.now_s < until:
            self.now_s += 0.5
            if self.now_s % 10 == 0:
                self.deafness.spoke()
            if comes_back:
                self.deafness.came_back()
            if keeps_coming:
                self.deafness.delivered()
            self.deafness.look(self, idle=idle)

    def hear(self, source: str, seq: int) -> None:
        self.seen.first_time(_health(source, seq=seq))

    def tell(self, source: str, said: int, presence: Presence = Presence.UP) -> None:
        self.deafness.hear(_health(source, said=said, presence=presence), self.seen)


def _health(source: str, *, seq: int = 0, said: int = 0, presence: Presence = Presence.UP) -> Health:
    return Health(id="h", source=source, seq=seq, time=NOW, presence=presence, session="s", said=said)


def test_a_service_that_hears_itself_stays_connected() -> None:
    life = Life(hears_all=True)
    life.wait(3_600, comes_back=True)
    assert life.dropped == []
    assert not life.deafness.trouble


def test_a_service_that_no_longer_hears_itself_connects_again_and_says_so() -> None:
    life = Life()
    life.wait(DEAF_S + 1)
    assert [(at_s, forget) for at_s, _, forget in life.dropped] == [(100 + DEAF_S, False)]
    assert "no sign of life of ours has come back for 25 s; connected anew at" in life.deafness.trouble
    life.wait(3_600, comes_back=True)
    assert len(life.dropped) == 1
    assert not life.deafness.trouble


def test_where_connecting_does_not_help_it_is_done_less_often_and_in_the_end_without_the_session() -> None:
    life = Life()
    life.wait(3_600)
    times = [at_s for at_s, _, _ in life.dropped]
    pauses = [after - before for before, after in pairwise(times)]
    assert pauses[:3] == [50, 100, 200]
    assert set(pauses[3:]) == {LONGEST_S}
    assert [forget for _, _, forget in life.dropped][:LIVES] == [False, False, True]


@pytest.mark.parametrize("busy", [{"keeps_coming": True}, {"idle": False}])
def test_a_service_with_much_to_take_in_is_not_taken_for_deaf(busy: dict[str, bool]) -> None:
    life = Life()
    life.wait(600, **busy)
    assert life.dropped == []


def test_while_there_is_no_connection_nothing_is_missed() -> None:
    life = Life()
    life.deafness.disconnected()
    life.wait(600)
    assert life.dropped == []


def test_whoever_hears_all_misses_what_the_signs_of_life_of_others_tell_of() -> None:
    life = Life(hears_all=True)
    life.hear("us", 1)
    life.tell("us", 5)
    life.wait(DEAF_S + 1, comes_back=True)
    assert [reason for _, reason, _ in life.dropped] == ["what us said has not come for 25 s"]
    life.tell("us", 5)  # it will not come: that is no reason to connect again
    life.wait(600, comes_back=True)
    assert len(life.dropped) == 1


def test_what_comes_late_or_was_said_by_one_that_is_gone_is_not_missed() -> None:
    life = Life(hears_all=True)
    for said in range(2, 60, 2):
        life.hear("us", said)
        life.tell("us", said + 2)
        life.wait(10, comes_back=True)
    life.tell("ru", 5)
    life.tell("us", 80, Presence.DOWN)
    life.tell("ru", 5, Presence.DOWN)
    life.wait(600, comes_back=True)
    assert life.dropped == []


def test_a_service_that_hears_only_what_is_for_it_misses_nothing_of_others() -> None:
    life = Life()
    life.tell("us", 5)
    life.wait(600, comes_back=True)
    assert life.dropped == []


def test_a_service_that_hears_all_does_not_wait_for_what_it_says_itself() -> None:
    life = Life(hears_all=True)
    for said in range(1, 5):
        life.tell("monitor", said)
        life.wait(DEAF_S + 5, comes_back=True)
    assert life.dropped == []
