"""A whole run is a value: it can be cloned, compared, written down, read back, and played event by event."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import Enum
from types import FunctionType, MethodType
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline_protocol.message import Message
from hotline_protocol.slices import Slice
from hotline_protocol.topics import TOPICS
from hotline_services.director.scenario import read_scenario
from hotline_services.monitor.core import MonitorCore
from hotline_services.simulation.network import ClockStep, Crash, Faults, Hang, NetworkModel, SlowDisk
from hotline_services.simulation.node import value
from hotline_services.simulation.shell import Simulation
from hotline_services.traffic.sky import Sky
from hotline_services.world import MONITOR, build

from .kept_digests import shipped
from .toys import HOUR, NOON, Listener, letter

ROUGH = NetworkModel(delay_s=1, jitter_s=1, loss=0.1, duplication=0.1, reordering=0.1, late_s=30)
HOURS_AFTER = 3

scenarios = st.sampled_from(shipped())
faulty = st.booleans()
hours = st.floats(0, 12)
events = st.integers(0, 40)


def started(name: str, *, torn: bool = False, monitored: bool = True) -> Simulation:
    """A run of this scenario. When it is ``torn``, messages are lost, doubled and late, and services die and err."""
    scenario = read_scenario(name)
    if torn:
        simulation = build(scenario, 1, 2, network=ROUGH, faults=troubles(scenario.agreement.parties, scenario.start))
    else:
        simulation = build(scenario, 1, 2)
    if monitored:
        simulation.add(MONITOR, MonitorCore, hears=TOPICS)
    return simulation


def troubles(parties: tuple[str, ...], start: datetime) -> Faults:
    """Each kind of trouble within two days, in whole numbers where fractions could be."""
    one, other = parties[:2]
    return Faults(
        crashes=(Crash(party=other, at=start + 6 * HOUR, down_s=60, lost=3),),
        parties=(one, "sky"),
        crashes_per_day=12,
        down_s=600,
        slow_disks=(SlowDisk(party=one, start=start + 2 * HOUR, end=start + 12 * HOUR, commit_s=2),),
        hangs=(Hang(party=other, at=start + 5 * HOUR),),
        clock_steps=(ClockStep(party=one, at=start + 7 * HOUR, offset_s=-20),),
    )


def rest(simulation: Simulation, until: datetime) -> list[bytes]:
    """What is said from here on until then."""
    said: list[bytes] = []
    simulation.run(until, lambda message, at: said.append(msgspec.json.encode((at, message))))
    return said


def played(name: str, hour: float, more_events: int, *, torn: bool) -> Simulation:
    """A run that has come to this event."""
    simulation = started(name, torn=torn)
    simulation.run(simulation.start + hour * HOUR)
    for _ in range(more_events):
        simulation.step()
    return simulation


@settings(max_examples=12)
@given(scenarios, faulty, hours, events)
def test_a_clone_says_what_the_original_says_and_leaves_it_as_it_was(
    name: str, torn: bool, hour: float, more_events: int
) -> None:
    original = played(name, hour, more_events, torn=torn)
    until = original.now + HOURS_AFTER * HOUR
    clone, before = original.clone(), original.fingerprint()
    assert clone.fingerprint() == before
    said = rest(clone, until)
    assert original.fingerprint() == before
    assert rest(original, until) == said
    assert original.fingerprint() == clone.fingerprint()


@pytest.mark.parametrize("copied", ["cloned", "loaded"])
def test_a_core_that_no_longer_wants_to_be_woken_is_not_woken_in_a_copy_either(copied: str) -> None:
    original, name = played("suspension-2017-04", 4.237325331064456, 35, torn=False), "suspension-2017-04"
    copy = original.clone() if copied == "cloned" else started(name)
    if copied == "loaded":
        copy.load(original.save())
    for _ in range(40):
        assert original.step() == copy.step()
        assert original.fingerprint() == copy.fingerprint()


@settings(max_examples=12)
@given(scenarios, faulty, hours, events)
def test_a_run_that_is_written_down_and_read_back_goes_on_as_it_would_have(
    name: str, torn: bool, hour: float, more_events: int
) -> None:
    original, loaded = played(name, hour, more_events, torn=torn), started(name, torn=torn)
    until = original.now + HOURS_AFTER * HOUR
    loaded.load(original.save())
    assert loaded.fingerprint() == original.fingerprint()
    assert loaded.fingerprint(original.now) == original.fingerprint(original.now)
    assert rest(loaded, until) == rest(original, until)
    assert loaded.fingerprint() == original.fingerprint()


@pytest.mark.parametrize("torn", [False, True], ids=["perfect", "torn"])
def test_a_fingerprint_that_is_taken_at_each_step_is_that_of_the_state_alone(torn: bool) -> None:
    """Forms are kept until what they are of changes: a run that has just been read back has kept none."""
    original = played("valley-2017", 6, 0, torn=torn)
    for number in range(200):
        original.step()
        original.fingerprint()
        if number % 20 == 0:
            read_back = started("valley-2017", torn=torn)
            read_back.load(original.save())
            assert read_back.fingerprint() == original.fingerprint()


@pytest.mark.parametrize("torn", [False, True], ids=["perfect", "torn"])
def test_a_clone_of_a_clone_is_a_run_of_its_own(torn: bool) -> None:
    original = played("valley-2017", 6, 0, torn=torn)
    clones = [original.clone().clone() for _ in range(2)]
    until = original.now + 4 * HOUR
    assert rest(clones[0], until) == rest(original, until) == rest(clones[1], until)


@pytest.mark.parametrize("torn", [False, True], ids=["perfect", "torn"])
def test_a_run_by_steps_is_the_run_in_one(torn: bool) -> None:
    stepped, whole = started("valley-day", torn=torn), started("valley-day", torn=torn)
    said: list[Message] = []
    until = whole.start + 8 * HOUR
    while stepped.now < until:
        said += stepped.step() or ()
    heard: list[Message] = []
    whole.run(stepped.now, lambda message, _: heard.append(message))
    assert said == heard[: len(said)]
    assert {message.time for message in heard[len(said) :]} <= {stepped.now}


def test_what_a_step_says_is_returned_and_after_the_last_event_there_is_nothing() -> None:
    simulation = Simulation(NOON)
    simulation.add("us", Listener)
    births = simulation.step()
    assert births is not None
    assert [message.source for message in births] == ["us"]
    assert simulation.step() is None


def test_a_run_goes_on_until_something_is_true_of_it() -> None:
    simulation = started("valley-2017")

    def flies(run: Simulation) -> bool:
        sky = run.core("sky")
        assert isinstance(sky, Sky)
        return bool(sky.flying)

    assert simulation.run_until(flies)
    took_off_at = simulation.now
    assert simulation.run_until(took_off_at + HOUR)
    assert simulation.now == took_off_at + HOUR
    quiet = Simulation(NOON)
    assert not quiet.run_until(lambda _: False)


def test_a_run_in_which_nothing_but_the_names_and_the_time_differ_has_one_canonical_fingerprint() -> None:
    one, other = (Simulation(NOON + days * timedelta(days=1)) for days in (0, 3))
    for simulation in (one, other):
        simulation.add(MONITOR, MonitorCore, hears=TOPICS)
        simulation.run(simulation.start + HOUR)
    assert one.fingerprint() != other.fingerprint()
    assert one.fingerprint(one.now) == other.fingerprint(other.now)


def test_an_alarm_that_was_set_to_another_time_is_no_part_of_the_fingerprint() -> None:
    simulation = played("valley-2017", 6, 0, torn=False)
    before = simulation.fingerprint()
    stale = simulation.clone()
    assert stale.fingerprint() == before
    stale.step()
    assert stale.fingerprint() != before


def test_a_core_that_is_no_value_is_named() -> None:
    simulation = Simulation(NOON)
    simulation.add("us", Listener)
    for use in (simulation.clone, simulation.fingerprint, simulation.save):
        with pytest.raises(TypeError, match="us: its core, a Listener, cannot be cloned"):
            use()


def test_a_run_of_other_services_is_not_read_back() -> None:
    with pytest.raises(ValueError, match=r"saved: of us, ru, director, sky, monitor, not of us, ru, director, sky"):
        started("valley-2017", monitored=False).load(started("valley-2017").save())


@pytest.mark.parametrize("name", shipped())
def test_each_core_goes_on_from_what_it_has_saved(name: str) -> None:
    original, fresh = played(name, 20, 0, torn=False), started(name)
    for service in ("us", "ru", "director", "sky", MONITOR):
        try:
            core = value(service, original.core(service))
        except KeyError:
            continue  # not every scenario has a sky
        loaded = value(service, fresh.core(service))
        loaded.load(core.save())
        assert loaded.save() == core.save()
        assert loaded.fingerprint() == core.fingerprint()
        assert loaded.next_deadline == core.next_deadline


# Nothing is remembered outside the state. ----------------------------------------------------------------------

WORKED_OUT = {
    "Flights._foresights": "by where the line runs, of the agreement",
    "Draws._drawn": "the same numbers whenever they are asked for",
    "Draws._next": "the generator of these numbers",
    "FaultyNetwork._links": "the rules of each link, made when it is first used",
    "PerfectNetwork._deadlines": "of the cores",
    "PerfectNetwork._direct": "of the routes",
    "PerfectNetwork._routes": "by the type of a message, when the first is said",
    "FaultyNetwork._routes": "by the type of a message, when the first is said",
    "PerfectNetwork.handlers": "wiring",
    "FaultyNetwork.handlers": "wiring",
    "FaultyNetwork._listener": "who listens",
    "PerfectNetwork._listener": "who listens",
    "FaultyNode.core": "made anew after each death",
    "Centre": "its own test looks at it",
    "Simulation._begun": "a flag that is saved",
}
"""What may change though it is no state."""


def attributes(thing: Any, seen: dict[int, Any]) -> Iterator[tuple[str, Any]]:
    """Each attribute of this thing and of all that it holds, with its name; but not what is state, or worked out."""
    kind = type(thing)
    if id(thing) in seen or isinstance(thing, Slice | msgspec.Struct | Enum | type | FunctionType | MethodType):
        return
    seen[id(thing)] = thing
    if isinstance(thing, dict | list | tuple | set):
        for each in thing.values() if isinstance(thing, dict) else thing:
            yield from attributes(each, seen)
    elif kind.__module__.startswith(("hotline_", "tests.")) and kind.__name__ not in WORKED_OUT:
        for name, held in vars(thing).items():
            path = f"{kind.__name__}.{name}"
            if path not in WORKED_OUT and not isinstance(held, Slice):
                yield path, shallow(held)
                yield from attributes(held, seen)


def shallow(held: Any) -> str:
    if isinstance(held, dict | list | tuple | set):
        return f"{type(held).__name__} {[repr(each) if isinstance(each, str | int) else id(each) for each in held]}"
    return repr(held)


def changed(simulation: Simulation, until: datetime) -> set[str]:
    """The names of attributes outside of states that change when the run goes on."""
    before = list(attributes(simulation, {}))
    simulation.run(until)
    return {now[0] for was, now in zip(before, attributes(simulation, {}), strict=True) if was != now}


@pytest.mark.parametrize("torn", [False, True], ids=["perfect", "torn"])
def test_nothing_that_a_run_knows_is_outside_its_state(torn: bool) -> None:
    simulation = started("valley-2017", torn=torn)
    simulation.step()
    looked_at = {path for path, _ in attributes(simulation, {})}
    assert torn or {"Sky._flights", "Director._acts", "MonitorCore._limits"} <= looked_at
    assert changed(simulation, simulation.start + 30 * HOUR) == set()


def test_what_a_core_remembers_outside_its_state_is_found() -> None:
    simulation = Simulation(NOON)
    simulation.add("us", Listener)
    simulation.inject(letter("us"), NOON)
    assert changed(simulation, NOON + HOUR) == {"Listener.heard"}
