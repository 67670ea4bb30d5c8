"""What has been ordered and the centre has not yet confirmed: it is said again for as long as it is of use."""

from collections.abc import Iterable
from datetime import datetime

from hotline_protocol.injection import Injected
from hotline_protocol.orders import TakeDesk


class Unconfirmed:
    """The latest hold upon the desk, and each other order until a time after which it might come as a surprise.

    So a centre that never confirms anything is told no more than one that does.
    """

    def __init__(self) -> None:
        self._hold: TakeDesk | None = None
        self._orders: dict[str, tuple[Injected, datetime]] = {}

    @property
    def orders(self) -> list[Injected]:
        """What is to be said again, the hold upon the desk first."""
        return [*([self._hold] if self._hold is not None else []), *(order for order, _ in self._orders.values())]

    @property
    def asks_what_is_there(self) -> bool:
        """Whether the centre has yet to confirm that it was asked what is on the desk."""
        return self._hold is not None and self._hold.tell

    def add(self, order: Injected, until: datetime) -> None:
        """This has been ordered. Of what takes or holds the desk only the latest counts, and it does for good."""
        if isinstance(order, TakeDesk):
            self._hold = order
        else:
            self._orders[order.id] = (order, until)

    def confirm(self, ids: Iterable[str]) -> None:
        """The centre has these."""
        for name in ids:
            self._orders.pop(name, None)
            if self._hold is not None and self._hold.id == name:
                self._hold = None

    def give_up(self, now: datetime) -> list[Injected]:
        """Forget what is of no use any more, and return it."""
        late = [order for order, until in self._orders.values() if until < now]
        for order in late:
            del self._orders[order.id]
        return late
