"""The duty log is printed line by line, and neither a flood of rejected inputs nor a full disk makes it a burden."""

import errno
import io

from hotline_protocol.events import InputRejected, LineAnnounced
from hotline_protocol.flightplan import Problem
from hotline_protocol.injection import AnnouncedState
from hotline_protocol.message import Author, Message
from hotline_services.cli.dutyoutput import REJECTIONS_AT_ONCE, DutyOutput
from hotline_services.monitor.dutylog import DutyLog

from .talk import at

AUTHOR = Author("us", "e1")
FLOOD = 10_000


def rejected(number: int) -> Message:
    problem = Problem(code="malformed", field="", reason=f"rubbish {number}")
    return AUTHOR.say(InputRejected, at(0), topic="hotline/v1/inject/us", problem=problem, evidence="")


def announced() -> Message:
    return AUTHOR.say(LineAnnounced, at(0), state=AnnouncedState.OPEN)


class Full(io.StringIO):
    """An output whose disk is full for so many lines."""

    def __init__(self, lines: int) -> None:
        super().__init__()
        self._lines = lines

    def write(self, text: str) -> int:
        self._lines -= 1
        if self._lines >= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(text)


def test_a_flood_of_rejected_inputs_is_a_few_lines_and_a_count() -> None:
    output, now = io.StringIO(), [0.0]
    duty = DutyOutput(DutyLog(), output, lambda: now[0])
    for number in range(FLOOD):
        duty.write_up(rejected(number))
    duty.write_up(announced())
    lines = output.getvalue().splitlines()
    assert len(lines) == REJECTIONS_AT_ONCE + 2
    assert lines[-2] == f"... {FLOOD - REJECTIONS_AT_ONCE:,} more rejected inputs are not printed: too many a second"
    assert "open" in lines[-1]


def test_rejected_inputs_that_come_now_and_then_are_all_printed() -> None:
    output, now = io.StringIO(), [0.0]
    duty = DutyOutput(DutyLog(), output, lambda: now[0])
    for number in range(FLOOD):
        now[0] += 1.0
        duty.write_up(rejected(number))
    assert len(output.getvalue().splitlines()) == FLOOD


def test_a_full_disk_costs_lines_and_nothing_else() -> None:
    output = Full(3)
    duty = DutyOutput(DutyLog(), output)
    for _ in range(5):
        duty.write_up(announced())
    assert len(output.getvalue().splitlines()) == 2
