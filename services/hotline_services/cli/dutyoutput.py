"""The duty log on the monitor's standard output, which a flood of rejected inputs or a full disk must not stop."""

import time
from collections.abc import Callable
from typing import Final, TextIO

import structlog

from hotline_protocol.events import DeadLettered, InputRejected
from hotline_protocol.message import Message
from hotline_services.monitor.dutylog import DutyLog
from hotline_services.runtime.budget import Budget

REJECTIONS_AT_ONCE: Final = 50
REJECTIONS_PER_S: Final = 2.0
COMPLAINT_S: Final = 60.0

log = structlog.get_logger(__name__)


class DutyOutput:
    """Prints a line for each message that belongs in the log. Of rejected inputs only so many a second are printed, and
    the others are counted in one line; what the output does not take is counted too, and never raised.
    """

    def __init__(self, lines: DutyLog, output: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._lines: Final = lines
        self._output: Final = output
        self._rejections: Final = Budget(REJECTIONS_AT_ONCE, REJECTIONS_PER_S, clock)
        self._complaints: Final = Budget(1, 1 / COMPLAINT_S, clock)
        self._unwritten = 0

    def write_up(self, message: Message) -> None:
        """Print the line of this message, if it has one."""
        line = self._lines.line(message)
        if line is None:
            return
        if isinstance(message, InputRejected | DeadLettered) and not self._rejections.take():
            return
        if left_out := self._rejections.told():
            self._print(f"... {left_out:,} more rejected inputs are not printed: too many a second")
        self._print(line)

    def _print(self, line: str) -> None:
        try:
            self._output.write(f"{line}\n")
            self._output.flush()
        except OSError as error:
            self._unwritten += 1
            if self._complaints.take():
                log.error("duty-log-not-written", reason=error.strerror, lines=self._unwritten)
