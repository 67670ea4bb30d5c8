"""How the person at the desk changes a plan of their side: ``amend PLAN later 30 heights 18000 20000``."""

import re
from datetime import datetime, timedelta
from typing import Any, Final

from hotline_protocol.flightplan import Priority
from hotline_protocol.orders import OwnPlan
from hotline_services.monitor.wording import printable

HOW: Final = "amend PLAN later 30; also earlier MIN, longer MIN, shorter MIN, heights FEET FEET, priority WORD"
LONGEST_MIN: Final = 1_440
_WORDS_AFTER: Final = {"later": 1, "earlier": 1, "longer": 1, "shorter": 1, "heights": 2, "priority": 1}
_WHOLE: Final = re.compile(r"[0-9]{1,5}")


class AmendError(ValueError):
    """This is no change of a plan; the message is a sentence for the person at the desk."""


def changes(plan: OwnPlan, said: list[str]) -> dict[str, Any]:
    """The fields of a ``ChangePlan`` that these words ask for, each word once. Raises AmendError."""
    fields: dict[str, Any] = {}
    words = iter(word.lower() for word in said)
    for word in words:
        if word not in _WORDS_AFTER:
            raise AmendError(f"{printable(word)!r} is nothing that can be changed: {HOW}.")
        values = [next(words, "") for _ in range(_WORDS_AFTER[word])]
        if found := fields.keys() & (new := _change(word, values, plan)).keys():
            raise AmendError(f"{', '.join(sorted(found))} is changed twice: {HOW}.")
        fields |= new
    if not fields:
        raise AmendError(f"Amend what: {HOW}.")
    return fields


def _change(word: str, values: list[str], plan: OwnPlan) -> dict[str, Any]:
    match word:
        case "later" | "earlier":
            return {"shift_min": _minutes(word, values[0]) * (1 if word == "later" else -1)}
        case "longer" | "shorter":
            by = timedelta(minutes=_minutes(word, values[0]))
            return {"end": _end(plan) + (by if word == "longer" else -by)}
        case "heights":
            lower, upper = (_feet(value) for value in values)
            if lower >= upper:
                raise AmendError(f"The lower height comes first: heights {upper} {lower}.")
            return {"lower_ft": lower, "upper_ft": upper}
        case _:
            priorities = {priority.value: priority for priority in Priority}
            if values[0] not in priorities:
                raise AmendError(f"The priority is one of {', '.join(priorities)}.")
            return {"priority": priorities[values[0]]}


def _minutes(word: str, text: str) -> int:
    if not _WHOLE.fullmatch(text) or not 0 < int(text) <= LONGEST_MIN:
        raise AmendError(f"{word.capitalize()} by how many minutes, from 1 to {LONGEST_MIN:,}?")
    return int(text)


def _feet(text: str) -> int:
    if not _WHOLE.fullmatch(text) or int(text) > 60_000:
        raise AmendError("Heights are two numbers of feet up to 60,000: heights 18000 20000.")
    return int(text)


def _end(plan: OwnPlan) -> datetime:
    if not plan.volumes:
        raise AmendError(f"When {plan.plan_id} ends is not known before it is agreed.")
    return max(volume.end for volume in plan.volumes)
