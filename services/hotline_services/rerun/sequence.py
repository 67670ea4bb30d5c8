"""A simulated run, made again and compared line by line."""

import math
from datetime import datetime, timedelta
from typing import BinaryIO, Final

from hotline_protocol.message import Message
from hotline_services.director.script import Scenario
from hotline_services.runtime.recording import LINE_BYTES, Header, recorded_line
from hotline_services.world import build

from .difference import Difference, difference

FIRST_LINE: Final = 2
"""The header stands in line 1."""


class _DifferentError(Exception):
    """What was said now is not what was recorded."""

    def __init__(self, found: Difference) -> None:
        super().__init__(found)
        self.found: Final = found


class Sequence:
    """The lines of a recording behind its header, as they are expected one by one.

    ``file`` stands behind the header. ``lines`` is how many were the same.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file: Final = file
        self.lines = 0

    def run_again(self, header: Header, scenario: Scenario) -> Difference | None:
        """Make the simulated run again; returns where it first differs, None where it does not."""
        seed, days = header.seed or 0, header.days or 0.0
        simulation = build(scenario, seed, math.ceil(days))
        try:
            simulation.run(simulation.start + timedelta(days=days), self._take)
        except _DifferentError as different:
            return different.found
        left = self._file.readline(LINE_BYTES)
        return difference(self.lines + FIRST_LINE, left, None) if left else None

    def _take(self, message: Message, at: datetime) -> None:
        said, recorded = recorded_line(message, at), self._file.readline(LINE_BYTES)
        if said != recorded:
            raise _DifferentError(difference(self.lines + FIRST_LINE, recorded or None, said))
        self.lines += 1
