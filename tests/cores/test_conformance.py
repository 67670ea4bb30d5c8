"""Our own centre keeps every requirement; each faulty one breaks exactly those that it should."""

import pytest

from hotline_services.conformance.peer import Brief
from hotline_services.conformance.rehearsal import LocalCentre, rehearse
from hotline_services.conformance.requirements import BY_ID
from hotline_services.conformance.verdicts import Report, Verdict

from .faulty_centres import FAULTS, SCENARIO, our_centre

ALL = frozenset(BY_ID)


def examined(centre: LocalCentre, chosen: frozenset[str] = ALL) -> Report:
    brief = Brief(us="us", them="ru", rules=SCENARIO.agreement, epoch="e1", may_stop=True)
    return rehearse(brief, centre, chosen)


def test_our_own_centre_keeps_every_requirement() -> None:
    report = examined(LocalCentre("ru", our_centre()))
    assert {j.requirement.id: (j.verdict, j.reason) for j in report.judgements if j.verdict is not Verdict.KEPT} == {}
    assert len(report.judgements) == len(BY_ID)


@pytest.mark.parametrize("name", FAULTS)
def test_a_faulty_centre_breaks_what_its_fault_is_about_and_nothing_else(name: str) -> None:
    fault = FAULTS[name]
    assert set(examined(fault.centre()).broken) == fault.breaks


def test_each_requirement_is_broken_by_some_faulty_centre() -> None:
    assert frozenset().union(*(fault.breaks for fault in FAULTS.values())) == ALL
