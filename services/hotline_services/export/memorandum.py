"""Which agreement a run was played under: a recording names it by its digest alone."""

from hotline_protocol.agreement import Agreement
from hotline_services.director.scenario import ScenarioError, read_scenario, shipped_scenarios
from hotline_services.runtime.recording import Header


def agreement_of(header: Header, scenario: str | None = None) -> Agreement | None:
    """That of the scenario (a shipped name or a file); without one, the shipped one that has the run's digest.

    None when no shipped one has it. Raises ScenarioError when the scenario that was named cannot be read.
    """
    if scenario is not None:
        return read_scenario(scenario).agreement
    names = sorted(shipped_scenarios(), key=lambda name: name != header.scenario)
    return next((found for name in names if (found := _agreement(name)) and found.digest == header.agreement), None)


def _agreement(name: str) -> Agreement | None:
    try:
        return read_scenario(name).agreement
    except ScenarioError:
        return None
