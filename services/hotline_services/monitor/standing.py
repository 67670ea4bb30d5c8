"""How things stand: who is up, what the line is said to be and is, and whether both sides' ledgers are one."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from hotline_protocol.ledger import Head
from hotline_protocol.service import Presence

from .rows import AnnouncementRow, LedgerRow, LineRow, RejectedRow, Row, ServiceRow
from .volume import Tables
from .worldrows import LossRow

R = TypeVar("R", bound=Row)


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """One chain of grants as each side has it. The granter writes it; its user may lack the newest entries."""

    granter: str
    user: str
    granted: Head
    copied: Head

    @property
    def agrees(self) -> bool:
        """Whether both hold the same chain."""
        return self.granted == self.copied


class Rejections(msgspec.Struct, frozen=True, kw_only=True):
    """How many inputs said to be from ``sender`` one party could not use, for one kind of reason."""

    party: str
    sender: str
    code: str
    count: int


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """All of it, at simulated time ``as_of``.

    ``live`` when services are as the broker has them at this moment; ``speed`` is then that of its clock, in simulated
    seconds in a real one. Not ``recorded`` when there was no record: then only services are known.
    """

    as_of: datetime | None
    live: bool = False
    speed: float = 1.0
    recorded: bool = True
    services: list[ServiceRow]
    announced: list[AnnouncementRow]
    lines: list[LineRow]
    ledgers: list[Chain]
    losses: list[LossRow]
    rejected: list[Rejections]


def standing(tables: Tables, as_of: datetime | None) -> Standing:
    """How things stand by these tables."""
    return Standing(
        as_of=as_of,
        services=_by_key(tables.rows(ServiceRow)),
        announced=_by_key(tables.rows(AnnouncementRow)),
        lines=_by_key(tables.rows(LineRow)),
        ledgers=chains(tables.rows(LedgerRow)),
        losses=_by_key(tables.rows(LossRow)),
        rejected=rejections(tables.rows(RejectedRow)),
    )


def held_by_broker(tables: Tables, as_of: datetime | None, speed: float) -> Standing:
    """How things stand by what the broker retains: ``tables`` hold the health of all, of which no will tells a time."""
    stand = standing(tables, as_of)
    services = [replace(row, at=None) if row.presence is Presence.DOWN else row for row in stand.services]
    return replace(stand, live=True, speed=speed, recorded=False, services=services)


def together(recorded: Standing, live: Standing) -> Standing:
    """The broker knows best who is up now, the monitor itself included; only the record knows the rest."""
    services = {row.key: row for row in recorded.services}
    for row in live.services:
        services[row.key] = _newer(services.get(row.key), row)
    as_of = live.as_of or recorded.as_of
    return replace(
        recorded, as_of=as_of, live=True, speed=live.speed, services=[services[key] for key in sorted(services)]
    )


def _newer(recorded: ServiceRow | None, live: ServiceRow) -> ServiceRow:
    """What the broker holds; but of a death only the monitor has noted the time."""
    same = recorded is not None and (recorded.presence, recorded.session) == (live.presence, live.session)
    return recorded if recorded is not None and same and live.presence is Presence.DOWN else live


def _by_key(rows: list[R]) -> list[R]:
    return sorted(rows, key=lambda row: row.key)


def rejections(rows: Iterable[RejectedRow]) -> list[Rejections]:
    """Rejected inputs counted by who rejected them, whose they were, and the problem's code."""
    counted = Counter((row.party, row.sender, row.code) for row in rows)
    return [
        Rejections(party=party, sender=sender, code=code, count=count)
        for (party, sender, code), count in sorted(counted.items())
    ]


def chains(rows: Iterable[LedgerRow]) -> list[Chain]:
    """Every chain of every pair of parties, as last said by either; what was never said is an empty chain."""
    heads = {(row.party, row.peer): row.heads for row in rows}
    pairs = sorted({pair for party, peer in heads for pair in ((party, peer), (peer, party))})
    return [
        Chain(
            granter=granter,
            user=user,
            granted=heads.get((granter, user), {}).get(granter, Head()),
            copied=heads.get((user, granter), {}).get(granter, Head()),
        )
        for granter, user in pairs
    ]
