"""Partial-order reduction: of moves that can be made in any order with the same result, one order is tried.

A move of one party changes that party's core, takes messages from its inbound channels, and appends to its outbound
channels. So moves of different parties commute. The moves of one party are tried alone (a weak stubborn set, after
Valmari) when nothing that the others can do in this instant enables another move of that party. That holds when a
message from each other party that can still act is already on its way to that party, because this message is delivered
first. Faults that share a bound commute too, because a bound only counts down. The reduction is off where messages may
be reordered, where time may pass while messages are on their way, and where several acts from outside may come at any
time.

Only states within one instant are left out. All states in which time passes, and all states of each core, are kept.
"""

from .rules import Rules
from .state import Move, State


def few_moves(rules: Rules, state: State) -> list[Move]:
    """The moves that have to be tried in this state."""
    if state.left.reorders or state.left.overtakes or len(rules.world.free) - state.free > 1:
        return rules.moves(state)
    ways = rules.ways
    by_party = [list(rules.of_party(state, number)) for number in range(ways.count)]
    acting = [number for number, moves in enumerate(by_party) if moves]
    if len(acting) < 2:
        return rules.moves(state)
    alone = [
        moves
        for number, moves in enumerate(by_party)
        if moves and all(other == number or state.ways[ways.between(other, number)] for other in range(ways.count))
    ]
    return min(alone, key=len) if alone else rules.moves(state)
