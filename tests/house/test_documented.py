"""Every command on README and docs/ is tried in some way, and what it names is there."""

import re
import shlex
import tomllib

import pytest
from tests.house.documented import ROOT, Command, How, commands, how

from hotline_services.cli.main import COMMANDS, command_line

ALL = commands()
TESTS = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("tests/**/test_*.py"))
STACK = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")


def ids(command: Command) -> str:
    return f"{command.page}: {command.text}"


def of(kind: How) -> list[Command]:
    return [command for command in ALL if (rule := how(command)) is not None and rule.how is kind]


def test_the_pages_show_commands() -> None:
    assert len(ALL) > 80
    assert {command.page for command in ALL} >= {"README.md", "docs/aco.md", "docs/page.md", "docs/recordings.md"}


@pytest.mark.parametrize("command", ALL, ids=ids)
def test_every_command_is_tried_in_some_way(command: Command) -> None:
    assert how(command), f"{command.page} has a new command: say in tests/house/documented.py how it is tried"


def spoken_to_hotline(text: str) -> list[list[str]]:
    """The words after each ``hotline`` of this command, up to what the shell takes."""
    found = re.findall(r"(?:^|[(; ])hotline ([a-z][^;&|)>]*)", text)
    return [shlex.split(words) for words in found if words.split()[0] in {name for name, *_ in COMMANDS}]


@pytest.mark.parametrize("command", [one for one in ALL if spoken_to_hotline(one.text)], ids=ids)
def test_every_option_that_is_shown_is_one(command: Command) -> None:
    for words in spoken_to_hotline(command.text):
        command_line(words[0]).parse_args(words, exit_on_error=False, print_error=True)


@pytest.mark.parametrize("command", of(How.ELSEWHERE), ids=ids)
def test_what_is_tried_elsewhere_has_its_test(command: Command) -> None:
    rule = how(command)
    assert rule is not None
    assert rule.test
    assert rule.test in TESTS or list(ROOT.glob(f"tests/**/{rule.test}.py"))


@pytest.mark.parametrize("command", of(How.MAKE), ids=ids)
def test_a_target_that_is_shown_is_there(command: Command) -> None:
    assert re.search(rf"^{command.text.split()[1]}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("command", of(How.INSTALLS), ids=ids)
def test_an_extra_that_is_shown_is_there(command: Command) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    if named := re.search(r"\[(.*)\]", command.text):
        assert set(named[1].split(",")) <= set(extras)
    else:
        libraries = {re.split(r"[<>=]", line)[0] for lines in extras.values() for line in lines}
        assert set(command.text.split()[2:]) <= libraries


SERVICE = re.compile(r"docker compose (?:run|exec|stop|cp|logs|up)((?: [^ &;>|<]+)+)")
TAKES_A_VALUE = {"-v", "-e", "--entrypoint"}


def services_in(text: str) -> list[str]:
    """The first word of each call of ``docker compose`` that is no option: a service, perhaps with a path."""
    found = []
    for words in SERVICE.findall(text):
        rest = iter([] if "$" in words else words.split())  # a service by a variable is looked up by nobody
        for word in rest:
            if word in TAKES_A_VALUE:
                next(rest, None)
            elif not word.startswith("-"):
                found.append(word.partition(":")[0])
                break
    return found


@pytest.mark.parametrize("command", [one for one in of(How.COMPOSE) if services_in(one.text)], ids=ids)
def test_a_service_that_is_shown_is_in_the_stack(command: Command) -> None:
    for service in services_in(command.text):
        assert re.search(rf"^  {re.escape(service)}:", STACK, re.MULTILINE), service


def test_a_new_command_is_noticed() -> None:
    assert how(Command("README.md", 0, "rm -rf /")) is None
