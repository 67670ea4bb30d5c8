"""Airspace Control Orders with one measure each, for tests of how they are read."""

from datetime import UTC, datetime

from hotline_protocol.airspace import Volume4D
from hotline_services.aco.order import Measure, Order
from hotline_services.aco.reading import read_order

HEAD = (
    "EXER/VALLEY//\nMSGID/ACO/C2WS/1//\nACOID/VALLEY/18//\nGEODATUM/WGS 1984//\n"
    "PERIOD/180600ZJUN2017/190600ZJUN2017//\n"
)
LEAP = "PERIOD/010000ZJAN2016/020000ZJAN2016//\n"
CIRCLE = "CIRCLE/LATS:352030N0400830E/8NM//"
LEVELS = "EFFLEVEL/RAFL:200AMSL-FL250//"
TIMES = "APERIOD/DISCRETE/181530ZJUN/181730ZJUN//"
START = datetime(2017, 6, 18, 6, tzinfo=UTC)


def order(shape: str = CIRCLE, levels: str = LEVELS, times: str = TIMES, *, acmid: str = "", head: str = HEAD) -> Order:
    name = shape.partition("/")[0]
    return read_order("\n".join([head, acmid or f"ACMID/ACM:ROZ/NAME:ONE/{name}/USE:AEW//", shape, levels, times]))


def measure(found: Order) -> Measure:
    assert not found.refused, found.refused
    (only,) = found.measures
    return only


def volume(found: Order) -> Volume4D:
    (only,) = measure(found).volumes
    return only


def reasons(found: Order) -> list[str]:
    return [note.reason for note in found.refused]


def at(hour: int, minute: int = 0, day: int = 18) -> datetime:
    return datetime(2017, 6, day, hour, minute, tzinfo=UTC)
