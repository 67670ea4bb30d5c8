"""The header of a recording of a live run, from its record and from the command line."""

import sqlite3
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from hotline_protocol.message import Digest
from hotline_protocol.orders import TakeDesk
from hotline_protocol.topics import CLOCK, CONTROL, HEALTH, RECEIPT, decode_any
from hotline_services.runtime.launches import newest_launch
from hotline_services.runtime.recording import Header, Live

HOUSEKEEPING: Final = (HEALTH, CLOCK, CONTROL, RECEIPT)
UNKNOWN_AGREEMENT: Final = "0" * 16
LIVE: Final = "live"


class Told(NamedTuple):
    """Facts of a run from the command line, used where the record lacks them."""

    scenario: str | None = None
    seed: int | None = None
    agreement: Digest | None = None


def live_header(db: sqlite3.Connection, start: datetime, told: Told, agreement: Digest | None) -> Header:
    """The header of a recording of this record, which is of a live run. Raises what reading the record raises."""
    launch = newest_launch(db)
    operators: dict[str, dict[str, None]] = {}
    for (text,) in db.execute("SELECT message FROM messages WHERE type = 'take-desk' ORDER BY n"):
        order = decode_any(text)
        if isinstance(order, TakeDesk):
            operators.setdefault(order.to, {})[order.operator] = None
    return Header(
        scenario=launch.scenario if launch else told.scenario or LIVE,
        seed=launch.seed if launch else told.seed,
        start=start,
        days=None,
        agreement=told.agreement or agreement or UNKNOWN_AGREEMENT,
        provenance=launch.provenance if launch else msgspec.UNSET,
        live=Live(
            speed=launch.speed if launch else None,
            days=launch.days if launch else None,
            operators={party: tuple(names) for party, names in operators.items()},
        ),
    )
