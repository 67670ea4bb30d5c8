"""What tests of line reviews share: a line with a side on each hand, a rule, and what the two sides want."""

from datetime import time, timedelta
from typing import Any

from hotline_protocol.agreement import Agreement, DeconflictionLine, LineCheckRule, LineReviewRule
from hotline_protocol.airspace import Position
from hotline_services.aoc.config import Officer, PartyConfig, Review

from .joined import DAWN, agreement

DUE = DAWN + timedelta(hours=2)
EFFECTIVE_MIN = 30.0
NORTHWARD = DeconflictionLine(
    name="line",
    note="a test's",
    trace=(Position(40.0, 34.5), Position(40.0, 36.5)),
    near_nm=5.0,
    left="ru",  # west of it
    right="us",  # east of it
)


def rule(**changes: Any) -> LineReviewRule:
    fields: dict[str, Any] = {"caller": "us", "every_days": 1, "at": time(8), "effective_min": EFFECTIVE_MIN}
    return LineReviewRule(**(fields | changes))


def rules(review: LineReviewRule | None = None, **changes: Any) -> Agreement:
    check = LineCheckRule(caller="ru", at=(time(10),))
    return agreement(**({"line": NORTHWARD, "line_check": check, "line_review": review or rule()} | changes))


def side(wish: float, would_yield: float, *, think_s: float = 0.0) -> PartyConfig:
    officer = Officer(answer_s=think_s, think_s=think_s)
    return PartyConfig(officer=officer, review=Review(wish_nm=wish, yield_nm=would_yield))
