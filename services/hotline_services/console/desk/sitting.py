"""One sitting at a desk: the envelopes of its orders, and a lease that is renewed long before it runs out."""

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from hotline_protocol.injection import Injected
from hotline_protocol.names import desk_of
from hotline_protocol.orders import AtDesk, LeaveDesk, TakeDesk

LEASE_REAL_S: Final = 20.0
"""A console that dies gives the desk back after so many real seconds."""
RENEWED_EVERY_REAL_S: Final = 5.0
SHORTEST_LEASE_S: Final = 20.0
LONGEST_LEASE_S: Final = 86_400.0


def lease(speed: float) -> timedelta:
    """How long a renewal holds the desk, where time runs at this speed (simulated seconds in a real one)."""
    return timedelta(seconds=min(max(LEASE_REAL_S * speed, SHORTEST_LEASE_S), LONGEST_LEASE_S))


class Draft(msgspec.Struct, frozen=True):
    """An order without its envelope."""

    kind: type[Injected]
    fields: dict[str, Any]


class SittingAt:
    """``name`` tells this sitting from any other; its messages bear the identity of the desk as their source."""

    def __init__(self, party: str, name: str, operator: str) -> None:
        self.party: Final = party
        self.name: Final = name
        self.operator: Final = operator
        self.identity: Final = desk_of(party)
        self._count = 0

    def write(self, draft: Draft, now: datetime) -> Injected:
        """The order as it is sent. It is not counted: a console keeps no journal from which it could say it again."""
        self._count += 1
        sitting: dict[str, Any] = {"sitting": self.name} if issubclass(draft.kind, AtDesk) else {}
        return draft.kind(
            id=f"{self.name}-{self._count}",
            source=self.identity,
            seq=0,
            time=now,
            to=self.party,
            **sitting,
            **draft.fields,
        )

    def take(self, now: datetime, speed: float, *, tell: bool) -> Injected:
        """Take the desk, or go on holding it, where time runs at this speed (simulated seconds in a real one)."""
        lease_s = lease(speed).total_seconds()
        return self.write(Draft(TakeDesk, {"operator": self.operator, "lease_s": lease_s, "tell": tell}), now)

    def leave(self, now: datetime) -> Injected:
        """Give the desk back."""
        return self.write(Draft(LeaveDesk, {}), now)
