"""What a run is held against, and what is said of it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hotline_protocol.events import Escalated, EscalationKind
from hotline_protocol.line import Answer, Tier
from hotline_protocol.message import Author
from hotline_services.director.expecting import Expecting
from hotline_services.director.scenario import ScenarioError, read_scenario

HEAD = """
name = "held"
title = "Held against a record"
start = 2017-06-18T15:30:00+03:00
agreement = "valley"
[[sources]]
key = "A"
what = "made up"
[parties.us]
[parties.ru]
"""
ANSWERED = """
[[expect]]
name = "answered"
what = "the call is answered"
message = "answer"
by = "ru"
at = "16:00"
within = "2m"
source = "A"
disputed = [{ who = "the other side", what = "five minutes later" }]
"""
SILENT = """
[[expect]]
name = "silent"
what = "nobody answers"
message = "answer"
none = true
"""
FOUR = datetime(2017, 6, 18, 13, 0, tzinfo=UTC)


@pytest.fixture
def held(tmp_path: Path) -> Any:
    def expecting(*parts: str) -> Expecting:
        file = tmp_path / "held.toml"
        file.write_text(HEAD + "".join(parts))
        return Expecting(read_scenario(file))

    return expecting


def answer(author: str, minute: float) -> tuple[Answer, datetime]:
    at = FOUR + timedelta(minutes=minute)
    return Author(author).say(Answer, at, to="us", call_id="c1"), at


@pytest.mark.parametrize(("minute", "met"), [(0, True), (2, True), (-2, True), (2.1, False), (-3, False)])
def test_what_comes_within_the_tolerance_is_as_expected(held: Any, minute: float, met: bool) -> None:
    expecting = held(ANSWERED)
    expecting.take(*answer("ru", minute))
    (finding,) = expecting.findings()
    assert finding.met is met
    assert finding.expected_at == FOUR
    assert finding.off == timedelta(minutes=minute)
    assert finding.disputed == ("the other side: five minutes later",)


def test_only_the_first_from_the_right_source_counts(held: Any) -> None:
    expecting = held(ANSWERED)
    for author, minute in (("us", -1), ("ru", 1), ("ru", 0)):
        expecting.take(*answer(author, minute))
    assert expecting.findings()[0].off == timedelta(minutes=1)


def test_what_never_comes_is_not_met_unless_nothing_was_expected(held: Any) -> None:
    answered, none = held(ANSWERED, SILENT).findings()
    assert not answered.met
    assert none.met


def test_a_time_can_count_from_what_another_expectation_has_found(held: Any) -> None:
    later = """
[[expect]]
name = "raised"
what = "a general rings ten minutes later"
message = "escalated"
where = { kind = "tier-raised", tier = "deputy-commander" }
after = "answered"
lasts = "10m"
"""
    expecting = held(ANSWERED, later)
    step = {"peer": "us", "about": "n1"}

    def raised(minute: float, kind: EscalationKind, tier: Tier) -> None:
        at = FOUR + timedelta(minutes=minute)
        expecting.take(Author("ru").say(Escalated, at, kind=kind, tier=tier, **step), at)

    raised(0, EscalationKind.TIER_RAISED, Tier.DEPUTY_COMMANDER)  # before the answer
    expecting.take(*answer("ru", 1))
    raised(2, EscalationKind.PROTEST, Tier.DEPUTY_COMMANDER)
    raised(11.5, EscalationKind.TIER_RAISED, Tier.DEPUTY_COMMANDER)
    assert expecting.findings()[1].off == timedelta(minutes=0.5)
    assert expecting.findings()[1].met


@pytest.mark.parametrize(
    ("wrong", "field", "reason"),
    [
        (ANSWERED.replace('"answer"', '"telegram"'), "expect[0].message", ", activity-stopped, "),
        (ANSWERED + 'where = { peer = "us" }\n', "expect[0].where.peer", "answer has no 'peer'; there are: id"),
        (ANSWERED + 'after = "asked"\n', "expect[0].after", "no expectation before this one"),
        (ANSWERED + 'lasts = "1m"\n', "expect[0].lasts", "in `after`"),
        (ANSWERED.replace('source = "A"', 'source = "B"'), "expect[0].source", "not the key"),
        (ANSWERED + "none = true\n", "expect[0].at", "what never comes has no time"),
        (SILENT + 'within = "5m"\n', "expect[0].within", "what never comes has no time"),
        (SILENT + 'lasts = "5m"\n', "expect[0].lasts", "what never comes has no time"),
        (ANSWERED * 2, "expect[1].name", "another expectation"),
        (ANSWERED.replace("2m", "2"), "expect[0].within", "no length of time"),
    ],
)
def test_an_expectation_that_nothing_could_meet_is_refused(held: Any, wrong: str, field: str, reason: str) -> None:
    with pytest.raises(ScenarioError) as error:
        held(wrong)
    assert error.value.field.startswith(field)
    assert reason in error.value.reason
