"""Breadth-first search over the states of a world, in one process or several: the result is the same.

States are numbered in the order in which one process would find them. A path to a state is the first one that is found,
and so a shortest one of those that are tried.
"""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final, Protocol

import msgspec

from .cells import FORM_BYTES
from .expander import Candidate, Expander, Expansion, Path
from .graph import Found, Graph
from .state import Move
from .world import World

EVEN_OUT_FROM: Final = 200
"""Border of a worker from which on borders are made even."""
UNEVEN: Final = 1.5


class Worker(Protocol):
    """An expander, here or in another process. What is asked for is fetched later, so that all work at once."""

    def first(self) -> bytes: ...

    def ask(self) -> None: ...

    def fetch(self) -> Expansion: ...

    def keep(self, kept: Sequence[tuple[int, int]]) -> None: ...

    def drop(self, count: int) -> list[int]: ...

    def adopt(self, states: Sequence[tuple[int, Path]]) -> None: ...


class Here:
    """An expander in this process."""

    def __init__(self, expander: Expander) -> None:
        self._expander = expander
        self.first = expander.first
        self.fetch = expander.expand
        self.keep = expander.keep
        self.drop = expander.drop
        self.adopt = expander.adopt

    def ask(self) -> None:
        """See :class:`Worker`: the work is done when it is fetched."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a search has come, between two levels: enough to go on later.

    ``befores`` and ``moves`` lead to each state, ``border`` are those whose successors are to be looked at.
    """

    world: str
    source: str
    reduce: bool
    keys: bytes
    befores: tuple[int, ...]
    moves: tuple[Move | None, ...]
    border: tuple[int, ...]
    observed: bytes
    transitions: int
    depth: int


class Search:
    """A search of one world by these workers."""

    def __init__(self, world: World, workers: Sequence[Worker], *, reduce: bool = True) -> None:
        self.world: Final = world
        self._workers: Final = workers
        self._reduce: Final = reduce
        self._numbers: dict[bytes, int] = {}
        self._befores: list[int] = []
        self._moves: list[Move | None] = []
        self._borders: list[list[int]] = [[] for _ in workers]
        self._observed: set[bytes] = set()
        self.transitions = 0
        self.depth = 0
        self.found: Found | None = None
        self._mark: tuple[int, tuple[int, ...], int, int] = (0, (), 0, 0)

    @classmethod
    def alone(cls, world: World, *, reduce: bool = True) -> "Search":
        """A search in this process, at its beginning."""
        search = cls(world, [Here(Expander(world, reduce=reduce))], reduce=reduce)
        search.begin()
        return search

    def begin(self) -> None:
        """Begin with the first state."""
        self._number(self._workers[0].first(), -1, None)
        self._borders[0] = [0]

    def go_on(self, progress: Progress) -> None:
        """Go on from there. Raises ValueError when that is another world, or was searched otherwise."""
        if (progress.world, progress.source, progress.reduce) != (self.world.name, self.world.digest, self._reduce):
            raise ValueError(f"it is of the world {progress.world}, as it was then, or of a search with other options")
        for key, before, move in zip(_parts(progress.keys), progress.befores, progress.moves, strict=True):
            self._number(key, before, move)
        self._observed = set(_parts(progress.observed))
        self.transitions, self.depth = progress.transitions, progress.depth
        for number, worker in enumerate(self._workers):
            self._borders[number] = list(progress.border[number :: len(self._workers)])
            worker.adopt([(state, self.path(state)) for state in self._borders[number]])

    def progress(self) -> Progress:
        """How far it had come at the beginning of this level."""
        states, border, transitions, depth = self._mark
        return Progress(
            world=self.world.name,
            source=self.world.digest,
            reduce=self._reduce,
            keys=b"".join(islice(self._numbers, states)),
            befores=tuple(self._befores[:states]),
            moves=tuple(self._moves[:states]),
            border=border,
            observed=b"".join(self._observed),
            transitions=transitions,
            depth=depth,
        )

    @property
    def states(self) -> int:
        """Number of states that are known."""
        return len(self._befores)

    @property
    def waiting(self) -> int:
        """Number of states whose successors are to be looked at."""
        return sum(map(len, self._borders))

    def levels(self) -> Iterator[int]:
        """Go on level by level, before each of which this yields how many states it has. Ends at a counterexample."""
        while self.waiting and self.found is None:
            border = tuple(sorted(number for border in self._borders for number in border))
            self._mark = (self.states, border, self.transitions, self.depth)
            yield self.waiting
            self._even_out()
            self._next_level()
            self.depth += 1

    def run(self) -> Graph:
        """Go on to the end."""
        for _ in self.levels():
            pass
        return self.graph()

    def _next_level(self) -> None:
        for worker in self._workers:
            worker.ask()
        reached: list[tuple[Candidate, int]] = []
        transitions = 0
        for number, worker in enumerate(self._workers):
            expansion = worker.fetch()
            transitions += expansion.transitions
            self._observed |= expansion.observed
            reached.extend((candidate, number) for candidate in expansion.candidates)
        self.transitions += transitions
        if len(self._workers) > 1:
            reached.sort(key=lambda each: each[0][:2])
        kept: list[list[tuple[int, int]]] = [[] for _ in self._workers]
        for candidate, worker_number in reached:
            if candidate.faults:
                self._find(candidate)
                break
            if candidate.key not in self._numbers:
                state = self._number(candidate.key, candidate.before, candidate.move)
                kept[worker_number].append((candidate.place, state))
        self._borders = [[state for _, state in each] for each in kept]
        for worker, each in zip(self._workers, kept, strict=True):
            worker.keep(each)

    def _number(self, key: bytes, before: int, move: Move | None) -> int:
        number = self._numbers[key] = len(self._befores)
        self._befores.append(before)
        self._moves.append(move)
        return number

    def _find(self, candidate: Candidate) -> None:
        last = () if candidate.move is None else (candidate.move,)
        self.found = Found(faults=candidate.faults, moves=(*self.path(candidate.before), *last))

    def _even_out(self) -> None:
        """Give states of a long border to a worker with a short one."""
        lengths = [len(border) for border in self._borders]
        mean = sum(lengths) // len(lengths)
        if len(lengths) == 1 or max(lengths) < max(EVEN_OUT_FROM, UNEVEN * mean):
            return
        given: list[int] = []
        for number, worker in enumerate(self._workers):
            if lengths[number] > mean:
                given += worker.drop(lengths[number] - mean)
                del self._borders[number][mean:]
        for number, worker in enumerate(self._workers):
            wanted = max(mean - lengths[number], 0)
            taken, given = given[:wanted], given[wanted:]
            if number + 1 == len(self._workers):
                taken, given = taken + given, []
            if taken:
                worker.adopt([(state, self.path(state)) for state in taken])
                self._borders[number] = sorted(self._borders[number] + taken)

    def path(self, number: int) -> Path:
        """The moves that lead to this state."""
        moves: list[Move] = []
        while (move := self._moves[number]) is not None:
            moves.append(move)
            number = self._befores[number]
        return tuple(reversed(moves))

    def number(self, key: bytes) -> int:
        """The number of the state with this key. Raises KeyError."""
        return self._numbers[key]

    def graph(self) -> Graph:
        """What has been reached."""
        digest = hashlib.blake2b(digest_size=FORM_BYTES)
        for turn in sorted(self._observed):
            digest.update(turn)
        return Graph(
            world=self.world.name,
            states=self.states,
            transitions=self.transitions,
            depth=self.depth,
            digest=digest.hexdigest(),
            complete=not self.waiting and self.found is None,
            found=self.found,
        )


def _parts(joined: bytes) -> Iterator[bytes]:
    return (joined[start : start + FORM_BYTES] for start in range(0, len(joined), FORM_BYTES))
