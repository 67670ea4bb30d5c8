"""Messages a second through the simulated shell, beside SimPy doing the same in the same run; and whole days.

Two actors play ping-pong: each message takes 50 ms of simulated time to arrive, and is answered. Then a whole day of
two centres and a director is simulated, on a perfect network and on one that loses, doubles and delays.

  simulated shell            the answer is a message made before the rally: what is measured is bringing it
  ..., new message each      every answer is stamped anew, as real services do
  ..., journaled             with outboxes, receipts and journals, as on a network that may lose something
  SimPy                      an inbox (Store) and a process each, and a process that carries each message
  SimPy, callbacks           the same with a callback in the place of that process
"""

import argparse
import statistics
import time
from collections.abc import Callable, Generator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import simpy

from hotline_protocol.line import Answer
from hotline_protocol.message import Author, Message
from hotline_services.director.scenario import Scenario, read_scenario
from hotline_services.simulation.network import Crash, Faults, NetworkModel
from hotline_services.simulation.shell import Simulation
from hotline_services.world import build
from sizes import parsed

START = datetime(2017, 6, 18, tzinfo=UTC)
DELAY = timedelta(milliseconds=50)
ROUGH = NetworkModel(delay_s=1, jitter_s=1, loss=0.1, duplication=0.1, reordering=0.1)
BALL = Author("umpire").say(Answer, START, to="a", call_id="rally")


class Player:
    """Returns every ball; the ball is a message made before the rally, since making it is not what is measured."""

    next_deadline: datetime | None = None

    def __init__(self, name: str, other: str) -> None:
        self.heard = 0
        self._return = (Author(name).say(Answer, START, to=other, call_id="rally"),)

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:  # noqa: ARG002  a core's signature
        self.heard += 1
        return self._return

    def lapse(self, now: datetime) -> Sequence[Message]:  # noqa: ARG002
        return ()


class Inventor(Player):
    """Returns every ball with a new one, stamped as real cores do."""

    def __init__(self, name: str, other: str) -> None:
        super().__init__(name, other)
        self._author = Author(name)
        self._other = other

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:  # noqa: ARG002  a core's signature
        self.heard += 1
        return (self._author.say(Answer, now, to=self._other, call_id="rally"),)


def ours(player: Callable[[str, str], Player], messages: int, faults: Faults = Faults()) -> int:  # noqa: B008
    """The rally in the simulated shell; returns how many messages were heard."""
    simulation = Simulation(START, seed=1, network=NetworkModel(delay_s=DELAY.total_seconds()), faults=faults)
    simulation.add("a", lambda: player("a", "b"))
    simulation.add("b", lambda: player("b", "a"))
    simulation.inject(BALL, START)
    simulation.run(START + (messages - 1) * DELAY)
    return sum(simulation.core(name).heard for name in "ab")  # type: ignore[attr-defined]


def ours_journaled(player: Callable[[str, str], Player], messages: int) -> int:
    """The same with outboxes, receipts, journals and memories of what was seen, since somebody may die."""
    death = Crash(party="a", at=START + timedelta(days=400), down_s=1)
    return ours(player, messages, Faults(crashes=(death,)))


def with_simpy(player: Callable[[str, str], Player], messages: int) -> int:
    """The rally in SimPy as its manual has it ("Event latency"): an inbox (Store) each, and a cable between them.

    Its actors are told no time, since its clock is a float and theirs would have to be made from it.
    """
    environment = simpy.Environment()
    inboxes = {name: simpy.Store(environment) for name in "ab"}
    players = {"a": player("a", "b"), "b": player("b", "a")}
    delay_s = DELAY.total_seconds()

    def carry(message: Any) -> Generator[Any, Any, None]:
        yield environment.timeout(delay_s)
        inboxes[message.to].put(message)

    def play(name: str) -> Generator[Any, Any, None]:
        while True:
            message = yield inboxes[name].get()
            for said in players[name].receive(message, START):
                environment.process(carry(said))

    return _rally_in_simpy(environment, inboxes, players, play, messages)


def with_simpy_callbacks(player: Callable[[str, str], Player], messages: int) -> int:
    """The same with less of SimPy: a callback on a timeout in the place of a process a message."""
    environment = simpy.Environment()
    inboxes = {name: simpy.Store(environment) for name in "ab"}
    players = {"a": player("a", "b"), "b": player("b", "a")}
    delay_s = DELAY.total_seconds()

    def arrive(event: Any) -> None:
        inboxes[event.value.to].put(event.value)

    def play(name: str) -> Generator[Any, Any, None]:
        while True:
            message = yield inboxes[name].get()
            for said in players[name].receive(message, START):
                environment.timeout(delay_s, said).callbacks.append(arrive)

    return _rally_in_simpy(environment, inboxes, players, play, messages)


def _rally_in_simpy(
    environment: simpy.Environment,
    inboxes: dict[str, simpy.Store],
    players: dict[str, Player],
    play: Callable[[str], Generator[Any, Any, None]],
    messages: int,
) -> int:
    for name in players:
        environment.process(play(name))
    inboxes["a"].put(BALL)
    environment.run(until=(messages - 0.5) * DELAY.total_seconds())
    return sum(player.heard for player in players.values())


def rate(rally: Callable[[Callable[[str, str], Player], int], int], player: type[Player], messages: int) -> float:
    """Messages a second of real time, counted by what was heard."""
    began = time.perf_counter()
    heard = rally(player, messages)
    took = time.perf_counter() - began
    assert abs(heard - messages) <= 1, f"{heard} of {messages} heard"
    return heard / took


def day(scenario: Scenario, seed: int, network: NetworkModel) -> tuple[float, int]:
    """Seconds of real time that a simulated day of this scenario takes, and how many messages were said in it."""
    said: list[Message] = []
    began = time.perf_counter()
    build(scenario, seed, network=network).run(scenario.end(), lambda message, _: said.append(message))
    return time.perf_counter() - began, len(said)


def compare_rallies(messages: int, repeats: int) -> None:
    """Every contender in turns, then by how much ours is faster."""
    rows: dict[str, tuple[Any, type[Player]]] = {
        "simulated shell": (ours, Player),
        "SimPy": (with_simpy, Player),
        "SimPy, callbacks": (with_simpy_callbacks, Player),
        "simulated shell, new message each": (ours, Inventor),
        "SimPy, new message each": (with_simpy, Inventor),
        "SimPy, callbacks, new message each": (with_simpy_callbacks, Inventor),
        "simulated shell, journaled": (ours_journaled, Inventor),
    }
    rates: dict[str, list[float]] = {name: [] for name in rows}
    for _ in range(repeats):
        for name, (rally, player) in rows.items():
            rates[name].append(rate(rally, player, messages))

    print(f"{messages:,} messages a rally, {repeats} rallies each in turns\n")
    print(f"{'messages/s':36}{'median':>12}{'lowest':>12}{'highest':>12}")
    for name, measured in rates.items():
        print(f"{name:36}{statistics.median(measured):12,.0f}{min(measured):12,.0f}{max(measured):12,.0f}")
    print()
    for rival in ("SimPy", "SimPy, callbacks"):
        for kind in ("", ", new message each"):
            pairs = zip(rates[f"simulated shell{kind}"], rates[f"{rival}{kind}"], strict=True)
            print(f"simulated shell / {rival}{kind}: {statistics.median(mine / theirs for mine, theirs in pairs):.1f}x")


def time_days(name: str, repeats: int) -> None:
    """A day of this scenario, again and again with the same seed."""
    scenario = read_scenario(name)
    networks = {"perfect network": NetworkModel(), "rough network": ROUGH}
    days: dict[str, list[tuple[float, int]]] = {kind: [] for kind in networks}
    for _ in range(repeats):
        for kind, network in networks.items():
            days[kind].append(day(scenario, scenario.seed, network))

    print(f"\n{f'{name}, seconds a day':36}{'median':>12}{'lowest':>12}{'highest':>12}{'messages':>12}")
    for kind, measured in days.items():
        took = [took_s for took_s, _ in measured]
        print(f"{kind:36}{statistics.median(took):12.3f}{min(took):12.3f}{max(took):12.3f}{measured[0][1]:12,}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=200_000, help="messages a rally (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=5, help="rallies and days each, in turns (default: %(default)s)")
    parser.add_argument("--scenario", default="valley-day", help="whose day is simulated (default: %(default)s)")
    arguments = parsed(parser, messages=1_000, repeats=1)
    compare_rallies(arguments.messages, arguments.repeats)
    time_days(arguments.scenario, arguments.repeats)


if __name__ == "__main__":
    main()
