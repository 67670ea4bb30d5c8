"""What an endpoint is handed of a request, and how it says that it cannot meet it."""

from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta

from hotline_protocol.flightplan import Problem
from hotline_protocol.message import AwareTime
from hotline_protocol.topics import split_validation_error

from .model import Fault

Number = Annotated[int, Meta(ge=0, le=2**53)]
S = TypeVar("S", bound=msgspec.Struct)


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No values."""


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


def converted(values: Any, kind: type[S]) -> S:
    """The values of a query as this struct has them. Raises NotMetError, which names the field."""
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        reason, field = split_validation_error(str(error))
        if reason.startswith("Object contains unknown field"):
            field = reason.split("`")[1]
            reason = f"is not asked for here; there are: {', '.join(kind.__struct_fields__)}"
        raise bad_value(field, reason) from error
