"""When strain has a side declare the line suspended, and open again. An announcement is all that it is."""

from datetime import datetime, timedelta
from typing import Final

from hotline_protocol.events import Stage
from hotline_protocol.injection import AnnouncedState

from .relations import Relations

LOOK_AGAIN: Final = timedelta(minutes=1)


class Suspension:
    """One declaration for each crisis, taken back when what is left of it is less than strained.

    What has been ordered from above stands: strain declares nothing that has been declared already, and takes back
    only what it has declared itself.
    """

    def __init__(self, relations: Relations) -> None:
        self._relations = relations
        self._state = AnnouncedState.OPEN
        self._of_strain = False
        self._crises: dict[str, None] = {}

    @property
    def crises(self) -> tuple[str, ...]:
        """Peers with whom it has come to a crisis that is not over yet."""
        return tuple(self._crises)

    def ordered(self, state: AnnouncedState) -> None:
        """This has been declared by order."""
        self._state, self._of_strain = state, False

    def declare(self, peer: str) -> AnnouncedState | None:
        """What is to be declared now because of how things stand with this peer; None for nothing."""
        if peer in self._crises:
            return self._calmed(peer) if self._relations.stage(peer).rank < Stage.STRAINED.rank else None
        if not self._relations.conduct(peer).suspends:
            return None
        self._crises[peer] = None
        if self._state is AnnouncedState.SUSPENDED:
            return None
        self._state, self._of_strain = AnnouncedState.SUSPENDED, True
        return self._state

    def _calmed(self, peer: str) -> AnnouncedState | None:
        del self._crises[peer]
        if self._crises or not self._of_strain:
            return None
        self._state, self._of_strain = AnnouncedState.OPEN, False
        return self._state

    def next_deadline(self, now: datetime) -> datetime | None:
        """When the next of the crises will be over if nothing more is felt."""
        if not self._crises:
            return None  # as nearly always: this is asked once a turn
        times = (self._relations.calm_from(peer, Stage.STRAINED) for peer in self._crises)
        first = min((at for at in times if at is not None), default=None)
        return None if first is None else max(first, now + LOOK_AGAIN) if first <= now else first
