"""A small strict reader of Airspace Control Orders in USMTF text. It shares nothing with Hotline's, and mends nothing.

Sets end at ``//``, fields at ``/``. Heights, positions and times are read into plain numbers, text and tuples.
"""

import re
from datetime import UTC, datetime
from typing import Any

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
LINE = re.compile(r"[A-Z0-9 .,()\-/:]{1,69}")
POSITION = re.compile(r"LATS:([0-8]\d)([0-5]\d)([0-5]\d)([NS])([01]\d\d)([0-5]\d)([0-5]\d)([EW])")
TIME = re.compile(r"(\d\d)([0-2]\d)([0-5]\d)Z([A-Z]{3})(\d{4})")
HEIGHT = re.compile(r"FL\d{3}|\d{3}AMSL|MSL|UNL")
LEVELS = re.compile(r"^(BRRA|RARA|GRRA|RRRA):")
LENGTH = re.compile(r"\d+(\.\d+)?NM")
SHAPES = ("CIRCLE", "CORRIDOR", "POLYGON")


def read(text: str) -> list[dict[str, Any]]:
    """Each measure of the order. Raises AssertionError where it is not of the format."""
    assert all(LINE.fullmatch(line) for line in text.splitlines()), text
    sets = [one.split("/") for one in text.replace("\n", "").split("//")]
    assert sets.pop() == [""], "the last set is not ended"
    assert [one[0] for one in sets[:4]] == ["EXER", "MSGID", "ACOID", "GEODATUM"]
    measures: list[dict[str, Any]] = []
    for name, *fields in sets[4:]:
        assert all(fields), (name, fields)
        if name == "ACMID":
            named = dict(field.split(":", 1) for field in fields if ":" in field)
            measures.append({"kind": named["ACM"], "name": named["NAME"]})
        elif name in SHAPES:
            measures[-1]["shape"] = name
            measures[-1] |= _shape(name, fields)
        elif name == "EFFLEVEL":
            measures[-1]["heights"] = [_height(one) for one in LEVELS.sub("", fields[0]).split("-")]
        elif name == "APERIOD":
            assert fields[0] == "DISCRETE"
            measures[-1]["times"] = [_time(field) for field in fields[1:]]
        else:
            assert name in {"PERIOD", "AMPN"}, name
    return measures


def _shape(name: str, fields: list[str]) -> dict[str, Any]:
    if name == "POLYGON":
        return {"positions": [_position(field) for field in fields], "breadth_nm": None}
    # Of a circle the radius stands behind its middle, of a corridor the whole width before its points.
    breadth, *positions = fields if name == "CORRIDOR" else fields[::-1]
    assert LENGTH.fullmatch(breadth), breadth
    return {"positions": [_position(field) for field in positions], "breadth_nm": float(breadth[:-2])}


def _position(field: str) -> tuple[float, float]:
    """Longitude and latitude in degrees."""
    found = POSITION.fullmatch(field)
    assert found, field
    lat = int(found[1]) + int(found[2]) / 60 + int(found[3]) / 3600
    lon = int(found[5]) + int(found[6]) / 60 + int(found[7]) / 3600
    return (-lon if found[8] == "W" else lon, -lat if found[4] == "S" else lat)


def _height(field: str) -> int:
    """In feet."""
    assert HEIGHT.fullmatch(field), field
    return 60_000 if field == "UNL" else int("0" + re.sub(r"\D", "", field)) * 100


def _time(field: str) -> datetime:
    found = TIME.fullmatch(field)
    assert found, field
    return datetime(int(found[5]), MONTHS.index(found[4]) + 1, int(found[1]), int(found[2]), int(found[3]), tzinfo=UTC)
