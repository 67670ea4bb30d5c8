"""The JavaScript module of what the page must not state a second time: enums, sets of their members, and limits."""

from collections.abc import Iterable
from enum import Enum
from functools import cache
from typing import Any, Final

import msgspec

from hotline_protocol.events import Stage
from hotline_protocol.flightplan import OVER, PlanState, Priority
from hotline_protocol.line import CallOutcome, Reason, Tier
from hotline_protocol.sky import CLOSE, Grade
from hotline_services.aoc.filed import FLYING
from hotline_services.monitor.history import LogRow
from hotline_services.monitor.logkinds import Counted, Gravity, LogKind

from .answers.view import LIMITS, LOG_HELD, PLANS_SHOWN

NAME: Final = "protocol.js"
ENUMS: Final[tuple[type[Enum], ...]] = (
    CallOutcome,
    Counted,
    Grade,
    Gravity,
    LogKind,
    PlanState,
    Priority,
    Reason,
    Stage,
    Tier,
)
"""The enums that the module has, each as an object of its members' values by their names, in their order."""

SETS: Final[dict[str, Iterable[Enum]]] = {
    "closeGrades": CLOSE,
    "overStates": OVER,
    "reservedStates": FLYING | {PlanState.ACCEPTED},
}
"""Members that mean the same to the page."""


@cache
def protocol_module() -> bytes:
    """The text of the module."""
    enums = {kind.__name__: {member.name: member.value for member in kind} for kind in ENUMS}
    sets = {name: sorted(member.value for member in members) for name, members in SETS.items()}
    held = {keep.kind.table: keep.held for keep in LIMITS if keep.held} | {LogRow.table: LOG_HELD}
    return "\n".join(
        [
            "// Made by the server from its own definitions.",
            *(_constant(name, f"Object.freeze({_json(members)})") for name, members in enums.items()),
            *(_constant(name, f"new Set({_json(members)})") for name, members in sets.items()),
            _constant("held", f"Object.freeze({_json(held)})"),
            _constant("plansShown", str(PLANS_SHOWN)),
            "",
        ]
    ).encode()


def _constant(name: str, value: str) -> str:
    return f"export const {name} = {value};"


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
