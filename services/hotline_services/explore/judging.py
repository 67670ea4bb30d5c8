"""The invariants, as they are looked at in each state and where nothing more happens. Numbers as in docs/invariants."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Final

import msgspec

from hotline_protocol.boundaries import Boundaries
from hotline_protocol.events import PlanStatus
from hotline_protocol.flightplan import OVER, PlanState
from hotline_protocol.message import Message

from .cells import Cell
from .facts import Facts
from .invariants import EXPLAINED, Centres, denials, differences, double_uses, without
from .reserved import misreserved
from .world import World

MOST_PAIRS: Final = 500_000
"""Pairs of cores whose verdict is cached."""
MOST_CORES: Final = 500_000


class Judge:
    """Looks at states. What is found of two cores is remembered: many states have the same two."""

    def __init__(self, world: World) -> None:
        self._world: Final = world
        self._agreement: Final = world.scenario.agreement
        self._loses_state: Final = bool(world.bounds.lost_tails)
        self._found: dict[tuple[int, int], tuple[str, ...]] = {}
        self._kept_air: dict[int, tuple[str, ...]] = {}
        self._boundaries = {self._agreement.digest: Boundaries(self._agreement)}

    def state(self, cells: Sequence[Cell], centres: Centres) -> Iterator[str]:
        """1 and 2, in every state. Who has lost state knows again what is agreed after one reconcile."""
        for cell in cells:
            yield from self._air(cell)
        if self._loses_state:
            return
        for (one, mine), (other, theirs) in combinations(zip(centres, cells, strict=True), 2):
            key = (mine.number, theirs.number)
            found = self._found.get(key)
            if found is None:
                pair = {one: centres[one], other: centres[other]}
                if len(self._found) >= MOST_PAIRS:
                    self._found.clear()
                found = self._found[key] = (*self._double_uses(pair), *self._denials(pair))
            yield from found

    def _air(self, cell: Cell) -> tuple[str, ...]:
        found = self._kept_air.get(cell.number)
        if found is None:
            if len(self._kept_air) >= MOST_CORES:
                self._kept_air.clear()
            found = self._kept_air[cell.number] = tuple(f"1: {fault}" for fault in misreserved(cell.core))
        return found

    def _double_uses(self, centres: Centres) -> Iterator[str]:
        yield from (f"1: {fault}" for fault in double_uses(centres, self._agreement))

    def _denials(self, centres: Centres) -> Iterator[str]:
        yield from (f"2: {fault}" for fault in denials(centres))

    def flights(self, facts: Facts, said: Iterable[Message], centres: Centres) -> tuple[Facts, list[str]]:
        """5: a flight that is under way has the consents that it needs, or is on record; one in distress asks later."""
        faults: list[str] = []
        for status in said:
            if not isinstance(status, PlanStatus) or status.state not in EXPLAINED:
                continue
            for peer in without(status, centres, self._lines(status.source, centres)):
                crossing = (status.source, status.plan_id, peer)
                if status.state is PlanState.CONTINGENT:
                    facts = msgspec.structs.replace(facts, distressed=facts.distressed | {crossing})
                elif crossing not in facts.crossed:
                    faults.append(
                        f"5: {status.source}'s {status.plan_id} is {status.state.value} without {peer}'s consent"
                    )
        return facts, faults

    def _lines(self, party: str, centres: Centres) -> list[Boundaries]:
        """Where the line has run: of the agreement, and as it has been moved."""
        now = centres[party].agreement
        if now.digest not in self._boundaries:
            self._boundaries[now.digest] = Boundaries(now)
        return [self._boundaries[self._agreement.digest], self._boundaries[now.digest]]

    def unfinished(self, facts: Facts, centres: Centres) -> list[str]:
        """3, 4 and 5 at the end: all that has begun has ended, every plan too, and all that flew is on record."""
        lost = self._loses_state
        faults = [] if lost else [f"3: {name} has not ended" for name in facts.unfinished]
        for party, centre in centres.items():
            still = (*centre.open_calls(), *centre.open_negotiations(), *centre.open_reviews())
            faults += [f"3: {party}: {name} is open" for name in still]
            faults += [
                f"4: {party}'s plan {plan_id} is {filed.state.value}"
                for plan_id, filed in centre.plans.items()
                if filed.state not in OVER
            ]
        unexplained = facts.distressed - facts.crossed - facts.asked
        faults += [f"5: {source}'s {plan} flew without {peer}'s consent" for source, plan, peer in sorted(unexplained)]
        return faults

    def reconciled(self, facts: Facts, centres: Centres) -> list[str]:
        """1 and 2 after all have compared their ledgers."""
        faults = [*self._double_uses(centres), *self._denials(centres)]
        faults += [f"2: {fault}" for fault in differences(centres)]
        agreed = {centre.agreement.digest for centre in centres.values()}
        if len(agreed) > 1 and not facts.mismatch:
            faults.append(f"2: the sides hold {len(agreed)} different agreements, and it is not on record")
        return faults
