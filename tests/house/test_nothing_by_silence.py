"""What is added and handled nowhere fails the checks, with a sentence that names the place.

Everything is planted in one copy of the program, in which mypy and the tests concerned run once.
"""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.house.scratch import ROOT, Scratch

from hotline_protocol import describe
from hotline_protocol.examples import examples

PROTOCOL = "protocol/hotline_protocol"
SERVICES = "services/hotline_services"


class Plant(NamedTuple):
    """An addition: the file, the text after which it is inserted, and the texts that the checks must print."""

    path: str
    behind: str
    added: str
    told: tuple[str, ...]


PLANTS = {
    "a line message": Plant(
        f"{PROTOCOL}/line.py",
        "MailMessage = Mail | MailRead",
        " | Wonder",
        (
            "test_a_published_file_is_current[protocol/schemas/wonder.json]",
            "protocol/schemas/wonder.json is out of date: make schemas",
            "docs/protocol.md is out of date: make schemas",
            "no module names Wonder but the protocol's own",
            "services/hotline_services/aoc/dispatch.py has no handler of Wonder",
            "services/hotline_services/monitor/dutylog.py has this line for Wonder: None",
        ),
    ),
    "the reason of a call": Plant(
        f"{PROTOCOL}/line.py",
        '    LINE_REVIEW = "line-review"\n',
        '    BOREDOM = "boredom"\n',
        ("Reason.BOREDOM", "no module handles these members"),
    ),
    "the state of a plan": Plant(
        f"{PROTOCOL}/flightplan.py",
        '    WITHDRAWN = "withdrawn"\n',
        '    FORGOTTEN = "forgotten"\n',
        ("PlanState.FORGOTTEN",),
    ),
    "a step that people at a desk can end a sitting by": Plant(
        f"{PROTOCOL}/orders.py",
        "class Leaving(Word):\n",
        '    ASLEEP = "asleep"\n',
        ("Leaving.ASLEEP",),
    ),
    "an event inside a centre": Plant(
        f"{SERVICES}/aoc/internal.py",
        "    fault: str\n",
        '\n\nclass Daydream(Internal, frozen=True):\n    """Nobody has thought of this."""\n',
        ("services/hotline_services/aoc/dispatch.py has no handler of Daydream", "no part of a centre tells Daydream"),
    ),
    "a question to an officer": Plant(
        f"{SERVICES}/aoc/questions.py",
        "Question = RingHeard | OfferMade | TraceOffered | SightingMade",
        " | int",
        (
            "no answers to int",
            "neither a person's order nor the automatic officer answers int",
            "no scene has int",
            *(f"{SERVICES}/aoc/{module}.py:" for module in ("questions", "officer", "seat")),
        ),
    ),
    "a row of a life cycle": Plant(
        f"{PROTOCOL}/lifecycle.py",
        "        (_S.HELD, _T.HEAR_OFFER): _S.OURS,\n",
        "        (_S.HELD, _T.SAY_OFFER): _S.THEIRS,\n",
        ("negotiation: HELD SAY_OFFER", "docs/protocol.md is out of date: make schemas"),
    ),
    "a format of exports": Plant(
        f"{SERVICES}/cli/export.py",
        '    FPL = "fpl"\n',
        '    STONE = "stone"\n',
        (f"{SERVICES}/cli/export.py:", "Format.STONE", "docs/export.md has no row for the format stone"),
    ),
    "the code of a problem": Plant(
        f"{SERVICES}/runtime/guard.py",
        "QUIET: Final = (LATE, TOLD)\n",
        'IDLE: Final = Problem(code="idle", field="", reason="")\n',
        ("no meaning in protocol/hotline_protocol/problem_codes.py of {'idle': ", f"{SERVICES}/runtime/guard.py:"),
    ),
    "a command": Plant(
        f"{SERVICES}/cli/main.py",
        "COMMANDS: Final = (\n",
        '    ("ponder", "health:health", SERVE, "Ponder."),\n',
        ("no page shows hotline ponder",),
    ),
}
WONDER = '''
class Wonder(ToPeer, frozen=True, kw_only=True, tag="wonder"):
    """Nobody has thought of this."""


'''
EXAMPLE = '    yield ru.say(line.Wonder, at(46), to="us")\n'
CHECKS = [
    "tests/house/test_complete.py",
    "tests/house/test_messages_logged.py",
    "tests/house/test_dispatch.py",
    "tests/house/test_problem_codes.py",
    "tests/house/test_descriptions.py::test_a_published_file_is_current",
    "tests/cores/test_life_cycles.py",
    "tests/cores/test_questions.py::test_every_kind_of_question_has_answers_orders_and_a_scene_and_every_answer_a_question",
]


def planted(folder: Path) -> Scratch:
    """A copy in which all of it is planted, with the checks."""
    copy = Scratch(folder)
    for part in ("protocol/schemas", "protocol/examples", "docs", "compose", "tests/house", "tests/cores"):
        shutil.copytree(ROOT / part, copy.folder / part, ignore=shutil.ignore_patterns("__pycache__", "images"))
    for file in ("README.md", "CONTRIBUTING.md", "tests/conftest.py", "protocol/asyncapi.json"):
        shutil.copy(ROOT / file, copy.folder / file)
    if (ROOT / ".mypy_cache").exists():  # as make check leaves it: mypy looks at little more than what was planted
        shutil.copytree(ROOT / ".mypy_cache", copy.folder / ".mypy_cache")
    for plant in PLANTS.values():
        copy.replace(plant.path, plant.behind, plant.behind + plant.added)
    copy.replace(f"{PROTOCOL}/line.py", "TraceMessage = ", f"{WONDER}TraceMessage = ")
    copy.replace(f"{PROTOCOL}/examples_world.py", "    yield mail\n", f"    yield mail\n{EXAMPLE}")
    return copy


def test_what_is_added_and_handled_nowhere_is_told_with_its_place(tmp_path: Path) -> None:
    copy = planted(tmp_path)
    of_types = copy.run("-m", "mypy", "protocol", "services")
    of_tests = copy.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *CHECKS)
    assert (of_types[0], of_tests[0]) == (1, 1), of_types[1] + of_tests[1]
    told = of_types[1] + of_tests[1]
    missing = {what: [text for text in plant.told if text not in told] for what, plant in PLANTS.items()}
    assert not any(missing.values()), f"{missing}\n{told}"


def test_a_message_without_an_example_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(describe, "examples", lambda: examples()[1:])
    with pytest.raises(LookupError, match=r"^no example of SubmitPlan in protocol/hotline_protocol/examples.py$"):
        describe.asyncapi()
