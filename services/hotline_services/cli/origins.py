"""The provenance of a run that a command is about to make."""

import platform
from collections.abc import Mapping, Sequence
from typing import Any

from hotline_services.director.scenario import scenario_digest
from hotline_services.program import program
from hotline_services.runtime.provenance import Provenance


def provenance_of(scenario: str, set_texts: Sequence[str] = (), changes: Mapping[str, Any] | None = None) -> Provenance:
    """Provenance of a run of this scenario (a shipped name or a file) with these changes. Raises ScenarioError."""
    return Provenance(
        file=scenario if scenario.endswith(".toml") else "",
        digest=scenario_digest(scenario, changes),
        set=tuple(set_texts),
        program=program(),
        python=platform.python_version(),
    )
