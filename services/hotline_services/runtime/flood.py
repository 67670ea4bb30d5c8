"""A flood of input that nobody can read costs a count, and not an entry each in every journal and record."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from hotline_protocol.message import Message
from hotline_protocol.service import Unreadable

from .budget import Budget

AT_ONCE: Final = 500
PER_S: Final = 2.0
FLOOD: Final = "flood"


class Flood:
    """Hands on ``AT_ONCE`` unreadable inputs, then ``PER_S`` a real second; of the others it tells how many there were,
    as one unreadable input of code ``flood``. Dead letters are always handed on.
    """

    def __init__(self, service: str, budget: Budget | None = None) -> None:
        self._service: Final = service
        self._budget: Final = budget or Budget(AT_ONCE, PER_S)
        self._reported = 0
        self._topic = ""

    def thinned(self, messages: Sequence[Message], now: datetime) -> list[Message]:
        """These messages without those that are too many, and before them what there is to tell of earlier ones."""
        kept: list[Message] = []
        for message in messages:
            if not isinstance(message, Unreadable) or message.code == "dead-letter":
                kept.append(message)
            elif self._budget.take():
                kept += [*self.report(now), message]
            else:
                self._topic = message.topic
        return kept

    def report(self, now: datetime) -> list[Message]:
        """How many inputs were left out since the last report, if any were."""
        count = self._budget.told()
        if not count:
            return []
        self._reported += 1
        return [
            Unreadable(
                id=f"flood-{self._service}-{now.timestamp():.6f}-{self._reported}",
                source="unknown",
                seq=0,
                time=now,
                topic=self._topic,
                code=FLOOD,
                field="",
                reason=f"{count:,} more inputs could not be read: too many to be kept one by one; the last came here",
                evidence="",
            )
        ]

    def due(self, now: datetime) -> list[Message]:
        """As ``report``, once there is room again: also when nothing more comes that could not be read."""
        return self.report(now) if self._budget.left_out and self._budget.has_room else []
