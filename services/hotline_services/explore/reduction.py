"""Partial-order reduction: of moves that can be made in any order with the same result, one order is tried.

What one party does touches that party's core, takes from the ways into it, and adds behind what is on the ways out of
it. So moves of different parties commute. It is enough to try the moves of one party first (a weak stubborn set, after
Valmari), where nothing that others can do in this instant makes possible another move of that party: where something is
on its way to it from each party that can still act, since that is heard first. Faults that share a bound commute too: a
bound only counts down. Where messages may be reordered, time may pass while some are on their way, or several acts from
outside may come at any time one after the other, nothing is left out.

Left out are states within one instant. All states in which time passes are kept, and so are the states of each core.
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
