"""The table by which the parts of a centre hear each other is complete, and each event in it is told by somebody."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from tests.cores.joined import PROMPT, agreement

import hotline_services.aoc
from hotline_protocol.injection import Deviate, FlyUnannounced, InjectedMessage
from hotline_protocol.line import Answer, Busy, HangUp, LineMessage, OnCall, OnCallMessage, Ring
from hotline_protocol.orders import DeskOrder
from hotline_protocol.service import EpochBegun, Health, Unreadable
from hotline_services.aoc import internal
from hotline_services.aoc.centre import Centre
from hotline_services.aoc.internal import Internal, WordsUnderstood
from hotline_services.simulation.chance import Chance

EVENTS = [
    kind
    for _, kind in inspect.getmembers(internal, inspect.isclass)
    if issubclass(kind, Internal) and kind is not Internal
]
TABLE = "services/hotline_services/aoc/dispatch.py"
FOR_THE_SKY = {FlyUnannounced, Deviate}
HANDLERS = Centre("us", PROMPT, agreement(), epoch="0", chance=Chance(1)).parts.handlers


def kinds(union: Any) -> Iterator[type]:
    for each in get_args(union) or (union,):
        yield from kinds(each) if get_args(each) else (each,)


@pytest.mark.parametrize("kind", EVENTS)
def test_every_event_inside_a_centre_is_heard(kind: type) -> None:
    heard = kind in HANDLERS or any(isinstance(key, tuple) and key[0] is kind for key in HANDLERS)
    assert heard, f"{TABLE} has no handler of {kind.__name__}"


@pytest.mark.parametrize("kind", [*kinds(LineMessage), *kinds(DeskOrder), Health, EpochBegun, Unreadable])
def test_every_message_to_a_centre_is_heard(kind: type) -> None:
    assert kind in HANDLERS, f"{TABLE} has no handler of {kind.__name__}"


def test_an_order_from_outside_is_heard_by_a_centre_or_is_for_the_sky() -> None:
    assert {kind for kind in kinds(InjectedMessage) if kind not in HANDLERS} == FOR_THE_SKY


@pytest.mark.parametrize("kind", sorted(set(kinds(OnCallMessage)) - {Ring, Answer, Busy, HangUp}, key=str))
def test_all_that_is_said_in_a_call_is_heard_when_it_is_understood(kind: type[OnCall]) -> None:
    assert (WordsUnderstood, kind) in HANDLERS, f"{TABLE} has no handler of {kind.__name__} in a call"


def test_every_event_in_the_table_is_told_by_some_part() -> None:
    told = set()
    for path in Path(hotline_services.aoc.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                told.add(node.func.id)
    untold = sorted({kind.__name__ for kind in EVENTS} - told)
    assert untold == [], f"no part of a centre tells {', '.join(untold)}"


def test_no_part_handles_what_it_does_not_know_by_silence() -> None:
    """mypy demands a case for each kind of what is matched: a wildcard could hide a missing one."""
    hiding = []
    for path in Path(hotline_services.aoc.__path__[0]).rglob("*.py"):
        for case in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(case, ast.match_case) or ast.unparse(case.pattern) != "_":
                continue
            if not ast.unparse(case.body[-1]).startswith("assert_never("):
                hiding.append(f"{path.name}:{case.pattern.lineno}")
    assert hiding == []


def test_events_that_wait_have_each_a_rank_of_its_own() -> None:
    ranks = [kind.RANK for kind in EVENTS if kind.RANK]
    assert len(ranks) == len(set(ranks))
