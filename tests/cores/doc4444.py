"""A small strict reader of FPL messages after ICAO Doc 4444, Appendices 2 and 3. It shares nothing with Hotline's."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

SHAPES = {
    3: r"FPL",
    7: r"[A-Z0-9]{1,7}",
    8: r"[IVYZ][SNGMX]",
    9: r"(?:[1-9][0-9]?)?[A-Z][A-Z0-9]{1,3}/[LMHJ]",
    10: r"[A-Z0-9]+/[A-Z0-9]+",
    13: r"[A-Z]{4}(?:[01][0-9]|2[0-3])[0-5][0-9]",
    15: r"[NKM][0-9]{3,4}(?:[FA][0-9]{3}|[SM][0-9]{4}|VFR)(?: \S+)+",
    16: r"[A-Z]{4}[0-9]{2}[0-5][0-9](?: [A-Z]{4}){0,2}",
    18: r"0|[A-Z]+[0-9]?/.+",
}
POINT = re.compile(r"([0-8][0-9])([0-5][0-9])([NS])([01][0-9]{2})([0-5][0-9])([EW])")
LEVEL = re.compile(r"(?:[NK][0-9]{4}|M[0-9]{3})([FA])([0-9]{3})")


def read(message: str) -> dict[str, Any]:
    """What the message says. Raises AssertionError where it is not of the format."""
    assert message.startswith("(")
    assert message.endswith(")")
    assert re.fullmatch(r"[A-Z0-9 \n()\-/.,+?:'=]*", message), message
    fields = dict(zip(SHAPES, message[1:-1].replace("\n", " ").split("-", 8), strict=True))
    fields = {number: text.strip() for number, text in fields.items()}
    for number, shape in SHAPES.items():
        assert re.fullmatch(shape, fields[number]), (number, fields[number])
    other = dict(re.findall(r"(?:^| )([A-Z]{3,8}[0-9]?)/(.*?)(?= [A-Z]{3,8}[0-9]?/|$)", fields[18]))
    start = datetime.strptime(other["DOF"] + fields[13][4:], "%y%m%d%H%M").replace(tzinfo=UTC)
    elapsed = timedelta(hours=int(fields[16][4:6]), minutes=int(fields[16][6:8]))
    first, *rest = fields[15].split()
    elements = [element.partition("/") for element in rest if not element.startswith("STAY")]
    levels = [LEVEL.fullmatch(text) for text in (first, *(change for _, _, change in elements if change))]
    return {
        "callsign": fields[7],
        "start": start,
        "end": start + elapsed,
        "levels_ft": [int(found[2]) * 100 for found in levels if found],
        "points": [_point(name) for name, _, _ in elements],
        "from": _point(other["DEP"]),
        "to": _point(other["DEST"]),
        "other": other,
    }


def _point(text: str) -> tuple[float, float]:
    found = POINT.fullmatch(text)
    assert found, text
    lat, lon = int(found[1]) + int(found[2]) / 60, int(found[4]) + int(found[5]) / 60
    return (-lon if found[6] == "W" else lon, -lat if found[3] == "S" else lat)
