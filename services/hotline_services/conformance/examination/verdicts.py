"""What has been found: of each requirement whether it is kept, with the evidence where it is not."""

import enum
from collections.abc import Iterable
from datetime import datetime

import msgspec

from hotline_protocol.message import AwareTime

from .requirements import REQUIREMENTS, Requirement


class Verdict(enum.Enum):
    """Not tested is neither: nothing was found for or against it."""

    KEPT = "kept"
    BROKEN = "broken"
    NOT_TESTED = "not tested"


class Uttered(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was said, by whom: ``text`` is what went over the wire."""

    at: AwareTime
    by: str
    topic: str
    text: str


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One check of one requirement, in one step of a scene. ``exchange`` is what had been said by then."""

    requirement: str
    kept: bool
    scene: str
    step: str
    expected: str
    came: str
    at: datetime
    exchange: tuple[Uttered, ...] = ()


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """All that was found about one requirement; ``reason`` is why it was not tested, where it was not."""

    requirement: Requirement
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    reason: str = ""

    @property
    def faults(self) -> tuple[Finding, ...]:
        """The checks that failed."""
        return tuple(finding for finding in self.findings if not finding.kept)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Who was examined by whom, under which agreement, and what was found.

    ``cut_short``: the centre was gone before the end.
    """

    party: str
    examined_as: str
    agreement: str
    digest: str
    judgements: tuple[Judgement, ...]
    cut_short: bool = False

    def of(self, verdict: Verdict) -> list[Judgement]:
        """Those with this verdict."""
        return [judgement for judgement in self.judgements if judgement.verdict is verdict]

    @property
    def broken(self) -> list[str]:
        """The ids of what is broken."""
        return [judgement.requirement.id for judgement in self.of(Verdict.BROKEN)]


def judge(chosen: frozenset[str], findings: Iterable[Finding], reasons: dict[str, str]) -> tuple[Judgement, ...]:
    """Broken if any check failed, kept if there were checks and none failed."""
    by_requirement: dict[str, list[Finding]] = {}
    for finding in findings:
        by_requirement.setdefault(finding.requirement, []).append(finding)
    return tuple(
        _judged(requirement, tuple(by_requirement.get(requirement.id, ())), reasons.get(requirement.id, ""))
        for requirement in REQUIREMENTS
        if requirement.id in chosen
    )


def _judged(requirement: Requirement, findings: tuple[Finding, ...], reason: str) -> Judgement:
    if not findings:
        return Judgement(requirement=requirement, verdict=Verdict.NOT_TESTED, reason=reason or "no scene came to it")
    kept = all(finding.kept for finding in findings)
    return Judgement(requirement=requirement, verdict=Verdict.KEPT if kept else Verdict.BROKEN, findings=findings)
