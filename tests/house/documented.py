"""The commands that README and docs/ show, and how each of them is tried."""

import enum
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md"))]
SHELLS = ("sh", "bash", "console")
PROGRAMS = ("hotline", "docker", "make", "pip", "mosquitto", "python", "dask")

_BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"(^|\s)#.*$")


class How(enum.Enum):
    """How a command is tried."""

    RUNS = "it is run, and ends with 0"
    STAYS = "it is started, goes on until the end of its block, and then ends with 0 when it is interrupted"
    COMPOSE = "tests/compose runs the stack; here its services are looked up"
    MAKE = "its target is there"
    INSTALLS = "the extras that it names are there"
    ELSEWHERE = "it needs more machines, or minutes: another test does the same"


class Command(NamedTuple):
    """One command as it stands on a page."""

    page: str
    block: int
    text: str


class Rule(NamedTuple):
    """Commands that look like this are tried so. ``test`` does the same thing as what is done elsewhere."""

    pattern: str
    how: How
    test: str = ""


RULES = (
    Rule(r"docker |\(umask 077; docker |for service in .*docker compose", How.COMPOSE),
    Rule(r"make ", How.MAKE),
    Rule(r"pip install ", How.INSTALLS),
    # A Dask cluster of several machines.
    Rule(r"dask (scheduler|worker)|hotline experiment .*--backend dask:", How.ELSEWHERE, "test_a_dask_cluster"),
    # Some minutes each, and with --days 5 still half of one.
    Rule(r"hotline calibrate", How.ELSEWHERE, "test_calibration"),
    # A centre that is examined, on a port of the test's own.
    Rule(r"hotline conformance .*--broker|mosquitto -p 1883|hotline run aoc ru", How.ELSEWHERE, "test_our_own_centre"),
    Rule(r"python examples/plain_centre\.py", How.ELSEWHERE, "test_the_plain_centre_breaks_nothing"),
    Rule(r"export HOTLINE_SCENARIO=", How.COMPOSE),
    # An order of the days that are played: those of the test's order are over, or months ahead.
    Rule(r"hotline inject plans\.json", How.ELSEWHERE, "test_the_command_writes_plans_that_inject_takes"),
    # A sitting that somebody has had.
    Rule(r"hotline debrief .*--sitting ", How.ELSEWHERE, "test_debrief"),
    # Searches of half a minute, and of a world that is wrong.
    Rule(r"hotline explore |hotline replay wrong\.jsonl", How.ELSEWHERE, "test_explore_command"),
    Rule(r"hotline (demo|watch|console|replay|run|access -)|mosquitto_sub ", How.STAYS),
    Rule(r"hotline |mosquitto_pub |mkdir |export |source ", How.RUNS),
)


def how(command: Command) -> Rule | None:
    """The first rule that it falls under; None when nobody has thought of it."""
    return next((rule for rule in RULES if re.match(rule.pattern, command.text)), None)


def blocks() -> Iterator[list[Command]]:
    """The commands of each block of each page, in order; blocks without commands are left out."""
    for page in PAGES:
        for number, (_, language, body) in enumerate(_BLOCK.findall(page.read_text(encoding="utf-8"))):
            name = str(page.relative_to(ROOT))
            found = [Command(name, number, text) for text in _commands(body)]
            if found and (language in SHELLS or (not language and found[0].text.startswith(PROGRAMS))):
                yield found


def _commands(body: str) -> Iterator[str]:
    """Each line, with those that it goes on in, without its comment."""
    for line in re.sub(r"\\\n\s*", "", body).splitlines():
        command = _COMMENT.sub("", line).strip()
        if command:
            yield command


def commands() -> list[Command]:
    """All of them."""
    return [command for block in blocks() for command in block]
