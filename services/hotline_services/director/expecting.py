"""Holding a run against what is known to have happened: each expectation of a scenario, and what came of it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Final

import msgspec
from msgspec import inspect

from hotline_protocol.describe import messages, tag
from hotline_protocol.message import Message

from .script import Scenario
from .setting import GIVE_OR_TAKE, Expectation


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one expectation: when it was to be, when it was, and whether that is near enough.

    ``expected_at`` is None where nothing was to come, ``found_at`` where nothing came.
    """

    name: str
    what: str
    source: str
    expected_at: datetime | None
    found_at: datetime | None
    within: timedelta
    met: bool
    disputed: tuple[str, ...] = ()

    @property
    def off(self) -> timedelta | None:
        """How much later than expected it came; negative is earlier."""
        return None if self.expected_at is None or self.found_at is None else self.found_at - self.expected_at


class Expecting:
    """Reads along: ``take`` each message of a run, then ask for the ``findings``."""

    def __init__(self, scenario: Scenario) -> None:
        self._expectations: Final = scenario.expect
        self._start: Final = scenario.start
        self._found: dict[str, datetime] = {}
        kinds = {tag(kind): kind for kind in messages()}
        self._open: dict[type[Message], list[Expectation]] = {}
        for each in scenario.expect:
            self._open.setdefault(kinds[each.message], []).append(each)

    def take(self, message: Message, at: datetime) -> None:
        """One message of the run, in order."""
        expected = self._open.get(type(message))
        if not expected:
            return
        for each in [each for each in expected if self._fits(each, message)]:
            self._found[each.name] = at
            expected.remove(each)

    def _fits(self, expectation: Expectation, message: Message) -> bool:
        """It is of this kind, and comes after what it was to come after."""
        if expectation.by is not None and message.source != expectation.by:
            return False
        if expectation.after and expectation.after not in self._found:
            return False
        return all(_value(message, path) == wanted for path, wanted in expectation.where.items())

    def findings(self) -> tuple[Finding, ...]:
        """What came of each expectation, in the scenario's order."""
        return tuple(self._finding(each) for each in self._expectations)

    def _finding(self, expectation: Expectation) -> Finding:
        found, expected = self._found.get(expectation.name), self._expected_at(expectation)
        if expectation.none:
            met = found is None
        elif found is None:
            met = False
        else:
            met = expected is None or abs(found - expected) <= expectation.within.written
        return Finding(
            name=expectation.name,
            what=expectation.what,
            source=expectation.source,
            expected_at=expected,
            found_at=found,
            within=expectation.within.written,
            met=met,
            disputed=tuple(f"{version.who}: {version.what}" for version in expectation.disputed),
        )

    def _expected_at(self, expectation: Expectation) -> datetime | None:
        if expectation.at is not None:
            return expectation.at.after(self._start).astimezone(UTC)
        before = self._found.get(expectation.after)
        return before + expectation.lasts.written if before is not None and expectation.lasts is not None else None


def _value(message: Any, path: str) -> Any:
    """The field of this dotted name, as it is written in JSON; None where there is none."""
    for name in path.split("."):
        if isinstance(message, tuple) and name.isdigit():
            message = message[int(name)] if int(name) < len(message) else None
        else:
            message = getattr(message, name, None)
    return message.value if isinstance(message, Enum) else message


def faults(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Expectations that nothing could meet: the field, and what would be right."""
    kinds = {tag(kind): kind for kind in messages()}
    earlier: list[str] = []
    sources = [source.key for source in scenario.sources]
    for number, each in enumerate(scenario.expect):
        path = f"expect[{number}]"
        if each.name in earlier:
            yield f"{path}.name", f"{each.name!r} stands for another expectation already"
        if each.message not in kinds:
            yield f"{path}.message", f"no message is called {each.message!r}; there are: {', '.join(sorted(kinds))}"
            continue
        yield from _unknown_fields(kinds[each.message], each, path)
        yield from _times_of_nothing(each, path)
        if each.after and each.after not in earlier:
            yield f"{path}.after", f"{each.after!r} is no expectation before this one; there are: {', '.join(earlier)}"
        if each.lasts is not None and not each.after:
            yield f"{path}.lasts", "says how long after another expectation: name that one in `after`"
        if each.source and each.source not in sources:
            yield f"{path}.source", f"{each.source!r} is not the key of any of [[sources]]"
        earlier.append(each.name)


def _times_of_nothing(each: Expectation, path: str) -> Iterator[tuple[str, str]]:
    given = {"at": each.at is not None, "lasts": each.lasts is not None, "within": each.within != GIVE_OR_TAKE}
    for name in (name for name, is_given in given.items() if each.none and is_given):
        yield f"{path}.{name}", "has no meaning beside `none`: what never comes has no time; leave out one of the two"


def _unknown_fields(kind: type[Message], each: Expectation, path: str) -> Iterator[tuple[str, str]]:
    for dotted in each.where:
        node: inspect.Type = inspect.type_info(kind)
        for name in dotted.split("."):
            fields = {field.encode_name: field.type for field in _fields(node)}
            if fields and name not in fields:
                yield f"{path}.where.{dotted}", f"{each.message} has no {name!r}; there are: {', '.join(fields)}"
                break
            node = fields.get(name, inspect.AnyType())


def _fields(node: inspect.Type) -> tuple[inspect.Field, ...]:
    """The fields of this struct, or of the one that may stand here."""
    match node:
        case inspect.Metadata(type=inner):
            return _fields(inner)
        case inspect.UnionType(types=types):
            return tuple(field for each in types for field in _fields(each))
        case inspect.StructType():
            return node.fields
        case _:
            pass
    return ()
