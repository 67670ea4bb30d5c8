"""The compose file: what only looks on is nobody's condition, and every service comes back by itself."""

from pathlib import Path
from typing import Any

import pytest
import yaml

FILE = Path(__file__).parents[2] / "docker-compose.yml"
OBSERVERS = {"monitor", "page", "prometheus", "grafana"}


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["services"]
    return found


def test_no_service_waits_for_one_that_only_looks_on(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        waits_for = set(service.get("depends_on", ()))
        assert not waits_for & OBSERVERS or name in OBSERVERS, name


def test_every_service_that_is_to_stay_is_started_again_when_it_dies(services: dict[str, dict[str, Any]]) -> None:
    end_by_themselves = {"setup", "tools"}
    for name, service in services.items():
        restart = service.get("restart", "no")
        assert (restart.startswith(("on-failure", "unless-stopped"))) == (name not in end_by_themselves), (
            name,
            restart,
        )
