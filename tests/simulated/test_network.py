"""The simulated shell when the network and the services fail: still once, still everything, still the same."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count

import msgspec
import pytest

from hotline_protocol.line import Answer
from hotline_protocol.message import Message
from hotline_protocol.service import Resend
from hotline_protocol.topics import EVENT, LINE
from hotline_services.simulation.chance import Chance
from hotline_services.simulation.faulty_node import ReplayDivergedError
from hotline_services.simulation.network import (
    Crash,
    Faults,
    Link,
    LinkState,
    Mortality,
    NetworkModel,
    Outage,
    Partition,
)
from hotline_services.simulation.shell import Simulation

from .test_simulation import listener, recording, two_clerks
from .toys import HOUR, MINUTE, NOON, SECOND, Clerk, Listener, letter

ROUGH = NetworkModel(delay_s=2, jitter_s=2, loss=0.2, duplication=0.2, reordering=0.2, late_s=60)
DEATHS = Faults(
    crashes=(
        Crash(party="us", at=NOON + 5 * MINUTE, down_s=200),
        Crash(party="ru", at=NOON + 7 * MINUTE, down_s=30, in_the_act=True),
        Crash(party="us", at=NOON + 15 * MINUTE, down_s=1, in_the_act=True),
        Crash(party="monitor", at=NOON + 12 * MINUTE, down_s=400),
    )
)


def letters_heard(simulation: Simulation, name: str) -> Counter[str]:
    return Counter(message.call_id for _, message in listener(simulation, name).heard if isinstance(message, Answer))


ALL_LETTERS = Counter(f"letter-{number}" for number in range(20))


@pytest.mark.parametrize("seed", range(30))
def test_everything_arrives_once_whatever_is_lost_doubled_late_and_whoever_dies(seed: int) -> None:
    simulation = two_clerks(ROUGH, DEATHS, seed)
    said: list[str] = []
    simulation.run(NOON + 2 * HOUR, lambda message, _: said.append(message.id))
    assert letters_heard(simulation, "us") == ALL_LETTERS
    assert letters_heard(simulation, "ru") == ALL_LETTERS
    assert sorted(listener(simulation, "monitor").ids) == sorted(name for name in said if "health" not in name)
    assert len(said) == len(set(said))


def test_the_same_seed_gives_the_same_bytes() -> None:
    first = recording(two_clerks(ROUGH, DEATHS, seed=7))
    assert first == recording(two_clerks(ROUGH, DEATHS, seed=7))
    assert first != recording(two_clerks(ROUGH, DEATHS, seed=8))


def test_a_seed_gives_what_it_gave_on_the_machine_and_version_on_which_this_was_written() -> None:
    simulation = two_clerks(ROUGH, DEATHS, seed=7)
    simulation.run(NOON + HOUR)
    heard = [
        f"{at.isoformat()} {message.id}"
        for name in ("us", "ru", "monitor")
        for at, message in listener(simulation, name).heard
    ]
    assert hashlib.sha256("\n".join(heard).encode()).hexdigest()[:16] == "872e3b72b3e914e5"


def test_without_reordering_messages_of_one_link_stay_in_order() -> None:
    simulation = Simulation(NOON, 1, NetworkModel(delay_s=300, jitter_s=300))
    simulation.add("us", lambda: Clerk("us", "ru"))
    simulation.add("ru", Listener)
    simulation.run(NOON + HOUR)
    assert listener(simulation, "ru").ids == [f"us-0-{2 * number + 1}" for number in range(20)]


def test_with_reordering_some_come_late() -> None:
    simulation = Simulation(NOON, 1, NetworkModel(reordering=0.5, late_s=600))
    simulation.add("us", lambda: Clerk("us", "ru"))
    simulation.add("monitor", Listener, hears=[EVENT])
    simulation.run(NOON + HOUR)
    numbers = [message.seq for _, message in listener(simulation, "monitor").heard]
    assert sorted(numbers) == [2 * number for number in range(1, 21)]
    assert numbers != sorted(numbers)


def test_nothing_passes_while_the_broker_is_away_and_all_of_it_after() -> None:
    outage = Outage(start=NOON + 5 * MINUTE, end=NOON + 25 * MINUTE)
    simulation = two_clerks(NetworkModel(outages=(outage,)))
    simulation.run(NOON + HOUR)
    for name in ("us", "ru", "monitor"):
        assert not [at for at, _ in listener(simulation, name).heard if outage.start <= at < outage.end]
    assert letters_heard(simulation, "us") == letters_heard(simulation, "monitor") - ALL_LETTERS == ALL_LETTERS


def test_what_waited_for_the_broker_goes_out_when_it_is_back() -> None:
    outage = Outage(start=NOON + 5 * MINUTE, end=NOON + 25 * MINUTE)
    simulation = two_clerks(NetworkModel(outages=(outage,)))
    simulation.run(outage.end + SECOND)
    assert listener(simulation, "us").presences[-1] == ("monitor", "up", "monitor-0")
    assert sum(letters_heard(simulation, "us").values()) >= 15


def test_a_partition_cuts_its_own_link_only() -> None:
    partition = Partition(between=("ru", "us"), start=NOON, end=NOON + 30 * MINUTE)
    simulation = two_clerks(NetworkModel(partitions=(partition,)))
    simulation.run(NOON + 30 * MINUTE)
    assert not letters_heard(simulation, "us")
    assert not letters_heard(simulation, "ru")
    assert letters_heard(simulation, "monitor") == ALL_LETTERS + ALL_LETTERS
    simulation.run(NOON + HOUR)
    assert letters_heard(simulation, "us") == letters_heard(simulation, "ru") == ALL_LETTERS


def test_what_one_link_does_is_no_business_of_the_others() -> None:
    def times(*, with_monitor: bool) -> list[datetime]:
        simulation = Simulation(NOON, 3, ROUGH)
        simulation.add("us", lambda: Clerk("us", "ru"))
        simulation.add("ru", Listener)
        if with_monitor:
            simulation.add("monitor", Listener, hears=[LINE, EVENT])
        simulation.run(NOON + HOUR)
        return [at for at, _ in listener(simulation, "ru").heard]

    assert times(with_monitor=True) == times(with_monitor=False)


def test_more_loss_does_not_change_how_long_the_rest_takes() -> None:
    def arrivals(loss: float) -> list[tuple[datetime, ...]]:
        link = Link(NetworkModel(delay_s=2, jitter_s=1, loss=loss), "us", "ru", Chance(1))
        state = LinkState()
        return [link.attempt(state, NOON + number * MINUTE) for number in range(100)]

    pairs = zip(arrivals(0.0), arrivals(0.3), strict=True)
    kept = [(before, after) for before, after in pairs if after]
    assert 50 < len(kept) < 90
    assert all(before == after for before, after in kept)


def test_the_shares_of_lost_and_doubled_messages_are_as_asked_for() -> None:
    link = Link(NetworkModel(loss=0.2, duplication=0.1), "us", "ru", Chance(1))
    state = LinkState()
    counts = Counter(len(link.attempt(state, NOON)) for _ in range(10_000))
    assert counts[0] / 10_000 == pytest.approx(0.2, abs=0.02)
    assert counts[2] / 10_000 == pytest.approx(0.08, abs=0.02)


def test_a_dead_service_is_reported_and_its_return_too_with_a_new_session() -> None:
    simulation = two_clerks(NetworkModel(), Faults(crashes=(Crash(party="ru", at=NOON + MINUTE, down_s=60),)))
    simulation.run(NOON + HOUR)
    presences = [presence for presence in listener(simulation, "us").presences if presence[0] == "ru"]
    assert presences == [("ru", "up", "ru-0"), ("ru", "down", "ru-0"), ("ru", "up", "ru-1")]


def test_a_service_that_comes_back_is_told_who_came_and_went_meanwhile() -> None:
    deaths = (Crash(party="us", at=NOON + MINUTE, down_s=600), Crash(party="ru", at=NOON + 2 * MINUTE, down_s=60))
    simulation = two_clerks(NetworkModel(), Faults(crashes=deaths))
    simulation.run(NOON + HOUR)
    assert listener(simulation, "us").presences[-1][::2] == ("ru", "ru-1")


def test_a_service_that_died_is_a_new_core_with_the_same_past() -> None:
    quiet = two_clerks(NetworkModel(jitter_s=0.01), seed=5)
    quiet.run(NOON + 10 * MINUTE)
    torn = two_clerks(NetworkModel(jitter_s=0.01), Faults(crashes=(DEATHS.crashes[0],)), seed=5)
    before = torn.core("us")
    torn.run(NOON + 10 * MINUTE)
    assert torn.core("us") is not before
    past = [message for at, message in listener(quiet, "us").heard if at < NOON + 5 * MINUTE]
    assert [message for _, message in listener(torn, "us").heard][: len(past)] == past


def test_what_was_journaled_and_not_acted_on_is_acted_on_after_the_restart() -> None:
    death = Crash(party="us", at=NOON + 30 * SECOND, down_s=600, in_the_act=True)
    simulation = Simulation(NOON, 1, faults=Faults(crashes=(death,)))
    simulation.add("us", lambda: Clerk("us", "ru", letters=1))
    simulation.add("ru", Listener)
    simulation.run(NOON + HOUR)
    [(at, said)] = listener(simulation, "ru").heard
    assert (said.id, said.time) == ("us-0-1", NOON + MINUTE)
    assert at >= NOON + 11 * MINUTE


def test_what_is_injected_into_a_dead_service_waits_for_it() -> None:
    simulation = Simulation(NOON, 1, faults=Faults(crashes=(Crash(party="us", at=NOON, down_s=600),)))
    simulation.add("us", Listener)
    simulation.inject(letter("us"), NOON + MINUTE)
    simulation.run(NOON + HOUR)
    assert listener(simulation, "us").heard == [(NOON + 10 * MINUTE, letter("us"))]


def test_a_core_with_chance_of_its_own_is_found_out_on_replay() -> None:
    dice = count()

    class Gambler(Clerk):
        def lapse(self, now: datetime) -> Sequence[Message]:
            said = super().lapse(now)
            return [msgspec.structs.replace(message, id=f"dice-{next(dice)}") for message in said]

    simulation = Simulation(NOON, 1, faults=DEATHS)
    simulation.add("us", lambda: Gambler("us", "ru"))
    simulation.add("ru", Listener)
    simulation.add("monitor", Listener)
    with pytest.raises(ReplayDivergedError, match=r"us: said Answer.*and on replay Answer"):
        simulation.run(NOON + HOUR)


def test_a_service_says_again_what_it_is_asked_for() -> None:
    class Forgetful(Listener):
        def lapse(self, now: datetime) -> Sequence[Message]:
            super().lapse(now)
            return (
                Resend(id="again", source="ru", seq=0, time=now, to="us", wanted_epoch="0", first_seq=1, last_seq=4),
            )

    simulation = Simulation(NOON, 1, NetworkModel(jitter_s=0.01))
    simulation.add("us", lambda: Clerk("us", "ru"))
    simulation.add("ru", Forgetful, hears=[EVENT])
    listener(simulation, "ru").deadline = NOON + HOUR
    said_again: list[str] = []
    simulation.run(NOON + HOUR, lambda message, _: said_again.append(message.id))
    simulation.run(NOON + 2 * HOUR)
    assert said_again[-1] == "again"
    assert len(listener(simulation, "ru").ids) == 40, "what was heard before is not heard again"


def test_deaths_by_chance_come_as_often_as_asked_for() -> None:
    faults = Faults(parties=("us",), crashes_per_day=6, down_s=100)
    mortality = Mortality(faults, "us", Chance(1))
    crashes = [crash for hour in range(24 * 365) if (crash := mortality.in_hour(hour, NOON + hour * HOUR))]
    assert len(crashes) / 365 == pytest.approx(6, rel=0.1)
    assert all(50 <= crash.down_s <= 150 for crash in crashes)
    assert sum(crash.in_the_act for crash in crashes) / len(crashes) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("seed", range(10))
def test_everything_arrives_once_however_often_both_sides_die(seed: int) -> None:
    simulation = two_clerks(ROUGH, Faults(parties=("us", "ru"), crashes_per_day=24, down_s=300), seed)
    simulation.run(NOON + 6 * HOUR)
    assert letters_heard(simulation, "us") == letters_heard(simulation, "ru") == ALL_LETTERS


def test_a_network_can_be_written_as_toml() -> None:
    text = """
        delay_s = 0.4
        loss = 0.1
        [[outages]]
        start = 2017-06-18T14:00:00Z
        end = 2017-06-18T15:00:00Z
    """
    network = msgspec.toml.decode(text, type=NetworkModel)
    assert network.outages[0].end - network.outages[0].start == timedelta(hours=1)
    assert not network.perfect
    assert NetworkModel().perfect


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("delay_s = 0.1\njitter_s = 0.2", "jitter_s: must not be more than delay_s"),
        ("loss = 1.0", "`float` <= 0.95 - at `\\$.loss`"),
        ("[[outages]]\nstart = 2017-06-18T15:00:00Z\nend = 2017-06-18T14:00:00Z", "end must be after start"),
    ],
)
def test_an_impossible_network_is_refused_with_the_field_and_the_reason(text: str, reason: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=reason):
        msgspec.toml.decode(text, type=NetworkModel)
