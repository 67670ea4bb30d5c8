"""Waiting for a store that is locked, full or read-only: try again, report, and go on when it can be used."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final, TypeVar

import structlog

from .store import StoreBlockedError

T = TypeVar("T")

FIRST_WAIT_S: Final = 0.05
LONGEST_WAIT_S: Final = 2.0
REPORT_S: Final = 60.0

log = structlog.get_logger(__name__)


class Patience:
    """Repeats what a blocked store refuses, with growing pauses, until it succeeds or somebody calls ``stop``.

    ``trouble`` is one sentence for the health message while the store is blocked, else empty. Nothing is read from the
    broker meanwhile, which therefore keeps the messages.
    """

    def __init__(self, store: str = "the record") -> None:
        self._store: Final = store
        self._stopped: Final = asyncio.Event()
        self.trouble = ""

    def stop(self) -> None:
        """Let whoever waits fail with the error that it waits for."""
        self._stopped.set()

    @property
    def is_stopped(self) -> bool:
        """Whether ``stop`` was called."""
        return self._stopped.is_set()

    async def through(
        self, attempt: Callable[[], Awaitable[T]], *, at_most_s: float | None = None, at_opening: bool = False
    ) -> T:
        """The result of ``attempt``. Raises StoreBlockedError once stopped, or after ``at_most_s``; ``at_opening`` also
        for what does not pass by itself.
        """
        began, wait_s, tries, report_at = time.monotonic(), FIRST_WAIT_S, 0, 0.0
        while True:
            try:
                result = await attempt()
            except StoreBlockedError as error:
                waited_s = time.monotonic() - began
                too_long = at_most_s is not None and waited_s >= at_most_s
                if self.is_stopped or too_long or (at_opening and not error.passes):
                    raise
                tries += 1
                if waited_s >= report_at:
                    report_at = waited_s + REPORT_S
                    self._report(error, waited_s, tries)
            else:
                if tries:
                    log.warning("store-free-again", waited_s=round(time.monotonic() - began, 1), tries=tries)
                    self.trouble = ""
                return result
            await self._pause(wait_s)
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    def _report(self, error: StoreBlockedError, waited_s: float, tries: int) -> None:
        if not self.trouble:
            self.trouble = f"{self._store} {error.reason} since {datetime.now(UTC):%H:%M:%S} UTC (real time)"
        log.warning("store-blocked", reason=str(error), trouble=self.trouble, waited_s=round(waited_s, 1), tries=tries)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopped.wait()
        except TimeoutError:
            pass
