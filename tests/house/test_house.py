"""The house around the program: its locks, its rules for tests, its generated files."""

import re
import shutil
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
LOCKS = {"runtime": ["runtime"], "build": ["build"], "dev": ["runtime", "build", "dev"]}

pytest_plugins = ["pytester"]


def wanted(name: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lines = project["project"]["dependencies"] if name == "runtime" else project["dependency-groups"][name]
    return [Requirement(line) for line in lines]


def pinned(lock: str) -> dict[str, set[str]]:
    """Each locked name with its versions: one, or one for each range of Python versions."""
    pins: dict[str, set[str]] = {}
    for name, version in re.findall(
        r"^([a-z0-9-]+)==([^ ;]+)", (ROOT / "requirements" / lock).read_text(), re.MULTILINE
    ):
        pins.setdefault(name, set()).add(version)
    return pins


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_a_version_that_fits_for_everything_asked_for(lock: str) -> None:
    pins = pinned(f"{lock}.txt")
    for requirement in (requirement for name in LOCKS[lock] for requirement in wanted(name)):
        assert requirement.name in pins, f"{requirement.name} is not locked: make lock"
        assert all(version in requirement.specifier for version in pins[requirement.name]), f"{requirement}: make lock"


def test_the_locks_agree_with_each_other() -> None:
    dev = pinned("dev.txt")
    for lock in ("runtime.txt", "build.txt"):
        for name, versions in pinned(lock).items():
            assert dev[name] == versions, f"{name}: {lock} and dev.txt differ: make lock"


@pytest.mark.parametrize("lock", ["runtime", "build", "dev", "bench"])
def test_a_lock_names_no_index(lock: str) -> None:
    assert not re.search(r"https?:|--index|--find-links|file:", (ROOT / "requirements" / f"{lock}.txt").read_text())


SKIPPED_TEST = "import pytest\n@pytest.mark.skip(reason='no broker')\ndef test_something(): ...\n"
SKIPPED_FILE = "import pytest\npytest.skip('no engine', allow_module_level=True)\n"


@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize(("ci", "outcomes"), [("", {"skipped": 2}), ("true", {"errors": 2})])
def test_a_skipped_test_fails_under_ci_and_only_there(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, ci: str, outcomes: dict[str, int], workers: str
) -> None:
    monkeypatch.setenv("CI", ci)
    folder = pytester.mkdir("tests")
    for name in ("conftest.py", "scheduling.py"):
        shutil.copy(ROOT / "tests" / name, folder)
    (folder / "test_one.py").write_text(SKIPPED_TEST)
    (folder / "test_other.py").write_text(SKIPPED_FILE)
    options = ("--continue-on-collection-errors", "--import-mode=importlib", "-p", "no:asyncio", "-n", workers)
    result = pytester.runpytest_inprocess(*options, "tests")
    result.assert_outcomes(**outcomes)


def test_a_page_is_read_only_by_what_waits_until_it_is_filled() -> None:
    reads = re.compile(r"\.(inner_text|text_content|input_value|count|is_visible|is_hidden|is_checked|is_enabled)\(\)")
    found = [path.name for path in (ROOT / "tests" / "web").glob("test_page_*.py") if reads.search(path.read_text())]
    assert found == [], "use text_of, value_of and count_of of browsing.py, or expect"


def test_a_time_is_said_to_be_utc_only_where_it_has_been_made_so() -> None:
    """A message's time may bear any offset: with a Z behind its own hours and minutes it would be another time."""
    services = ROOT / "services" / "hotline_services"
    writers = {
        str(path.relative_to(services))
        for path in services.rglob("*.py")
        if re.search(r"%M(:?%S)?\}?Z", path.read_text(encoding="utf-8"))
    }
    assert writers == {"monitor/wording.py", "aco/fields.py"}
