"""Livelocks: cycles of a world in which time passes and nothing comes of it, found by a lasso search.

States are joined that look alike to whoever waits at a phone: the calls in progress, what waits for a call, rings that
wait for a line, and what is on its way, with times as they are from now on and calls in the order of their appearance.
A cycle of such looks, in whose steps nothing is talked about, is a suspicion. It is a livelock if the cores do go
round: the same moves are tried again and again from where they have led.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from hotline_protocol.events import NegotiationEnded, PlanStatus
from hotline_protocol.line import Busy, HangUp, OnCall, Ring
from hotline_protocol.message import Message

from .cells import Packet
from .looks import look
from .reduction import few_moves
from .rules import Rules
from .state import Move, State
from .world import World

ROUNDS: Final = 3
"""How often a cycle is gone round before it is believed."""
FRUITLESS: Final = (Ring, Busy, HangUp)


class Lasso(msgspec.Struct, frozen=True, kw_only=True):
    """A livelock: the moves up to the cycle, the moves of the cycle, and the duration of one round."""

    approach: tuple[Move, ...]
    cycle: tuple[Move, ...]
    period_s: float
    tried: int


class _Node(msgspec.Struct, frozen=True):
    state: State
    before: int
    move: Move | None
    look: bytes


def livelock(world: World) -> Lasso | None:
    """The first livelock of this world, or None: in the latter case all its states have been looked at."""
    return _Hunt(Rules(world)).run()


class _Hunt:
    """Breadth first through the world; a state that looks like one on the way to it closes a suspected cycle."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._nodes: list[_Node] = []
        self._known: set[bytes] = set()
        self._tried = 0

    def run(self) -> Lasso | None:
        """See :func:`livelock`."""
        first = self._rules.first().state
        self._nodes.append(_Node(first, -1, None, look(first)))
        self._known.add(first.key)
        for number, node in enumerate(self._nodes):  # grows on the way
            for move in few_moves(self._rules, node.state):
                step = self._rules.take(node.state, move)
                self._tried += 1
                fruitful = bears_fruit(step.said)
                if step.state.key in self._known:
                    continue
                self._known.add(step.state.key)
                here = look(step.state)
                self._nodes.append(_Node(step.state, -1 - number if fruitful else number, move, here))
                if not fruitful and (lasso := self._closed(len(self._nodes) - 1)) is not None:
                    return lasso
        return None

    def _closed(self, last: int) -> Lasso | None:
        """The livelock that this state closes: an earlier state looks equal, and no useful message lies between."""
        end = self._nodes[last]
        number, cycle = last, [end.move]
        while (before := self._nodes[number].before) >= 0:
            number = before
            node = self._nodes[number]
            if node.look == end.look and node.state.now < end.state.now:
                moves = tuple(move for move in reversed(cycle) if move is not None)
                if self._goes_round(end.state, moves):
                    period_s = (end.state.now - node.state.now).total_seconds()
                    return Lasso(approach=self._path(number), cycle=moves, period_s=period_s, tried=self._tried)
            cycle.append(node.move)
        return None

    def _goes_round(self, state: State, cycle: Sequence[Move]) -> bool:
        for _ in range(ROUNDS):
            begun = look(state)
            for move in cycle:
                if move not in self._rules.moves(state):
                    return False
                step = self._rules.take(state, move)
                if bears_fruit(step.said):
                    return False
                state = step.state
            if look(state) != begun:
                return False
        return True

    def _path(self, number: int) -> tuple[Move, ...]:
        moves: list[Move] = []
        while (move := self._nodes[number].move) is not None:
            moves.append(move)
            before = self._nodes[number].before
            number = before if before >= 0 else -1 - before
        return tuple(reversed(moves))


def bears_fruit(said: Sequence[Packet]) -> bool:
    """Whether anything was said that brings matters on: more than rings, and what ends them."""
    return any(map(_brings_on, (packet.message for packet in said)))


def _brings_on(message: Message) -> bool:
    return isinstance(message, OnCall | NegotiationEnded | PlanStatus) and not isinstance(message, FRUITLESS)
