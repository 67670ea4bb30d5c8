"""Drilling down: from anything back to what began it, on to what came of it, and across to what it has to do with."""

import pytest

from hotline_protocol.injection import SubmitPlan
from hotline_services.monitor.rows import AgreementRow, CallRow, EscalationRow, NegotiationRow, PlanRow
from hotline_services.monitor.worldrows import StrainRow
from hotline_services.web.answers.about import LINES_AT_MOST, SUBJECTS, about
from hotline_services.web.answers.marks import marks
from hotline_services.web.answers.schema import About

from .played_day import history, messages

KINDS = [kind for kind, subject in SUBJECTS.items() if history().rows(subject.row)]


def asked(kind: str, name: str, n: int | None = None) -> About:
    told = about(history(), kind, name, n)
    assert told is not None
    return told.about


@pytest.mark.parametrize("kind", KINDS)
def test_every_thing_of_every_kind_is_told_with_its_own_row(kind: str) -> None:
    for row in history().rows(SUBJECTS[kind].row):
        told = asked(kind, row.key)
        assert (told.kind, told.id) == (kind, row.key)
        assert row in told.rows[row.table]
        assert told.title
        assert len(told.log) <= LINES_AT_MOST


@pytest.mark.parametrize("kind", KINDS)
def test_every_link_leads_to_something_else(kind: str) -> None:
    for row in history().rows(SUBJECTS[kind].row)[-5:]:
        told = asked(kind, row.key)
        assert len({(link.kind, link.id) for link in told.related}) == len(told.related)
        for link in told.related:
            assert (link.kind, link.id) != (kind, row.key)
            assert asked(link.kind, link.id).title == link.title


def test_an_agreement_is_led_back_to_the_plan_that_was_handed_in_for_it() -> None:
    negotiations = {row.key: row for row in history().rows(NegotiationRow)}
    checked = 0
    for row in history().rows(AgreementRow):
        told = asked("agreement", row.key)
        origin = told.causes[-1]
        if origin.type != "submit-plan":
            continue
        (talk,) = {name for line in told.causes for name in line.ids if name in negotiations}
        submitted = messages()[origin.n - 1][2]
        assert isinstance(submitted, SubmitPlan)
        assert submitted.plan.plan_id == negotiations[talk].plan_id
        checked += 1
    assert checked > len(history().rows(AgreementRow)) / 2


def test_a_call_is_told_with_what_made_it_and_what_it_was_about() -> None:
    for row in history().rows(CallRow):
        told = asked("call", row.key)
        assert told.causes
        assert told.log[0].type == "ring"
        assert {line.call for line in told.log} - {None}


def test_a_call_about_several_things_is_led_back_to_what_began_each() -> None:
    """What is thought of during the call is in its row too; and a line check or review is begun by nobody's message."""
    talks = {talk.key: talk.plan_id for talk in history().rows(NegotiationRow)}
    several = [told for row in history().rows(CallRow) if len(row.about) > 1 and (told := asked("call", row.key))]
    assert several
    for told in several:
        led = {name for line in told.causes for name in line.ids}
        rung_about = [name for name in told.log[0].ids[1:] if name in talks or history().number_of(name)]
        assert {talks.get(name, name) for name in rung_about} <= led


def test_an_escalation_is_led_back_to_what_was_seen() -> None:
    sightings = [row for row in history().rows(EscalationRow) if row.kind and row.kind.value == "sighting"]
    for row in sightings:
        assert "report-sighting" in [line.type for line in asked("escalation", row.key).causes]


def test_what_came_of_a_message_is_told() -> None:
    strained = next(row for row in history().rows(StrainRow) if row.cause)
    told = asked("message", strained.cause)
    assert strained.key in [line.key for line in told.consequences]


def test_a_message_is_told_by_its_number() -> None:
    for n, _, message in messages()[::50]:
        told = about(history(), "message", message.id)
        assert told is not None
        assert told.number == n


def test_nothing_is_told_of_what_had_not_happened_yet() -> None:
    row = history().rows(CallRow)[-1]
    first = min(history().thread(row.key))
    assert about(history(), "call", row.key, first - 1) is None
    told = asked("call", row.key, first)
    assert [line.n for line in told.log] == [first]


def test_a_plan_is_found_by_the_name_that_people_use() -> None:
    row = history().rows(PlanRow)[0]
    assert asked("plan", row.plan_id).id == row.key


@pytest.mark.parametrize(("kind", "name"), [("call", "nobody"), ("weather", "x"), ("message", "x"), ("plan", "")])
def test_nothing_is_told_of_what_is_not_there(kind: str, name: str) -> None:
    assert about(history(), kind, name) is None


def test_the_time_line_marks_every_call_in_order() -> None:
    found = marks(history())
    assert [mark.at for mark in found] == sorted(mark.at for mark in found)
    assert {mark.id for mark in found if mark.kind == "call"} == {row.key for row in history().rows(CallRow)}
    assert {mark.kind for mark in found} >= {"call", "escalation"}
