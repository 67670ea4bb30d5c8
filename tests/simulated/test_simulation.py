"""The simulated shell on a perfect network."""

import io
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

import pytest

from hotline_protocol.line import Answer
from hotline_protocol.message import Author, Message
from hotline_protocol.topics import EVENT, HEALTH, LINE
from hotline_services.runtime.recording import Header, RecordingWriter
from hotline_services.simulation.chance import Chance
from hotline_services.simulation.network import Crash, Faults, NetworkModel
from hotline_services.simulation.shell import Simulation

from .toys import HOUR, MINUTE, NOON, SECOND, Clerk, Listener, letter

NOBODY_DIES_IN_TIME = Faults(crashes=(Crash(party="us", at=NOON + 100 * HOUR, down_s=1),))


def two_clerks(network: NetworkModel, faults: Faults = Faults(), seed: int = 1) -> Simulation:
    simulation = Simulation(NOON, seed, network, faults)
    chance = simulation.chance
    simulation.add("us", lambda: Clerk("us", "ru", chance=chance.stream("us")), hears=[HEALTH])
    simulation.add("ru", lambda: Clerk("ru", "us", chance=chance.stream("ru")), hears=[HEALTH])
    simulation.add("monitor", Listener, hears=[LINE, EVENT, HEALTH])
    return simulation


def recording(simulation: Simulation) -> bytes:
    file = io.BytesIO()
    header = Header(scenario="clerks", seed=1, start=NOON, days=1, agreement="0" * 16)
    simulation.run(NOON + HOUR, RecordingWriter(file, header).write)
    return file.getvalue()


def listener(simulation: Simulation, name: str) -> Listener:
    core = simulation.core(name)
    assert isinstance(core, Listener)
    return core


def test_a_message_arrives_after_the_networks_delay() -> None:
    simulation = two_clerks(NetworkModel(delay_s=0.25))
    simulation.run(NOON + MINUTE + SECOND)
    first = next(at for at, message in listener(simulation, "ru").heard if isinstance(message, Answer))
    assert first == NOON + MINUTE + timedelta(milliseconds=250)


def test_what_is_said_at_one_time_is_heard_in_the_order_in_which_it_was_said() -> None:
    simulation = Simulation(NOON)
    simulation.add("us", Listener)
    for name in "abc":
        simulation.inject(letter("us", name), NOON + MINUTE)
    simulation.run(NOON + HOUR)
    assert listener(simulation, "us").ids == ["a", "b", "c"]


def test_a_core_is_woken_at_its_deadline_and_not_at_one_that_it_has_given_up() -> None:
    class Fickle(Listener):
        def receive(self, message: Message, now: datetime) -> Sequence[Message]:
            self.deadline = now + MINUTE
            return super().receive(message, now)

    simulation = Simulation(NOON)
    simulation.add("us", Fickle)
    simulation.inject(letter("us", "a"), NOON)
    simulation.inject(letter("us", "b"), NOON + 10 * SECOND)
    simulation.run(NOON + HOUR)
    assert listener(simulation, "us").lapsed == [NOON + MINUTE + 10 * SECOND]


def test_a_deadline_that_has_passed_lapses_at_once_and_in_utc() -> None:
    class Late(Listener):
        def receive(self, message: Message, now: datetime) -> Sequence[Message]:
            self.deadline = (now - MINUTE).astimezone(timezone(3 * HOUR))
            return super().receive(message, now)

    simulation = Simulation(NOON)
    simulation.add("us", Late)
    simulation.inject(letter("us"), NOON + MINUTE)
    simulation.run(NOON + HOUR)
    [lapsed] = listener(simulation, "us").lapsed
    assert lapsed.isoformat() == "2017-06-18T12:01:00+00:00"


@pytest.mark.parametrize("faults", [Faults(), NOBODY_DIES_IN_TIME], ids=["perfect", "journaled"])
def test_a_core_that_would_be_woken_for_ever_is_refused(faults: Faults) -> None:
    class Sleepless(Listener):
        def lapse(self, now: datetime) -> Sequence[Message]:
            self.deadline = now
            return ()

    simulation = Simulation(NOON, faults=faults)
    simulation.add("us", Sleepless)
    listener(simulation, "us").deadline = NOON + MINUTE
    with pytest.raises(RuntimeError, match=r"us: after lapse\(2017-06-18T12:01:00\+00:00\) the next deadline is still"):
        simulation.run(NOON + HOUR)


def test_a_broadcast_reaches_those_that_hear_its_topic_and_not_its_author() -> None:
    simulation = two_clerks(NetworkModel())
    simulation.run(NOON + HOUR)
    sources = {message.source for _, message in listener(simulation, "us").heard}
    assert sources == {"ru", "monitor"}


def test_a_node_that_overhears_the_line_hears_each_message_once() -> None:
    said: list[str] = []
    simulation = two_clerks(NetworkModel())
    simulation.run(NOON + HOUR, lambda message, _: said.append(message.id))
    heard = listener(simulation, "monitor").ids
    assert sorted(heard) == sorted(name for name in said if "health" not in name)
    assert len(said) == len(set(said))


def test_every_node_is_told_that_the_others_have_come_up() -> None:
    simulation = two_clerks(NetworkModel())
    simulation.run(NOON + SECOND)
    assert listener(simulation, "us").presences == [("ru", "up", "ru-0"), ("monitor", "up", "monitor-0")]


def test_an_injected_message_reaches_its_addressee_at_its_time() -> None:
    simulation = Simulation(NOON)
    simulation.add("us", Listener)
    simulation.inject(letter("us"), NOON + MINUTE)
    simulation.inject(letter("nobody", "stray"), NOON + MINUTE)
    simulation.run(NOON + HOUR)
    assert listener(simulation, "us").heard == [(NOON + MINUTE, letter("us"))]


def test_what_has_passed_cannot_be_injected() -> None:
    simulation = Simulation(NOON)
    simulation.run(NOON + HOUR)
    with pytest.raises(ValueError, match="at: 2017-06-18T12:00:00\\+00:00 has passed"):
        simulation.inject(letter("us"), NOON)


def test_nobody_joins_a_run_that_has_begun() -> None:
    simulation = Simulation(NOON)
    simulation.run(NOON + MINUTE)
    with pytest.raises(ValueError, match="before the first run"):
        simulation.add("us", Listener)


def test_no_two_services_have_one_name() -> None:
    simulation = Simulation(NOON)
    simulation.add("us", Listener)
    with pytest.raises(ValueError, match="us: there is a service of this name"):
        simulation.add("us", Listener)


@pytest.mark.parametrize("faults", [Faults(), NOBODY_DIES_IN_TIME], ids=["perfect", "journaled"])
def test_a_bug_in_a_core_names_the_service_and_its_input(faults: Faults) -> None:
    class Broken(Listener):
        def receive(self, message: Message, now: datetime) -> Sequence[Message]:
            raise ZeroDivisionError(message, now)

    simulation = Simulation(NOON, faults=faults)
    simulation.add("us", Broken)
    simulation.inject(letter("us"), NOON + MINUTE)
    with pytest.raises(ZeroDivisionError) as caught:
        simulation.run(NOON + HOUR)
    assert caught.value.__notes__ == ["in us, at 2017-06-18T12:01:00+00:00, on Answer letter"]


def test_a_run_in_pieces_is_the_run_in_one() -> None:
    whole = recording(two_clerks(NetworkModel()))
    pieces = two_clerks(NetworkModel())
    file = io.BytesIO()
    header = Header(scenario="clerks", seed=1, start=NOON, days=1, agreement="0" * 16)
    writer = RecordingWriter(file, header)
    for minutes in range(61):
        pieces.run(NOON + minutes * MINUTE, writer.write)
    assert file.getvalue() == whole


def test_bookkeeping_changes_nothing_on_a_perfect_network() -> None:
    assert recording(two_clerks(NetworkModel(), NOBODY_DIES_IN_TIME)) == recording(two_clerks(NetworkModel()))


def test_a_stream_of_chance_is_its_own() -> None:
    first, second = Chance(1), Chance(1)
    second.stream("other").random()
    assert first.stream("delay").random() == second.stream("delay").random()
    assert first.stream("delay").random() != first.stream("loss").random()
    assert first.stream("delay").random() != Chance(2).stream("delay").random()


def test_an_authors_messages_are_told_apart_from_those_of_a_namesake() -> None:
    simulation = Simulation(NOON)
    simulation.add("us", Listener)
    simulation.inject(Author("umpire").say(Answer, NOON, to="us", call_id="a"), NOON)
    simulation.inject(Author("umpire", "1").say(Answer, NOON, to="us", call_id="b"), NOON)
    simulation.run(NOON + HOUR)
    assert listener(simulation, "us").ids == ["umpire-0-1", "umpire-1-1"]
