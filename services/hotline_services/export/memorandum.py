"""Which agreement a run is played under: a recording and a desk name it by its digest alone."""

from hotline_protocol.agreement import Agreement
from hotline_protocol.message import Digest
from hotline_services.director.scenario import ScenarioError, read_scenario, shipped_scenarios
from hotline_services.records.liveheader import UNKNOWN_AGREEMENT
from hotline_services.rerun.played import known_scenario
from hotline_services.runtime.recording import Header


def agreement_of(header: Header, scenario: str | None = None) -> Agreement | None:
    """That of the scenario (a shipped name or a file). Without one, that of the scenario which the header names with
    its file and values; else the shipped one that has the run's digest.

    None when there is none. From then on this process plays in the theatre of that scenario. Raises ScenarioError when
    the scenario that was named cannot be read.
    """
    if scenario is not None:
        return read_scenario(scenario).agreement
    played = known_scenario(header)
    if played is not None and header.agreement in {played.agreement.digest, UNKNOWN_AGREEMENT}:
        return played.agreement
    return shipped_agreement(header.agreement, header.scenario)


def shipped_agreement(digest: Digest, likely: str = "") -> Agreement | None:
    """The shipped agreement of this digest, if it is one; ``likely`` is the scenario that is looked at first."""
    names = sorted(shipped_scenarios(), key=lambda name: name != likely)
    return next((found for name in names if (found := _agreement(name)) and found.digest == digest), None)


def _agreement(name: str) -> Agreement | None:
    try:
        return read_scenario(name).agreement
    except ScenarioError:
        return None
