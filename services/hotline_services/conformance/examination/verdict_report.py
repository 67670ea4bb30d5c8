"""A report in words, and for programs that gather test results."""

from collections.abc import Iterable, Iterator
from typing import Final
from xml.etree import ElementTree as ET

from .requirements import GROUPS
from .verdicts import Finding, Judgement, Report, Uttered, Verdict

SHOWN_CHARS: Final = 240
FAULTS_SHOWN: Final = 3


def summary(report: Report) -> str:
    """The whole in one sentence."""
    counts = [f"{len(report.of(verdict))} {verdict.value}" for verdict in Verdict]
    return f"{report.party}, examined by {report.examined_as}: {', '.join(counts)}"


def evidence(report: Report) -> Iterator[str]:
    """Of each broken requirement: what was done, what was expected, what came, and what had been said."""
    for judgement in report.of(Verdict.BROKEN):
        requirement = judgement.requirement
        yield ""
        yield f"{requirement.id} is broken: {requirement.sentence} ({requirement.said_in})"
        for fault in judgement.faults[:FAULTS_SHOWN]:
            yield from _fault(fault)
        more = len(judgement.faults) - FAULTS_SHOWN
        if more > 0:
            yield f"  and {more} times more"


def _fault(fault: Finding) -> Iterator[str]:
    yield f"  {fault.at:%H:%M:%S %Z}, in {fault.scene}: {fault.step}"
    yield f"    expected: {fault.expected}"
    yield f"    came:     {fault.came}"
    yield from (f"      {_said(uttered)}" for uttered in fault.exchange)


def _said(uttered: Uttered) -> str:
    text = uttered.text if len(uttered.text) <= SHOWN_CHARS else f"{uttered.text[:SHOWN_CHARS]}..."
    return f"{uttered.at:%H:%M:%S} {uttered.by}: {text}"


def junit(report: Report) -> bytes:
    """JUnit's XML: a suite a group, a case a requirement; what was not tested is skipped."""
    suites = ET.Element("testsuites", name=f"hotline conformance of {report.party}")
    for group, title in GROUPS.items():
        judgements = [each for each in report.judgements if each.requirement.group == group]
        if judgements:
            suites.append(_suite(f"{group}: {title}", judgements))
    ET.indent(suites)
    return bytes(ET.tostring(suites, encoding="utf-8", xml_declaration=True))


def _suite(name: str, judgements: list[Judgement]) -> ET.Element:
    counts = {verdict: sum(each.verdict is verdict for each in judgements) for verdict in Verdict}
    suite = ET.Element(
        "testsuite",
        name=name,
        tests=str(len(judgements)),
        failures=str(counts[Verdict.BROKEN]),
        skipped=str(counts[Verdict.NOT_TESTED]),
        errors="0",
    )
    for judgement in judgements:
        requirement = judgement.requirement
        case = ET.SubElement(
            suite, "testcase", classname=requirement.group, name=f"{requirement.id} {requirement.sentence}"
        )
        if judgement.verdict is Verdict.BROKEN:
            first = judgement.faults[0]
            message = _plain([f"expected {first.expected}; came {first.came}"])
            failure = ET.SubElement(case, "failure", message=message)
            failure.text = _plain(line for fault in judgement.faults for line in _fault(fault))
        elif judgement.verdict is Verdict.NOT_TESTED:
            ET.SubElement(case, "skipped", message=judgement.reason)
    return suite


def _plain(lines: Iterable[str]) -> str:
    """Without the characters that XML cannot hold."""
    return "".join(char for char in "\n".join(lines) if char.isprintable() or char == "\n")
