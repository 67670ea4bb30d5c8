"""`hotline watch`: the log of the duty officers as it is being written."""

import asyncio
import shutil
import sys
from collections.abc import Callable
from typing import Annotated, Final

from hotline_protocol.authority import admit
from hotline_protocol.message import Message
from hotline_protocol.service import Clock, Health, Resend, Unreadable
from hotline_protocol.sky import Tracks
from hotline_protocol.topics import EVERYTHING, INJECT, ORDER, MalformedMessageError, encode, is_state
from hotline_services.delivery.outbox import Seen
from hotline_services.monitor.dutylog import WIDTH, DutyLog
from hotline_services.pacing.scaled_clock import ScaledClock
from hotline_services.runtime.client import NoBrokerError, connected, subscribe
from hotline_services.runtime.clock import NO_CLOCK, wall_clock
from hotline_services.runtime.wire import BrokerSettings

from .connection import FROM_HERE, Reach, tool_settings
from .exits import NO_BROKER
from .options import Flag
from .query import complain
from .runfile import OBSERVER

NARROWEST: Final = 80
RETRY_S: Final = 2.0
NAMES_AT_MOST: Final = 1_000


def watch(
    *,
    broker: str | None = None,
    party: str | None = None,
    json: Annotated[bool, Flag] = False,
    reach: Reach = FROM_HERE,
) -> int:
    """Follow what is said, live: ring, answer, proposal, counter, agreement, hang-up, escalation. Ctrl-C ends it.

    When the connection is lost it is sought again until it is back.

    For example:

    hotline watch

    hotline watch --party ru --json | jq 'select(.type == "escalated")'

    The exit code is 0 when stopped, 2 for bad input, 4 when there is no broker to begin with.

    Parameters
    ----------
    broker
        mqtt://user:password@host:port, or the nodes of a cluster with commas between;
        by default HOTLINE_BROKER of the environment, else that of the run in --data, else this machine.
    party
        Only what this party says or is told.
    json
        Every message as it is, one JSON object a line, instead of the log's lines.
    """
    try:
        asyncio.run(Watch(party, json=json).run(tool_settings(broker, reach, OBSERVER)))
    except ValueError as error:
        return complain("watch", str(error))
    except NoBrokerError as error:
        complain("watch", str(error))
        return NO_BROKER
    except KeyboardInterrupt:
        return 0
    return 0


class Watch:
    """What is shown of what is heard: lines for ``write``, by default on the standard output.

    Complaints bear the name of ``command``.
    """

    def __init__(
        self, party: str | None, *, json: bool, write: Callable[[str], object] | None = None, command: str = "watch"
    ) -> None:
        self._command = command
        self._write = write or _print
        self._party = party
        self._json = json
        self._log = DutyLog(width=_width())
        self._seen = Seen()
        self._clock: ScaledClock | None = None
        self._was_there = False
        self._trouble = ""
        """Why there is no connection, as it was told last."""
        self._names: set[str] = set()
        """Whose health has been heard: nobody else may speak as they."""
        self._warned = False

    async def run(self, settings: BrokerSettings) -> None:
        """Until cancelled. Raises NoBrokerError when there was no connection to begin with."""
        while True:
            try:
                await self._follow(settings)
            except NoBrokerError as error:
                if not self._was_there:
                    raise
                self._tell_of_trouble(str(error))
            await asyncio.sleep(RETRY_S)

    async def _follow(self, settings: BrokerSettings) -> None:
        async with connected(settings) as connection:
            await subscribe(connection, EVERYTHING)
            if self._trouble:
                complain(self._command, f"connected again to the broker at {settings}")
            self._was_there, self._trouble = True, ""
            async for heard in connection.messages:
                if not heard.retain or is_state(str(heard.topic)):
                    self._show(str(heard.topic), bytes(heard.payload))

    def _tell_of_trouble(self, trouble: str) -> None:
        """Once, however many attempts fail for the same reason."""
        if trouble != self._trouble:
            complain(self._command, f"{trouble}; trying again")
        self._trouble = trouble

    def _show(self, topic: str, payload: bytes) -> None:
        for message in self._heard(topic, payload):
            if isinstance(message, Tracks):
                continue
            if isinstance(message, Clock):
                self._clock = ScaledClock(message, wall_clock)
            elif isinstance(message, Health) and len(self._names) < NAMES_AT_MOST:
                self._names.add(message.source)
            if self._seen.first_time(message) and not (isinstance(message, Resend) and message.is_echo):
                self._tell(message)

    def _heard(self, topic: str, payload: bytes) -> list[Message]:
        """Nothing for what cannot be read: whoever it was for says so, and that is shown."""
        try:
            return [admit(topic, payload, self._names)]
        except MalformedMessageError:
            if INJECT.match(topic) is None and ORDER.match(topic) is None:
                return []
        from hotline_protocol.hearing import ear  # here, since it brings all of geometry with it

        if self._clock is None and not self._warned:
            self._warned = True
            complain(self._command, NO_CLOCK)
        bare_plans = ear(topic, payload, self._clock.now() if self._clock else wall_clock(), self._names)
        return [message for message in bare_plans if not isinstance(message, Unreadable)]

    def _tell(self, message: Message) -> None:
        line = self._log.line(message)  # also of what is not shown: it tells what comes after
        if self._party is not None and self._party not in _parties(message):
            return
        text = encode(message).decode() if self._json else line
        if text is not None:
            self._write(text)


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _width() -> int:
    """That of the terminal; more than enough where lines go to a file."""
    return max(shutil.get_terminal_size().columns, NARROWEST) if sys.stdout.isatty() else WIDTH


def _parties(message: Message) -> tuple[str, str]:
    return message.source, getattr(message, "to", "")
