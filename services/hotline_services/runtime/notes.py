"""What a service adds to its signs of life when something is wrong with its store or its connection."""

from collections.abc import Iterator
from typing import Final

from .dispatch import Dispatch
from .guard import Guard
from .mqtt import Connection
from .namesakes import Namesakes
from .pace import Pace
from .patience import Patience
from .timing import Timing

LONGEST: Final = 500  # characters, of a note on health


class Notes:
    """Gathers the troubles of one service."""

    def __init__(
        self,
        patience: Patience,
        dispatch: Dispatch,
        connection: Connection,
        guard: Guard,
        namesakes: Namesakes,
        pace: Pace,
        timing: Timing,
    ) -> None:
        self._patience: Final = patience
        self._dispatch: Final = dispatch
        self._connection: Final = connection
        self._guard: Final = guard
        self._namesakes: Final = namesakes
        self._pace: Final = pace
        self._timing: Final = timing

    @property
    def text(self) -> str:
        """One clause for each trouble, or nothing."""
        return "; ".join(self._troubles())[:LONGEST]

    def _troubles(self) -> Iterator[str]:
        if self._patience.trouble:
            yield self._patience.trouble
        if self._timing.trouble:
            yield self._timing.trouble
        if self._namesakes.trouble:
            yield self._namesakes.trouble
        if self._pace.trouble:
            yield self._pace.trouble
        if self._dispatch.refused:
            yield f"{self._dispatch.refused} publishes were refused by the broker"
        if self._guard.refused:
            yield f"{self._guard.refused} messages were refused by their signatures"
        too_large = self._dispatch.too_large + self._connection.unshown
        if too_large:
            limit = self._connection.packet_limit
            known = f", which takes {limit:,} bytes" if limit else ""
            what = "1 message was" if too_large == 1 else f"{too_large} messages were"
            yield f"{what} too large for the broker{known}"
