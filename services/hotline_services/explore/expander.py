"""One part of the border of a search: states whose successors are to be looked at, and these successors."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from .reduction import few_moves
from .rules import Rules, Step
from .state import Move, State
from .world import World


class Candidate(NamedTuple):
    """A state that has been reached: the number of the state before it, and the move from there.

    The order of these is the order in which a single process would find them. ``place`` is where the expander has it.
    """

    before: int
    turn: int
    move: Move | None
    key: bytes
    place: int
    faults: tuple[str, ...]


class Expansion(NamedTuple):
    """Candidates of one level, how many moves were tried, and what turns were observed that had not been before."""

    candidates: list[Candidate]
    transitions: int
    observed: set[bytes]


Path = tuple[Move, ...]


class Expander:
    """Stores states by number. The caller of the search decides which successors are kept."""

    def __init__(self, world: World, *, reduce: bool = True) -> None:
        self.rules: Final = Rules(world)
        self._reduce = reduce
        self._border: list[tuple[int, State]] = []
        self._following: list[State] = []

    def first(self) -> bytes:
        """Begin with the first state, which has number 0; returns its key."""
        state = self.rules.first().state
        self._border = [(0, state)]
        return state.key

    def moves(self, state: State) -> list[Move]:
        """What is to be tried in this state."""
        return few_moves(self.rules, state) if self._reduce else self.rules.moves(state)

    def expand(self) -> Expansion:
        """The successors of all states of the border."""
        candidates: list[Candidate] = []
        self._following = []
        known: set[bytes] = set()
        transitions = 0
        for number, state in self._border:
            moves = self.moves(state)
            if not moves and (faults := self.rules.at_the_end(state)):
                candidates.append(Candidate(number, 0, None, b"", -1, tuple(faults)))
            for turn, move in enumerate(moves):
                step = self._take(state, move)
                transitions += 1
                key = step.state.key
                if step.faults or key not in known:
                    known.add(key)
                    candidates.append(Candidate(number, turn, move, key, len(self._following), step.faults))
                    self._following.append(step.state)
        observed, self.rules.cells.observed = self.rules.cells.observed, set()
        return Expansion(candidates, transitions, observed)

    def _take(self, state: State, move: Move) -> Step:
        """A core that breaks is a fault like any other, and the state stays as it was."""
        try:
            return self.rules.take(state, move)
        except Exception as error:  # noqa: BLE001  whatever it is, it is told with the path that leads to it
            return Step(state, (), (f"a core has broken: {type(error).__name__}: {error}",))

    def keep(self, kept: Sequence[tuple[int, int]]) -> None:
        """Of the successors these are new: (place, number). They are the border of the next level."""
        self._border = [(number, self._following[place]) for place, number in kept]
        self._following = []

    def drop(self, count: int) -> list[int]:
        """Give so many states of the border away; returns their numbers."""
        given = self._border[len(self._border) - count :]
        del self._border[len(self._border) - count :]
        return [number for number, _ in given]

    def adopt(self, states: Sequence[tuple[int, Path]]) -> None:
        """Take these states into the border, each made again along its path. What paths share is gone along once."""
        trail: list[tuple[Move | None, State]] = [(None, self.rules.first().state)]
        for number, path in sorted(states, key=lambda each: each[1]):
            shared = 0
            while shared < min(len(path), len(trail) - 1) and trail[shared + 1][0] == path[shared]:
                shared += 1
            del trail[shared + 1 :]
            for move in path[shared:]:
                trail.append((move, self.rules.take(trail[-1][1], move).state))
            self._border.append((number, trail[-1][1]))
        self._border.sort(key=lambda each: each[0])
