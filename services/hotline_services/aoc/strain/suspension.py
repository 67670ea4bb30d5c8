"""When strain has a side declare the line suspended, and open again. An announcement is all that it is."""

from datetime import datetime, timedelta
from typing import Final

from hotline_protocol.events import Stage
from hotline_protocol.injection import AnnouncedState
from hotline_services.aoc.state import SuspensionState

from .relations import Relations

LOOK_AGAIN: Final = timedelta(minutes=1)


class Suspension:
    """One declaration for each crisis, taken back when what is left of it is less than strained.

    What has been ordered from above stands: strain declares nothing that has been declared already, and takes back
    only what it has declared itself.
    """

    def __init__(self, relations: Relations) -> None:
        self._relations = relations
        self.state = SuspensionState()

    @property
    def crises(self) -> tuple[str, ...]:
        """Peers with whom it has come to a crisis that is not over yet."""
        return tuple(self.state.crises)

    def ordered(self, state: AnnouncedState) -> None:
        """This has been declared by order."""
        self.state.announced, self.state.of_strain = state, False

    def declare(self, peer: str) -> AnnouncedState | None:
        """What is to be declared now because of how things stand with this peer; None for nothing."""
        if peer in self.state.crises:
            return self._calmed(peer) if self._relations.stage(peer).rank < Stage.STRAINED.rank else None
        if not self._relations.conduct(peer).suspends:
            return None
        self.state.crises[peer] = None
        if self.state.announced is AnnouncedState.SUSPENDED:
            return None
        self.state.announced, self.state.of_strain = AnnouncedState.SUSPENDED, True
        return self.state.announced

    def _calmed(self, peer: str) -> AnnouncedState | None:
        del self.state.crises[peer]
        if self.state.crises or not self.state.of_strain:
            return None
        self.state.announced, self.state.of_strain = AnnouncedState.OPEN, False
        return self.state.announced

    def next_deadline(self, now: datetime) -> datetime | None:
        """When the next of the crises will be over if nothing more is felt."""
        if not self.state.crises:
            return None  # as nearly always: this is asked once a turn
        times = (self._relations.calm_from(peer, Stage.STRAINED) for peer in self.state.crises)
        first = min((at for at in times if at is not None), default=None)
        return None if first is None else max(first, now + LOOK_AGAIN) if first <= now else first
