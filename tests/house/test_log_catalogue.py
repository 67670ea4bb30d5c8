"""The catalogue of the duty log has a text for every kind of entry, every part, and every value that they can have."""

from enum import StrEnum
from typing import Any, get_args

import pytest

from hotline_protocol.examples import examples
from hotline_services.monitor import logtext
from hotline_services.monitor.dutylog import DutyLog
from hotline_services.monitor.logkinds import Counted, Gravity, LogKind, Phrase, Relation, Thing, gravity_of
from hotline_services.monitor.logparts import AnyPart


@pytest.mark.parametrize(
    ("texts", "members"),
    [
        (logtext.VERBS, LogKind),
        (logtext.PHRASES, Phrase),
        (logtext.RELATIONS, Relation),
        (logtext.MEASURES, Counted),
        (logtext.THINGS, Thing),
    ],
)
def test_each_member_of_an_enum_of_the_log_has_a_text(texts: dict[Any, Any], members: type[StrEnum]) -> None:
    assert set(texts) == set(members)


def test_each_type_of_part_has_a_template() -> None:
    assert set(logtext.TEMPLATES) == set(get_args(AnyPart))


def test_a_verb_stands_in_capitals_exactly_when_its_kind_is_not_routine() -> None:
    assert all(logtext.verb(kind).isupper() is (gravity_of(kind) is not Gravity.ROUTINE) for kind in LogKind)


def test_the_line_of_an_entry_is_the_text_of_its_kind_and_parts() -> None:
    for example in examples():
        line, entry = DutyLog(width=10_000).line(example), DutyLog().entry(example)
        if line is None or entry is None:
            assert (line, entry) == (None, None)
            continue
        assert line.endswith(logtext.text(entry.parts).rstrip())
        assert f" {logtext.verb(entry.kind, entry.round)}" in line
