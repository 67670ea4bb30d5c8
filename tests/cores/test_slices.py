"""Saving a state in many short steps gives the same bytes as saving it in one step."""

from datetime import datetime, timedelta, timezone

import msgspec

from hotline_protocol.slices import AT_ONCE, Slice, read, write


class Entry(msgspec.Struct, frozen=True):
    """A record with a time that has an offset of its own."""

    number: int
    at: datetime


class Tagged(Slice, tag="tagged"):
    """A slice that is told by its tag."""

    level: float = 0.5


class Inner(Slice):
    """A slice with more entries than are written at once."""

    entries: list[Entry]
    by_name: dict[str, Entry]


class Outer(Slice):
    """All that a state may be made of."""

    inner: dict[str, Inner]
    models: dict[str, Tagged]
    numbers: dict[tuple[str, int], set[int]]
    lines: tuple[Entry, ...]
    nothing: Inner | None = None


def entries(count: int) -> list[Entry]:
    noon = datetime(2020, 1, 1, 12, tzinfo=timezone(timedelta(hours=3)))
    return [Entry(number, noon + timedelta(seconds=number)) for number in range(count)]


def test_what_is_written_in_many_calls_is_what_is_written_in_one() -> None:
    for count in (0, 1, AT_ONCE, AT_ONCE + 1, 3 * AT_ONCE):
        many = entries(count)
        state = Outer(
            inner={"ru": Inner(many, {str(one.number): one for one in many})},
            models={"ru": Tagged(), "us": Tagged(1.5)},
            numbers={("us", number): {number} for number in range(count)},
            lines=tuple(many),
        )
        written = write(state)
        assert written == msgspec.msgpack.encode(msgspec.to_builtins(state))
        again = read(written, Outer)
        assert again == state
        assert [str(one.at) for one in again.lines] == [str(one.at) for one in many]
