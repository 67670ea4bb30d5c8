"""`hotline explore`: every interleaving of the centres of a small world, and the invariants in each state."""

import contextlib
import gc
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cyclopts import Parameter

from hotline_services.director.scenario import ScenarioError
from hotline_services.explore.expander import Expander
from hotline_services.explore.graph import Graph
from hotline_services.explore.kept import Kept, compare, kept_graphs
from hotline_services.explore.lasso import Lasso, livelock
from hotline_services.explore.rules import Rules
from hotline_services.explore.search import Here, Progress, Search, Worker
from hotline_services.explore.state import Move
from hotline_services.explore.trace import recorded, told
from hotline_services.explore.world import World, read_world, shipped_worlds
from hotline_services.runtime.recording import Header, RecordingWriter
from hotline_services.whole import whole_file

from .exits import INTERRUPTED
from .explorers import expanders
from .numbers import Whole
from .options import Flag
from .origins import provenance_of
from .query import complain

COUNTEREXAMPLE: Final = 1
NOT_AS_KEPT: Final = 3
UNFINISHED: Final = 5
REPORT_S: Final = 1.0
KEEP_S: Final = 60.0


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What a search has found, and how long it took. ``path`` leads to a counterexample, or into a livelock and once
    round it, and ``steps`` tell of it; ``kept`` says whether the graph of a shipped world is the one that is kept."""

    graph: Graph
    seconds: float
    kept: Kept
    path: tuple[Move, ...] = ()
    steps: tuple[str, ...] = ()
    livelock: Lasso | None = None


class _InterruptedError(Exception):
    """Somebody did not want to wait; says how far it came."""


def explore(
    worlds: list[str],
    /,
    *,
    workers: Annotated[int, Parameter(validator=lambda _kind, value: _at_least_one(value))] = 1,
    checkpoint: Path | None = None,
    most_states: Whole = None,
    out: Path | None = None,
    reduce: bool = True,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Try every interleaving of the centres of a small world, and look at each state for what must never be.

    A world names a small scenario, what comes from outside and when, and how often messages are lost, doubled or
    reordered, deadlines overtake messages, and centres die. The centres are those of every other run.

    Examples:

    hotline explore one-plan

    hotline explore two-plans --workers 2 --checkpoint two.checkpoint

    hotline explore world.toml --out counterexample.jsonl --json

    The exit code is 0 when every state was looked at and none is wrong, 1 when there is a counterexample or a livelock,
    3 when the graph of a shipped world is not the one that is kept, 5 when --most-states ended it, 2 for bad input, and
    130 when it was interrupted: with --checkpoint the same command goes on from there.

    Parameters
    ----------
    worlds
        Names of worlds that are shipped, or paths of .toml files; all for every world that is shipped.
    workers
        How many processes. The result is the same for any number.
    checkpoint
        Keep in this file how far the search has come, and go on from it where it is there. For one world.
    most_states
        Stop after the level in which so many states are known.
    out
        Write the counterexample as a recording, which hotline replay shows.
    reduce
        Try one order of moves that give the same in any order. With --no-reduce all are tried.
    json
        A list with one JSON object for each world, on the standard output.
    """
    results: list[Result] = []
    try:
        names = list(shipped_worlds()) if worlds == ["all"] else worlds
        if checkpoint is not None and len(names) != 1:
            raise ValueError("--checkpoint: it is of one world")
        for name in names:
            world = read_world(name)
            with _search(world, workers, reduce=reduce) as search:
                result = _explored(world, search, checkpoint, most_states or sys.maxsize)
            results.append(result)
            if not json:
                print(_sentence(result))
            if out is not None and result.path:
                _record(world, result.path, out)
    except (ScenarioError, ValueError) as error:
        return complain("explore", str(error))
    except _InterruptedError as error:
        complain("explore", str(error))
        return INTERRUPTED
    if json:
        sys.stdout.write(msgspec.json.encode(results).decode() + "\n")
    return max(map(_exit_code, results), default=0)


def _at_least_one(value: int) -> None:
    if not 1 <= value <= 64:
        raise ValueError("from 1 to 64")


@contextlib.contextmanager
def _search(world: World, count: int, *, reduce: bool) -> Iterator[Search]:
    """A search by so many processes, or in this one."""
    if count > 1:
        with expanders(world.file, count, reduce=reduce) as remotes:
            yield Search(world, remotes, reduce=reduce)
    else:
        alone: list[Worker] = [Here(Expander(world, reduce=reduce))]
        yield Search(world, alone, reduce=reduce)


def _explored(world: World, search: Search, checkpoint: Path | None, most: int) -> Result:
    began = time.perf_counter()
    _begin(search, checkpoint)
    gc.collect()
    gc.disable()  # cores make no cycles to speak of, and looking for them takes a third of the time
    try:
        _run(world, search, checkpoint, most)
    except KeyboardInterrupt as interrupt:
        reason = f"interrupted: {search.states:,} states were known"
        # A level that was begun is tried again.
        raise _InterruptedError(f"{reason}; {checkpoint} goes on from there" if checkpoint else reason) from interrupt
    finally:
        gc.enable()
    graph = search.graph()
    if checkpoint is not None and graph.complete:
        checkpoint.unlink(missing_ok=True)
    cycle = livelock(world) if graph.complete and world.written.lasso else None
    path = graph.found.moves if graph.found else (*cycle.approach, *cycle.cycle) if cycle else ()
    seconds = round(time.perf_counter() - began, 2)
    return Result(
        graph=graph,
        seconds=seconds,
        kept=compare(graph, kept_graphs()),
        steps=tuple(map(str, told(Rules(world), path))) if path else (),
        path=path,
        livelock=cycle,
    )


def _begin(search: Search, checkpoint: Path | None) -> None:
    """At the beginning, or where the checkpoint has it. Raises ValueError."""
    if checkpoint is None or not checkpoint.exists():
        search.begin()
        return
    try:
        progress = msgspec.msgpack.decode(checkpoint.read_bytes(), type=Progress)
    except (OSError, msgspec.DecodeError) as error:
        raise ValueError(f"--checkpoint: {checkpoint} cannot be read: {error}") from error
    try:
        search.go_on(progress)
    except ValueError as error:
        raise ValueError(f"--checkpoint: {checkpoint} does not fit: {error}") from error
    print(f"{search.world.name}: going on with {search.states:,} states", file=sys.stderr)


def _run(world: World, search: Search, checkpoint: Path | None, most: int) -> None:
    began = reported = kept = time.perf_counter()
    first = search.states
    try:
        for waiting in search.levels():
            now = time.perf_counter()
            if now - reported >= REPORT_S:
                reported = now
                _report(world, search, waiting, (search.states - first) / (now - began))
            if checkpoint is not None and (now - kept >= KEEP_S or search.states >= most):
                kept = now
                _keep(checkpoint, search.progress())
            if search.states >= most:
                return
    except KeyboardInterrupt:
        if checkpoint is not None:
            _keep(checkpoint, search.progress())
        raise


def _report(world: World, search: Search, waiting: int, rate: float) -> None:
    how_far = f"{search.states:,} states, depth {search.depth}, {waiting:,} to look at, {rate:,.0f} states a second"
    print(f"{world.name}: {how_far}", file=sys.stderr, flush=True)


def _keep(checkpoint: Path, progress: Progress) -> None:
    with whole_file(checkpoint) as file:
        file.write(msgspec.msgpack.encode(progress))


def _record(world: World, path: tuple[Move, ...], out: Path) -> None:
    scenario = world.file.parent / world.written.scenario
    texts = tuple(f"{field}={msgspec.json.encode(value).decode()}" for field, value in world.written.changes.items())
    header = Header(
        scenario=world.scenario.name,
        seed=world.written.seed,
        start=world.start,
        days=(world.end - world.start).total_seconds() / 86_400,
        agreement=world.scenario.agreement.digest,
        provenance=provenance_of(str(scenario), texts, world.written.changes),
    )
    try:
        with out.open("wb") as file:
            writer = RecordingWriter(file, header)
            for at, message in recorded(told(Rules(world), path)):
                writer.write(message, at)
    except OSError as error:
        raise ValueError(f"--out: {out}: {error.strerror}") from error
    print(f"The counterexample is in {out}: hotline replay {out}", file=sys.stderr)


def _sentence(result: Result) -> str:
    graph = result.graph
    size = f"{graph.world}: {graph.states:,} states, {graph.transitions:,} transitions in {result.seconds:.1f} s"
    if graph.found is not None:
        return os.linesep.join((f"{size}; must never be:", *graph.found.faults, "the way there:", *result.steps))
    if result.livelock is not None:
        again = f"a livelock, which goes round every {result.livelock.period_s:g} s"
        return os.linesep.join((f"{size}; {again}:", *result.steps))
    how = "all looked at, none is wrong" if graph.complete else "not all looked at, none is wrong so far"
    return f"{size}; {how}; {result.kept.value}"


def _exit_code(result: Result) -> int:
    if result.graph.found is not None or result.livelock is not None:
        return COUNTEREXAMPLE
    if not result.graph.complete:
        return UNFINISHED
    return NOT_AS_KEPT if result.kept is Kept.OTHERWISE else 0
