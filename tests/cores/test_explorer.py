"""The explorer: worlds are exhausted, what is left out or joined makes no difference, and what is wrong is found."""

import gc
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hotline_protocol.line import Busy, Concur, Entered, Ring
from hotline_protocol.slices import Slice
from hotline_services.aoc.air import Air
from hotline_services.aoc.incoming import Incoming
from hotline_services.aoc.pauses import Pauses
from hotline_services.aoc.state import DeskState
from hotline_services.aoc.talks import Talks
from hotline_services.cli.explore import explore
from hotline_services.cli.explorers import expanders
from hotline_services.explore.expander import Expander
from hotline_services.explore.kept import KeptGraph, kept_graphs
from hotline_services.explore.lasso import livelock
from hotline_services.explore.rules import Rules
from hotline_services.explore.search import Here, Search
from hotline_services.explore.state import Move, State
from hotline_services.explore.trace import told
from hotline_services.explore.world import World, read_world, shipped_worlds
from hotline_services.runtime.recording import RecordingReader
from hotline_services.web.sources import Sources

from .joined import plan
from .torn import Torn

KEPT = kept_graphs()
BY_SIZE = sorted(shipped_worlds(), key=lambda name: -KEPT[name].states if name in KEPT else 0)


@pytest.fixture(autouse=True)
def _no_garbage_collections() -> Iterator[None]:
    """As in ``hotline explore``: states are many, and make no cycles."""
    gc.disable()
    yield
    gc.enable()


def world(name: str, **bounds: int) -> World:
    """A shipped world in which these things may happen so often, and others as it says."""
    read = read_world(name)
    written = msgspec.structs.replace(read.written, bounds=msgspec.structs.replace(read.bounds, **bounds))
    return msgspec.structs.replace(read, written=written)


def quiet(name: str, **bounds: int) -> World:
    """A shipped world in which nothing goes wrong but this."""
    none = dict.fromkeys(("losses", "duplicates", "reorders", "overtakes", "crashes", "lost_tails", "orders"), 0)
    return world(name, **(none | bounds))


def everywhere(explored: World, *, reduce: bool = True) -> dict[bytes, State]:
    """All states of a world by their keys."""
    expander = Expander(explored, reduce=reduce)
    found = {expander.first(): expander.rules.first().state}
    border = list(found.values())
    while border:
        moves = [(state, move) for state in border for move in expander.moves(state)]
        border = []
        for state, move in moves:
            reached = expander.rules.take(state, move).state
            if reached.key not in found:
                found[reached.key] = reached
                border.append(reached)
    return found


@pytest.mark.parametrize("name", BY_SIZE)
def test_no_state_of_a_shipped_world_is_wrong_and_its_graph_is_the_one_that_is_kept(name: str) -> None:
    graph = Search.alone(read_world(name)).run()
    assert graph.found is None, graph.found
    assert graph.complete
    changed = "a core decides otherwise: tools/graphs.py --write keeps the new graphs, if that is as it should be"
    assert KeptGraph(states=graph.states, digest=graph.digest) == KEPT.get(name), changed


def test_a_graph_is_the_same_whatever_the_process_has_worked_out_before() -> None:
    """Whole numbers that are equal to those of the world, but are written without a point."""
    sides = Torn()
    sides.file("us", plan("us-1"))
    sides.run(minutes=4)
    graph = Search.alone(read_world("peer-down")).run()
    assert KeptGraph(states=graph.states, digest=graph.digest) == KEPT["peer-down"]


@pytest.mark.parametrize("name", [name for name in shipped_worlds() if read_world(name).written.lasso])
def test_no_shipped_world_goes_round_without_anything_coming_of_it(name: str) -> None:
    assert livelock(read_world(name)) is None


@pytest.mark.parametrize("seed", range(2, 6))
@pytest.mark.parametrize("name", ["ring", "ring-at-once"])
def test_a_ring_of_three_has_no_livelock_whatever_the_chance(name: str, seed: int) -> None:
    explored = quiet(name)
    seeded = msgspec.structs.replace(explored, written=msgspec.structs.replace(explored.written, seed=seed))
    assert livelock(seeded) is None
    assert Search.alone(seeded).run().found is None


@pytest.mark.parametrize(
    "explored", [quiet("two-plans", losses=1), quiet("ring-at-once"), quiet("one-plan", crashes=1)]
)
def test_reduction_leaves_out_no_state_in_which_time_passes(explored: World) -> None:
    rules = Rules(explored)
    reduced, whole = (everywhere(explored, reduce=reduce) for reduce in (True, False))
    assert len(reduced) < len(whole)
    assert set(reduced) <= set(whole)
    assert {key for key, state in reduced.items() if rules.is_quiet(state)} == {
        key for key, state in whole.items() if rules.is_quiet(state)
    }


def test_states_that_are_joined_have_the_same_successors_to_the_third_step() -> None:
    rules = Rules(quiet("one-plan", losses=1, duplicates=1))
    known: dict[bytes, State] = {}
    joined: list[tuple[State, State]] = []
    border = [rules.first().state]
    while border:
        state = border.pop()
        first = known.setdefault(state.key, state)
        if first is not state:
            if [cell.number for cell in first.cells] != [cell.number for cell in state.cells]:
                joined.append((first, state))
            continue
        border += [rules.take(state, move).state for move in rules.moves(state)]
    assert len(joined) > 50
    for one, other in joined:
        assert _successors(rules, one, 3) == _successors(rules, other, 3)


def _successors(rules: Rules, state: State, steps: int) -> set[bytes]:
    if not steps:
        return {state.key}
    reached = (rules.take(state, move).state for move in rules.moves(state))
    return {state.key}.union(*(_successors(rules, each, steps - 1) for each in reached))


def test_two_processes_find_what_one_finds() -> None:
    explored = read_world("amended")
    with expanders(explored.file, 2, reduce=True) as remotes:
        search = Search(explored, remotes)
        search.begin()
        together = search.run()
    assert together == Search.alone(explored).run()


def test_a_search_that_is_broken_off_goes_on_where_it_was() -> None:
    explored = quiet("one-plan", losses=1, crashes=1)
    search = Search.alone(explored)
    for _ in islice(search.levels(), 20):
        pass
    saved = msgspec.msgpack.encode(search.progress())
    later = Search(explored, [Here(Expander(explored)), Here(Expander(explored))])
    later.go_on(msgspec.msgpack.decode(saved, type=type(search.progress())))
    assert 0 < later.states < search.run().states
    assert later.run() == search.graph()


def test_a_checkpoint_of_another_world_is_refused() -> None:
    search = Search.alone(quiet("one-plan"))
    next(search.levels())
    other = quiet("two-plans")
    with pytest.raises(ValueError, match="of the world one-plan"):
        Search(other, [Here(Expander(other))]).go_on(search.progress())


# What is wrong is found ----------------------------------------------------------------------------------


def test_a_centre_that_grants_air_twice_is_found_and_the_way_there_can_be_replayed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Air, "is_free_to_grant", lambda *_: True)
    monkeypatch.setattr(Air, "is_free_to_use", lambda *_: True)
    out = tmp_path / "wrong.jsonl"
    assert explore(["crossed"], out=out, json=True) == 1
    (result,) = msgspec.json.decode(capsys.readouterr().out)
    assert result["graph"]["found"]["faults"][0].startswith("1: ")
    with out.open("rb") as file:
        reader = RecordingReader(file)
        said = [recorded.message for recorded in reader]
    assert {type(message) for message in said} >= {Ring, Concur, Entered}
    with closing(Sources()) as sources:
        shown = sources.add(out, out.name)
        assert shown.scenario is not None


def test_two_desks_that_never_give_way_are_a_livelock(monkeypatch: pytest.MonkeyPatch) -> None:
    def unvaried(self: Pauses, *_: Any) -> float:
        return 0.0

    def busy(self: Incoming, ring: Ring) -> None:
        self._say_busy(ring)

    monkeypatch.setattr(Pauses, "_drawn", unvaried)
    monkeypatch.setattr(Incoming, "_have_wait", busy)
    lasso = livelock(quiet("ring-at-once"))
    assert lasso is not None
    assert lasso.period_s > 0


def test_a_core_that_breaks_is_a_counterexample(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: Any) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr(Talks, "hear_taken", breaks)
    explored = quiet("one-plan")
    found = Search.alone(explored).run().found
    assert found is not None
    assert "planted" in found.faults[0]
    *_, last = told(Rules(explored), found.moves)
    assert last.text.endswith("planted")


def test_a_clone_that_shares_what_changes_is_a_counterexample(monkeypatch: pytest.MonkeyPatch) -> None:
    def shared(self: DeskState) -> DeskState:
        twin = Slice.copy(self)
        twin.past = self.past
        return twin

    monkeypatch.setattr(DeskState, "copy", shared)
    found = Search.alone(quiet("ring-at-once")).run().found
    assert found is not None
    assert "a turn has changed the core of which its own was cloned" in found.faults[0]


# What was found, and holds now ---------------------------------------------------------------------------


def follow(rules: Rules, state: State, wanted: Callable[[State, Move], bool]) -> tuple[State, Move]:
    """Go on, by the first move of each state, until there is a wanted one."""
    while True:
        moves = rules.moves(state)
        found = next((move for move in moves if wanted(state, move)), None)
        if found is not None:
            return state, found
        state = rules.take(state, moves[0]).state


def test_a_ring_that_is_heard_twice_while_it_rings_is_not_answered_busy() -> None:
    rules = Rules(quiet("one-plan", duplicates=1))

    def doubles_ring(state: State, move: Move) -> bool:
        return move.kind == "double" and isinstance(state.ways[move.where][0].message, Ring)

    state, double = follow(rules, rules.first().state, doubles_ring)
    for move in (double, Move("deliver", double.where)):
        step = rules.take(state, move)
        assert not any(isinstance(packet.message, Busy) for packet in step.said)
        state = step.state
