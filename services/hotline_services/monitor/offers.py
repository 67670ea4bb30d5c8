"""What lies on the table in each negotiation: the air last offered, by whom, and until when."""

from datetime import datetime
from typing import ClassVar, Final

from msgspec.structs import replace

from hotline_protocol.airspace import Volume4D
from hotline_protocol.events import NegotiationEnded
from hotline_protocol.flightplan import FlightKind, Priority
from hotline_protocol.line import Concur, Counter, Decline, Expire, InNegotiation, Propose, Withdraw
from hotline_protocol.menu import Choice, Menu
from hotline_protocol.message import Message

from .rows import Row

LATELY: Final = 1_000


class OfferRow(Row, frozen=True, kw_only=True):
    """The last offer of a negotiation, which is the row's key; ``said`` is the type of what was last said of it."""

    table: ClassVar[str] = "offers"

    at: datetime | None = None
    by: str = ""
    to: str = ""
    call_id: str = ""
    kind: FlightKind | None = None
    priority: Priority | None = None
    round: int = 0
    volumes: tuple[Volume4D, ...] = ()
    expires_at: datetime | None = None
    said: str = ""
    closed: bool = False


class Offers:
    """Works out what each offer stands for: a counter-offer names a cell of a menu that was laid out before it."""

    def __init__(self) -> None:
        self._menus: Final[dict[str, Menu]] = {}
        self._rows: Final[dict[str, OfferRow]] = {}

    def row(self, message: Message) -> OfferRow | None:
        """The row as this message leaves it; None when it says nothing of an offer that is known."""
        match message:
            case Propose():
                self._menus[message.negotiation_id] = message.menu
                row = OfferRow(key=message.negotiation_id, kind=message.kind, priority=message.priority)
                return self._put(self._offered(row, message))
            case Counter() if known := self._rows.get(message.negotiation_id):
                return self._put(self._offered(known, message))
            case InNegotiation() | NegotiationEnded() if known := self._rows.get(message.negotiation_id):
                return self._closed(known, message)
        return None

    def _offered(self, row: OfferRow, message: Propose | Counter) -> OfferRow:
        return replace(
            row,
            at=message.time,
            by=message.source,
            to=message.to,
            call_id=message.call_id,
            round=message.round,
            volumes=_air(self._menus.get(message.negotiation_id), message.choice),
            expires_at=message.expires_at,
            said="propose" if isinstance(message, Propose) else "counter",
            closed=False,
        )

    def _closed(self, row: OfferRow, message: InNegotiation | NegotiationEnded) -> OfferRow | None:
        if not isinstance(message, Concur | Decline | Expire | Withdraw | NegotiationEnded):
            return None
        said = str(message.__struct_config__.tag)
        closed = replace(row, said=said, closed=not isinstance(message, Concur))
        if isinstance(message, NegotiationEnded):
            self._menus.pop(row.key, None)
            self._rows.pop(row.key, None)
            return closed
        return self._put(closed)

    def _put(self, row: OfferRow) -> OfferRow:
        self._rows[row.key] = row
        if len(self._rows) > LATELY:
            oldest = next(iter(self._rows))
            del self._rows[oldest]
            self._menus.pop(oldest, None)
        return row


def _air(menu: Menu | None, choice: Choice) -> tuple[Volume4D, ...]:
    try:
        return menu.volumes(choice) if menu else ()
    except (IndexError, ValueError, OverflowError):  # not on the menu, or its legs do not fit its areas
        return ()
