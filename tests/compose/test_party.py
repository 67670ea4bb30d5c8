"""A party that is added to a copy of the stack: what compose makes of it."""

import json
import shutil
from pathlib import Path

import pytest

from hotline_services.cli.party import add

from .conftest import ROOT, run

pytestmark = pytest.mark.compose


def test_compose_takes_the_service_of_an_added_party(engine: None, tmp_path: Path) -> None:
    for folder in ("compose", "scenarios"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "docker-compose.yml", tmp_path)
    assert add("tr", tree=tmp_path) == 0
    done = run("docker", "compose", "--project-directory", str(tmp_path), "config", "--format", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    service = json.loads(done.stdout)["services"]["tr-aoc"]
    assert [(mount["source"], mount["target"]) for mount in service["volumes"]] == [
        ("tr-data", "/data"),
        ("tr-keys", "/identity"),
    ]
    assert service["environment"]["HOTLINE_SCENARIO"] == "valley-day-parties"
    assert service["cap_drop"] == ["ALL"]
