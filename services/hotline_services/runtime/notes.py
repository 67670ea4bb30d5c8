"""What a service adds to its signs of life when something is wrong with its store or its connection."""

from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from .dispatch import Dispatch
from .guard import Guard
from .mqtt import Connection

LONGEST: Final = 500  # characters, of a note on health


class Troubled(Protocol):
    """Tells its trouble in one clause; an empty one when there is none."""

    @property
    def trouble(self) -> str: ...


class Notes:
    """Gathers the troubles of one service."""

    def __init__(self, dispatch: Dispatch, connection: Connection, guard: Guard, troubled: Sequence[Troubled]) -> None:
        self._dispatch: Final = dispatch
        self._connection: Final = connection
        self._guard: Final = guard
        self._troubled: Final = troubled

    @property
    def text(self) -> str:
        """One clause for each trouble, or nothing."""
        return "; ".join(self._troubles())[:LONGEST]

    def _troubles(self) -> Iterator[str]:
        yield from (one.trouble for one in self._troubled if one.trouble)
        if self._dispatch.refused:
            what = "1 publish was" if self._dispatch.refused == 1 else f"{self._dispatch.refused} publishes were"
            yield f"{what} refused by the broker"
        if self._guard.refused:
            what = "1 message was" if self._guard.refused == 1 else f"{self._guard.refused} messages were"
            yield f"{what} refused by their signatures"
        too_large = self._dispatch.too_large + self._connection.unshown
        if too_large:
            limit = self._connection.packet_limit
            known = f", which takes {limit:,} bytes" if limit else ""
            what = "1 message was" if too_large == 1 else f"{too_large} messages were"
            yield f"{what} too large for the broker{known}"
