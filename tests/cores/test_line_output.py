"""Lines for a reader who is slow: none is lost in a burst, none is waited for, and too many are counted."""

import asyncio
import os

import pytest

from hotline_services.cli.lineoutput import LineOutput


async def test_a_reader_who_is_slow_gets_every_line_in_order() -> None:
    out, into = os.pipe()
    with os.fdopen(into, "w") as writing, os.fdopen(out) as reading:
        output, lines = LineOutput(writing), [f"line {number} {'x' * 80}" for number in range(5_000)]
        for line in lines:
            output.write(line)  # more than a pipe holds
        assert await asyncio.to_thread(lambda: [reading.readline().rstrip() for _ in lines]) == lines


async def test_lines_that_nobody_reads_are_counted() -> None:
    out, into = os.pipe()
    with os.fdopen(into, "w") as writing, os.fdopen(out) as reading:
        output = LineOutput(writing, at_most=100)
        for number in range(5_000):
            output.write(f"line {number} {'x' * 80}")
        read = await asyncio.to_thread(lambda: next(line for line in reading if line.startswith("... ")))
        output.write("the last")
        assert await asyncio.to_thread(reading.readline) == "the last\n"
    assert read.endswith(" lines are left out: nobody read them\n")


async def test_a_reader_who_has_gone_is_told_by_the_error() -> None:
    out, into = os.pipe()
    os.close(out)
    writing = os.fdopen(into, "w")
    output = LineOutput(writing)
    output.write("to nobody")
    with pytest.raises(BrokenPipeError):
        await output.failed
    with pytest.raises(BrokenPipeError):
        writing.close()
