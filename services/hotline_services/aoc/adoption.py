"""What earlier lives of ours were granted, and this one no longer knows that it has asked for."""

from datetime import datetime
from typing import Final

from hotline_protocol.ledger import Entry, negotiation_id_of
from hotline_protocol.menu import Choice, Menu
from hotline_protocol.slices import Slice

from .asker import OurRequest

MOST_KEPT: Final = 1_000


class Inheritance(Slice, kw_only=True):
    """Grants to lives of this party that have lost state. They stand until their end: a flight may rely on them.

    ``beginnings`` are those of the negotiations of these lives, ``kept`` their grants by the id of the agreement.
    """

    beginnings: list[str] = []
    kept: dict[str, Entry] = {}

    def lose(self, party: str, epoch: str) -> None:
        """What was asked for in this epoch may be unknown from now on."""
        self.beginnings.append(f"{party}-{epoch}-n")

    def keep(self, entry: Entry, now: datetime) -> bool:
        """Whether this grant is one of those; then it is kept for a plan that may be filed again."""
        if not any(entry.agreement_id.startswith(beginning) for beginning in self.beginnings):
            return False
        self.kept[entry.agreement_id] = entry
        for name in [name for name, kept in self.kept.items() if all(volume.end <= now for volume in kept.volumes)]:
            del self.kept[name]
        if len(self.kept) > MOST_KEPT:
            del self.kept[next(iter(self.kept))]
        return True

    def of(self, asking: OurRequest) -> list[Entry]:
        """Grants of the same peer that were asked for about the same plan."""
        digest = f"-n{asking.plan.digest[:8]}"
        return [
            entry
            for entry in self.kept.values()
            if entry.granter == asking.peer and digest in negotiation_id_of(entry.agreement_id)
        ]


def choice_of(menu: Menu, entry: Entry) -> Choice | None:
    """What of this menu was granted; None when it is not on it."""
    choices = (menu.choice(outcome) for outcome in range(menu.size))
    return next((choice for choice in choices if menu.volumes(choice) == entry.volumes), None)
