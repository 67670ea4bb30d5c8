"""Taking up what an earlier life of ours was granted, and what this one no longer knows that it has asked for."""

from datetime import datetime
from typing import Final

from hotline_protocol.airspace import Volume4D
from hotline_protocol.ledger import Entry, negotiation_id_of
from hotline_protocol.lifecycle import NegotiationState
from hotline_protocol.menu import Choice, Menu

from .asking import Asking, Taken
from .menus import Bid, moved_volumes

MOST_KEPT: Final = 1_000


class Inheritance:
    """Grants to lives of this party that have lost state. They stand until their end: a flight may rely on them."""

    def __init__(self, party: str) -> None:
        self._party = party
        self._lost: list[str] = []
        self._kept: dict[str, Entry] = {}

    def lose(self, epoch: str) -> None:
        """What was asked for in this epoch may be unknown from now on."""
        self._lost.append(f"{self._party}-{epoch}-n")

    def keep(self, entry: Entry, now: datetime) -> bool:
        """Whether this grant is one of those; then it is kept for a plan that may be filed again."""
        if not any(entry.agreement_id.startswith(beginning) for beginning in self._lost):
            return False
        self._kept[entry.agreement_id] = entry
        for name in [name for name, kept in self._kept.items() if all(volume.end <= now for volume in kept.volumes)]:
            del self._kept[name]
        if len(self._kept) > MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        return True

    def of(self, asking: Asking) -> list[Entry]:
        """Grants of the same peer that were asked for about the same plan."""
        digest = f"-n{asking.plan.digest[:8]}"
        return [
            entry
            for entry in self._kept.values()
            if entry.granter == asking.peer and digest in negotiation_id_of(entry.agreement_id)
        ]

    def take_up(self, asking: Asking, entry: Entry, bid: Bid, now: datetime) -> tuple[Volume4D, ...] | None:
        """Have the negotiation wait for this entry, if its menu has what was granted; returns the air of the flight."""
        choice = _choice_of(bid.menu, entry)
        if choice is None or entry.offer is None or asking.state in {NegotiationState.TAKEN, NegotiationState.AGREED}:
            return None
        volumes = moved_volumes(asking.volumes, bid, choice)
        asking.bid = bid
        asking.taken = Taken(choice=choice, offer=entry.offer, volumes=volumes, until=now)
        asking.state = NegotiationState.TAKEN  # by no step of this life: an earlier one has come so far
        self._kept.pop(entry.agreement_id, None)
        return volumes


def _choice_of(menu: Menu, entry: Entry) -> Choice | None:
    choices = (menu.choice(outcome) for outcome in range(menu.size))
    return next((choice for choice in choices if menu.volumes(choice) == entry.volumes), None)
