"""Air that is reserved is kept in one place, and is what plans, negotiations and chains say."""

import ast
from pathlib import Path
from typing import Any

import pytest

import hotline_services.aoc
from hotline_protocol.injection import CancelPlan
from hotline_protocol.line import Confirm
from hotline_services.aoc.reservations import Reservations
from hotline_services.explore.reserved import misreserved
from hotline_services.explore.search import Search
from hotline_services.explore.world import read_world

from .joined import PROMPT, Joined, plan


def wrong(world: Joined) -> list[str]:
    return [fault for centre in world.centres.values() for fault in misreserved(centre)]


def reserved(world: Joined, party: str) -> list[str]:
    return sorted(world.centres[party].parts.reservations.state.uses)


def test_what_is_asked_for_is_wished_then_ours_and_granted_by_the_other_side_until_it_is_given_back() -> None:
    world = Joined(PROMPT, PROMPT)
    world.holds = lambda message: isinstance(message, Confirm)
    world.file("us", plan("near"))
    assert [reserved(world, party)[0].partition("/")[0] for party in ("us", "ru")] == ["near", "hold"]
    assert wrong(world) == []
    world.release_held()
    assert [ref.partition("/")[0] for ref in reserved(world, "ru")] == ["grant"]
    assert wrong(world) == []
    world.tell("us", CancelPlan, plan_id="near")
    assert [reserved(world, party) for party in ("us", "ru")] == [[], []]


@pytest.mark.parametrize("forgotten", ["reserve", "release"])
def test_air_that_is_not_reserved_or_not_released_is_found_in_the_first_state_that_has_it(
    forgotten: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*_: Any) -> None:
        return None

    monkeypatch.setattr(Reservations, forgotten, nothing)
    found = Search.alone(read_world("cancelled")).run().found
    assert found is not None
    assert found.faults[0].startswith("1: ")


def test_only_reservations_change_the_picture() -> None:
    changing = []
    for path in Path(hotline_services.aoc.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                named = ast.unparse(node.func)
                if named.endswith(("index.insert", "index.remove", "uses.pop")):
                    changing.append(path.name)
    assert set(changing) == {"picture.py", "reservations.py"}  # the picture makes an index of a state that is read
