"""The values that a request bears, and the refusal of a request."""

from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta

from hotline_protocol.flightplan import Problem
from hotline_protocol.intake import readable
from hotline_protocol.message import AwareTime, PartyName
from hotline_protocol.topics import split_validation_error
from hotline_services.monitor.volume import Grouping

from .schema import Fault

Number = Annotated[int, Meta(ge=0, le=2**53)]
S = TypeVar("S", bound=msgspec.Struct)


class NotMetError(Exception):
    """A request that is not met: its HTTP status, and why, for a person and for a program."""

    def __init__(self, status: int, reason: str, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(reason)
        self.status: Final = status
        self.fault: Final = Fault(error=reason, problems=problems)


def bad_value(field: str, reason: str) -> NotMetError:
    """This value of the query cannot be used."""
    problem = Problem(code="bad-value", field=field, reason=reason)
    return NotMetError(400, f"{field}: {reason}", (problem,))


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No values."""


class Anything(msgspec.Struct, frozen=True):
    """Whatever a program adds to an address of which nothing depends on it."""


class AsOf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``n`` is the message after which one looks; by default the last."""

    n: Number | None = None


class AsOfTime(AsOf, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Or ``at`` a time: after the last message recorded by then."""

    at: AwareTime | None = None


class After(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From message ``after`` on, ``until`` this time, by default the last message."""

    after: Number
    until: AwareTime | None = None


class From(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``after`` is a message's number, or an event's id: what came next is told first; by default nothing before now.

    The header ``Last-Event-ID``, which browsers send when a stream has been broken off, says the same.
    """

    after: Annotated[str, Meta(pattern=r"^(?:[a-z0-9]{1,16}:)?\d{1,15}$")] | None = None


class Grouped(AsOf, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``by`` is by what calls are counted."""

    by: Grouping = Grouping.TOTAL


class Addressed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``to`` is the party whose plans they are."""

    to: PartyName


class Named(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``name`` is what the file is called where it comes from."""

    name: Annotated[str, Meta(max_length=200)] = ""


def converted(values: dict[str, Any], kind: type[S]) -> S:
    """These values as the struct has them. Raises NotMetError, which names the field."""
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        reason, field = split_validation_error(str(error))
        reason = readable(reason, field)
        if reason.startswith("Object contains unknown field"):
            field = reason.split("`")[1][:40]
            reason = f"is not asked for here; there are: {', '.join(kind.__struct_fields__) or 'none'}"
        raise bad_value(field, reason) from error


def too_large(at_most: int) -> NotMetError:
    """More was posted than is taken."""
    return NotMetError(413, f"That is too large: {at_most:,} bytes are the most.")
