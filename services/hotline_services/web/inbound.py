"""The page's way to the broker: hears the clock, tracks and who is up; hands on what is injected.

Everything else works without it: when the broker is away it is sought again, and only injecting has to wait.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import aiomqtt
import structlog

from hotline_protocol.authority import admit
from hotline_protocol.message import Message, PartyName
from hotline_protocol.service import Clock, Health
from hotline_protocol.sky import Tracks
from hotline_protocol.topics import CLOCK, HEALTH, INJECT, TRACK, MalformedMessageError
from hotline_services.injecting import Letter, addressed
from hotline_services.monitor.projection import Projection
from hotline_services.monitor.standing import Standing, held_by_broker
from hotline_services.pacing.scaled_clock import ScaledClock
from hotline_services.runtime.client import NewestOfEach, NoBrokerError, connected, subscribe
from hotline_services.runtime.clock import wall_clock
from hotline_services.runtime.identity import identity_of
from hotline_services.runtime.oversize import size_trouble
from hotline_services.runtime.tokens import new_token
from hotline_services.runtime.wire import BrokerSettings

from .answers.schema import ClockReading, TracksNow

log = structlog.get_logger(__name__)

RETRY_S: Final = 2.0
PUBLISH_S: Final = 5.0
PARTIES_AT_MOST: Final = 1_000
TOPICS_AT_MOST: Final = 2 * PARTIES_AT_MOST + 1
"""Health and tracks of each, and the clock. Of more something is lost, and the log says so."""


class Inbound:
    """One connection, for as long as the server runs. ``hear`` is told of each clock and of all tracks."""

    def __init__(self, settings: BrokerSettings, retry_s: float = RETRY_S) -> None:
        self._settings: Final = settings
        self._retry_s: Final = retry_s
        self._connection: aiomqtt.Client | None = None
        self._clock: ScaledClock | None = None
        self._trouble = ""
        self._hear_tracks: Callable[[TracksNow], object] = lambda _tracks: None
        self._hear_clock: Callable[[], object] = lambda: None
        self.names: Final[set[PartyName]] = set()
        self._services: Final = Projection()

    @property
    def clock(self) -> ClockReading | None:
        """The stack's clock now; None as long as it has not been heard."""
        return ClockReading(simulated=self._clock.now(), speed=self._clock.speed) if self._clock else None

    @property
    def standing(self) -> Standing | None:
        """Which services are up, as the broker has them; None without a connection."""
        if self._connection is None:
            return None
        clock = self.clock
        return held_by_broker(self._services, clock.simulated if clock else None, clock.speed if clock else 1.0)

    @property
    def is_up(self) -> bool:
        """Whether there is a connection, and the broker lets us hear."""
        return self._connection is not None

    async def run(self, hear_clock: Callable[[], object], hear_tracks: Callable[[TracksNow], object]) -> None:
        """Until cancelled."""
        self._hear_clock, self._hear_tracks = hear_clock, hear_tracks
        while True:
            try:
                await self._follow()
            except NoBrokerError as error:
                if str(error) != self._trouble:
                    log.warning("no-broker", reason=f"{error}. It is tried again; the page is served meanwhile.")
                self._trouble = str(error)
            await asyncio.sleep(self._retry_s)

    async def _follow(self) -> None:
        try:
            async with connected(self._settings, NewestOfEach, TOPICS_AT_MOST) as connection:
                await subscribe(connection, CLOCK.template, HEALTH.filter(), TRACK.filter())
                self._connection, self._trouble = connection, ""
                async for heard in connection.messages:
                    self._take(_message(heard))
        finally:
            self._connection = None

    def _take(self, message: Message | None) -> None:
        match message:
            case Clock():
                self._clock = ScaledClock(message, wall_clock)
                self._hear_clock()
            case Health() if message.source in self.names or len(self.names) < PARTIES_AT_MOST:
                self.names.add(message.source)
                self._services.apply(message)
            case Tracks():
                self._hear_tracks(TracksNow(time=message.time, tracks=message.tracks))
            case _:
                pass

    async def publish(self, to: PartyName, letter: Letter) -> None:
        """Inject this; returns when the broker has taken it. Raises NoBrokerError."""
        connection = self._connection
        if connection is None:
            raise NoBrokerError(self._trouble or f"no connection to the broker at {self._settings}")
        address, payload = addressed(letter, identity_of(self._settings), to, self._settings.signing, new_token())
        try:
            await connection.publish(address, payload, qos=INJECT.qos, timeout=PUBLISH_S)
        except aiomqtt.MqttError as error:
            trouble = await size_trouble(self._settings, address, payload)
            raise NoBrokerError(f"the broker at {self._settings} did not take it: {trouble or error}") from error


def _message(heard: aiomqtt.Message) -> Message | None:
    """Nothing for what cannot be read, or is not its source's to say: the monitor says so."""
    try:
        return admit(str(heard.topic), bytes(heard.payload))
    except MalformedMessageError:
        return None
