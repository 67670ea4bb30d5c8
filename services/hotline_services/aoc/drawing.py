"""The dispatch table, the calendar, the state and the officer's questions of a centre as tables of a document."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, get_args

import msgspec

from hotline_protocol.agreement import Agreement, TierRule
from hotline_protocol.describe import summary
from hotline_protocol.line import Tier
from hotline_protocol.menu import Block
from hotline_protocol.slices import Slice
from hotline_services.simulation.chance import Chance

from .config import PartyConfig
from .internal import WordsUnderstood
from .parts import Parts, State
from .questions import ANSWERS
from .seat import ORDERS
from .voice import Handler, Handlers
from .waking import Calendar, Lapse

ROLE: Final = re.compile(r":[a-z]+:`[^`]*?(\w+)`")


def sections() -> Mapping[str, str]:
    """Every table by its name in the document."""
    blocks = (Block(name="any", lower_ft=0, upper_ft=60_000),)
    tiers = (TierRule(tier=Tier.DUTY_OFFICER),)
    agreement = Agreement(name="any", parties=("one", "other"), altitude_blocks=blocks, tiers=tiers)
    parts = Parts("one", PartyConfig(), agreement, epoch="0", chance=Chance(0))
    return {
        "dispatch": _dispatch(parts.handlers),
        "calendar": _calendar(parts.calendar),
        "state": _state(),
        "questions": _questions(),
    }


def _dispatch(handlers: Handlers) -> str:
    rows = ["| event | rank | heard by | what it is |", "|---|---|---|---|"]
    for key, hearers in handlers.items():
        kind = key if isinstance(key, type) else key[1]
        name = f"`{kind.__name__}`" if isinstance(key, type) else f"`{kind.__name__}`, understood"
        what = _plain(kind if isinstance(key, type) else WordsUnderstood)
        rank = getattr(kind, "RANK", "") or ""
        rows.append(f"| {name} | {rank} | {', '.join(map(_named, hearers))} | {what} |")
    return "\n".join(rows)


def _calendar(calendar: Calendar) -> str:
    rows = ["| part | woken | what it does |", "|---|---|---|"]
    for _, lapse, is_restless in calendar.rows:
        when = "with any other" if is_restless else "when due"
        rows.append(f"| {_named(lapse)} | {when} | {_plain(lapse)} |")
    return "\n".join(rows)


def _plain(kind: object) -> str:
    """The first sentence or two of its docstring, without the marks of references."""
    return ROLE.sub(r"`\1`", summary(kind))


def _named(handler: Handler | Lapse) -> str:
    part, _, method = getattr(handler, "__qualname__", "").rpartition(".")
    return f"{_owner(handler, part)}.{method}"


def _owner(handler: Handler | Lapse, part: str) -> str:
    owner = getattr(handler, "__self__", None)
    return part if owner is None else type(owner).__name__


def _questions() -> str:
    rows = ["| question | what it is | answers | a person answers by |", "|---|---|---|---|"]
    for kind, answers in ANSWERS.items():
        orders = ", ".join(f"`{order.__name__}`" for order in ORDERS[kind]) or "the automatic officer answers"
        names = ", ".join(f"`{answer.__name__}`" for answer in answers)
        rows.append(f"| `{kind.__name__}` | {_plain(kind)} | {names} | {orders} |")
    return "\n".join(rows)


def _state() -> str:
    rows = ["| slice | fields | what it is |", "|---|---|---|"]
    for field in msgspec.structs.fields(State):
        kind = _slice_in(field.type)
        if kind is None:
            rows.append(f"| `{field.name}` | | |")
            continue
        names = ", ".join(f"`{each.name}`" for each in msgspec.structs.fields(kind))
        rows.append(f"| `{field.name}` | {names} | {_plain(kind)} |")
    return "\n".join(rows)


def _slice_in(declared: Any) -> type[Slice] | None:
    """The slice that a field holds, or the slices of a dictionary."""
    candidates: Iterable[Any] = (declared, *get_args(declared))
    return next((each for each in candidates if isinstance(each, type) and issubclass(each, Slice)), None)
