"""How a faulty day is drawn, and the times that all its parts share."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from hotline_services.simulation.chance import Chance

T = TypeVar("T")

START = datetime(2017, 7, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
QUIET_FROM = 6.0  # hours; no trouble reaches beyond this


class Dice:
    """Draws that need ``random()`` alone, and so are the same on every version of Python."""

    def __init__(self, chance: Chance, purpose: str) -> None:
        self._random = chance.stream(purpose).random

    def between(self, least: float, most: float) -> float:
        return least + (most - least) * self._random()

    def whole(self, least: int, most: int) -> int:
        return least + int(self._random() * (most - least + 1))

    def pick(self, choices: Sequence[T]) -> T:
        return choices[int(self._random() * len(choices))]

    def happens(self, probability: float) -> bool:
        return self._random() < probability

    def moment(self, from_h: float, until_h: float) -> datetime:
        """A whole second between these hours of the day."""
        return START + timedelta(seconds=int(self.between(from_h, until_h) * 3_600))
