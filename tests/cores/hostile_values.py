"""Values that nobody should send: lines that are hard to draw, and each part of a message made hostile."""

import json
import math
from collections.abc import Iterator
from copy import deepcopy
from typing import Any, Final

from hotline_protocol.message import Message
from hotline_protocol.topics import encode

Json = Any
Spot = tuple[float, float]


# Lines and rings that nobody should draw.


def hostile_lines(many: int) -> Iterator[list[Spot]]:
    """So many positions, within the theatre or not: each is hard on some algorithm of geometry."""
    yield []
    yield [(39.0, 35.0)]
    yield [(39.0, 35.0)] * many
    yield [(39.0 + n % 2, 35.0) for n in range(many)]
    yield [(39.0 + n % 2 * 1e-12, 35.0) for n in range(many)]
    yield [(39.0 + n * 1e-12, 35.0) for n in range(many)]
    yield [(39.0 + n % 2 * 0.5, 35.0 + n * 1e-4) for n in range(many)]
    yield [(36.0 + 6.0 * n / many, 35.0 + n % 2) for n in range(many)]
    yield [(36.0 + 6.0 * n / many, 35.0 + n % 3 * 1e-5) for n in range(many)]
    for turns in (many / 20, many / 3):
        yield [_on_spiral(n / many, turns) for n in range(many)]
    yield [_on_spiral(n / many, 1.0, inner=1.0) for n in range(many)]
    yield [(39.0 + math.cos(n * n) * 2, 35.0 + math.sin(n * n) * 2) for n in range(many)]  # a scribble
    comb = [(36.0 + 6.0 * n / many, 34.0 if n % 4 in {0, 3} else 37.0) for n in range(many)]
    yield comb
    yield [*comb[: many // 2], *((lon, 33.0) for lon, _ in reversed(comb[: many // 2]))]
    yield [(179.9 - n % 2 * 359.8, 35.0) for n in range(many)]
    yield [(180.0, 90.0), (-180.0, -90.0)] * (many // 2)
    yield [(39.0, 90.0 - n * 1e-9) for n in range(many)]
    yield [(5e-324, -5e-324)] * many
    star = [(39.0 + math.cos(n) * (1 + n % 2), 35.0 + math.sin(n) * (1 + n % 2)) for n in range(many)]
    yield star


def _on_spiral(share: float, turns: float, inner: float = 0.05) -> Spot:
    angle, out = turns * 2 * math.pi * share, inner + 2.0 * share
    return 39.0 + out * math.cos(angle), 35.0 + out * math.sin(angle)


# Whatever else can stand in a message.

NUMBERS: Final = (0, 1, -1, 10**6, 10**30, 5e-324, 1e-12, 1e308, -1e308, 1.0)
RAW_NUMBERS: Final = ("NaN", "Infinity", "-Infinity", "1e999", "-0.0")
MOMENTS: Final = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2017-06-18T12:00:00.000001Z")
TEXTS: Final = ("", "x" * 100_000, "\\" * 1_000, "(" * 1_000, "\u202e\u0000", "ru", "sky")
SPOTS: Final = ((180, 90), (-180, -90), (39, 35), (5e-324, 1e-300))
MANY: Final = (500, 2_000)


def variants(value: Json) -> Iterator[Json]:
    """The value with one part of it made hostile, part by part."""
    match value:
        case list():
            yield from _list_variants(value)
        case dict():
            for key, part in value.items():
                if key not in {"type", "shape"}:
                    yield from ({**value, key: changed} for changed in variants(part))
            yield {str(n): value for n in range(2_000)}
        case bool() | None:
            pass
        case int() | float():
            yield from NUMBERS
        case str() if value[:2] == "20" and value.endswith("Z"):
            yield from MOMENTS
        case str():
            yield from TEXTS
        case _:
            raise TypeError(f"JSON has no {type(value).__name__}")


def _list_variants(value: list[Json]) -> Iterator[Json]:
    match value:
        case [int() | float(), int() | float()]:
            yield from map(list, SPOTS)
        case [[int() | float(), int() | float()], *_]:
            for many in MANY:
                yield from ([list(spot) for spot in line] for line in hostile_lines(many))
        case _:
            yield []
            yield from (value * times for times in MANY if value)
            for n, part in enumerate(value):
                yield from ([*value[:n], changed, *value[n + 1 :]] for changed in variants(part))


def forms(message: Message) -> Iterator[bytes]:
    """This message as it is, and in every hostile form."""
    plain = json.loads(encode(message))
    yield encode(message)
    for changed in variants(plain):
        yield json.dumps(changed).encode()
    for raw in RAW_NUMBERS:
        yield json.dumps(_with_raw(plain)).replace('"RAW"', raw).encode()


def _with_raw(value: Json) -> Json:
    """Each number's place marked, to stand for what JSON has no number for."""
    match value:
        case list():
            return [_with_raw(part) for part in value]
        case dict():
            return {key: _with_raw(part) for key, part in value.items()}
        case float():
            return "RAW"
        case _:
            return deepcopy(value)
