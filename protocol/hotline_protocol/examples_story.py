"""The story that the examples tell: a tanker asks for a track that the other side holds. All of it is made up."""

from datetime import UTC, datetime, timedelta
from typing import Final

from . import line
from .airspace import Corridor, Position
from .flightplan import FlightKind, FlightPlan, Priority
from .gars import gars
from .ledger import Entry, EntryKind, Head, agreement_id_of
from .menu import Block, Choice, Menu, Sector, Window
from .message import digest_of

NINE: Final = datetime(2026, 6, 18, 9, 0, tzinfo=UTC)
CALL: Final = "us-ru-17"
PREVIOUS_CALL: Final = "us-ru-16"
NEGOTIATION: Final = "n-us-TARTU11"
AGREEMENT: Final = digest_of("valley")


def at(minute: float) -> datetime:
    """So many minutes after nine."""
    return NINE + timedelta(minutes=minute)


def _track(north_deg: float) -> Corridor:
    ends = (Position(38.4, 35.9 + north_deg), Position(39.1, 35.6 + north_deg))
    return Corridor(route=(*ends, ends[0]), half_width_nm=5.0)


def _sector(area: Corridor) -> Sector:
    return Sector(name=gars(area.route[0], "cell"), areas=(area,))


PLAN: Final = FlightPlan(
    plan_id="TARTU11-0618",
    callsign="TARTU11",
    kind=FlightKind.TANKER,
    priority=Priority.PRIORITY,
    area=_track(0.0),
    lower_ft=24_000,
    upper_ft=26_000,
    start=at(60),
    end=at(180),
    aircraft_type="K35R",
)
MENU: Final = Menu(
    sectors=(_sector(_track(0.0)), _sector(_track(0.25))),
    blocks=(
        Block(name="middle", lower_ft=24_000, upper_ft=26_000),
        Block(name="high", lower_ft=27_000, upper_ft=29_000),
    ),
    shifts_min=(-15, 0, 15, 30),
    windows=(Window(start=at(60), end=at(180)),),
)
AS_FILED: Final = Choice(sector=0, block=0, shift=1)
HIGHER: Final = Choice(sector=0, block=1, shift=1)
ASKED: Final = line.offer_digest(NEGOTIATION, CALL, digest_of(MENU), AS_FILED)
OFFERED: Final = line.offer_digest(NEGOTIATION, CALL, digest_of(MENU), HIGHER)
GRANT: Final = Entry(
    granter="ru",
    user="us",
    index=1,
    previous=Head().hash,
    kind=EntryKind.GRANTED,
    agreement_id=agreement_id_of(NEGOTIATION, OFFERED),
    volumes=MENU.volumes(HIGHER),
    offer=OFFERED,
    priority=Priority.PRIORITY,
    entered_at=at(6),
)
HEADS: Final = {"us": Head(), "ru": Head(length=1, hash=GRANT.hash)}
