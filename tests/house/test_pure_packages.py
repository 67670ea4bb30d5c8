"""The contract of imports names packages, and what their modules import counts however many steps away it is."""

import ast
import sys
import tomllib
from pathlib import Path
from typing import Any

from tests.house.scratch import ROOT, Scratch

LINT = Path(sys.executable).with_name("lint-imports")
SHELL = "from hotline_services.runtime import mqtt as mqtt\n"
CORE = "from hotline_services import planted_between as planted_between\n"
EXAMINER = "from hotline_services.director import script as script\n"


def contracts() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    return found


def pure_packages() -> list[str]:
    (contract,) = (each for each in contracts() if each["name"].startswith("Cores do no I/O"))
    packages: list[str] = contract["source_modules"]
    return packages


FOLDERS = {"hotline_protocol": ROOT / "protocol", "hotline_services": ROOT / "services"}
READS_FILES = {
    "protocol/hotline_protocol/theatre.py",
    "services/hotline_services/director/scenario.py",
    "services/hotline_services/director/theatres.py",
    "services/hotline_services/explore/kept.py",
    "services/hotline_services/explore/world.py",
    "services/hotline_services/report/theatre.py",
}
"""Modules that read what is shipped, or what a user names: scenarios, theatres, maps, and worlds to be explored."""
OUTSIDE = {"open", "print", "input", "read_text", "read_bytes", "write_text", "write_bytes", "utcnow", "today"}
"""Calls that reach a file, a terminal or a clock though nothing is imported for them."""


def reaches_outside(tree: ast.Module) -> bool:
    """Whether a module calls one of these, or ``datetime.now``."""
    called = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = {each.id for each in called if isinstance(each, ast.Name)}
    members = {each.attr for each in called if isinstance(each, ast.Attribute)} - {
        "open"
    }  # the method of that name opens a negotiation, a review or a call
    return bool((names | members) & OUTSIDE) or any(ast.unparse(each) == "datetime.now" for each in called)


def test_modules_of_pure_packages_read_no_files_and_no_clock_but_those_that_load_what_is_shipped() -> None:
    found = {
        str(path.relative_to(ROOT))
        for package in pure_packages()
        for path in FOLDERS[package.partition(".")[0]].joinpath(*package.split(".")).rglob("*.py")
        if reaches_outside(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert found == READS_FILES


def test_the_contract_names_packages_and_lets_no_import_through_at_second_hand() -> None:
    for package in pure_packages():
        folder = FOLDERS[package.partition(".")[0]].joinpath(*package.split("."))
        assert (folder / "__init__.py").exists(), f"{package} is no package"
    for contract in contracts():
        assert not contract.get("allow_indirect_imports"), contract["name"]
        assert not contract.get("unmatched_ignore_imports_alerting"), contract["name"]


def test_a_new_module_of_any_pure_package_that_reaches_the_broker_at_second_hand_is_found(tmp_path: Path) -> None:
    copy = Scratch(tmp_path)
    copy.module("hotline_services.planted_between").write_text(SHELL)
    packages = pure_packages()
    for package in packages:
        (copy.module(package).parent / "planted_core.py").write_text(CORE)
    (copy.module("hotline_services.conformance").parent / "planted_scene.py").write_text(EXAMINER)
    code, told = copy.run(LINT, "--no-cache")
    assert code == 1, told
    for package in packages:
        assert f"{package} is not allowed to import asyncio" in told
        assert f"{package}.planted_core -> hotline_services.planted_between" in told
    assert "hotline_services.conformance is not allowed to import hotline_services.aoc" in told
    assert "The protocol knows nothing of the services BROKEN" in told
