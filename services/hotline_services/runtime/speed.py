"""How fast time may run: what the broker delays, times the speed, must stay small beside the shortest deadline."""

import asyncio
import time
from typing import Final
from uuid import uuid4

import msgspec

from hotline_protocol.agreement import Agreement
from hotline_protocol.topics import CONTROL, address_of, encode
from hotline_services.pacing.bounds import SHARE, fitting_speed, told_speed

from .echo import echo
from .mqtt import Connection
from .wire import GUEST_S, BrokerSettings, Delivery

ROUND_TRIPS: Final = 200
FEWEST_ROUND_TRIPS: Final = 20
FEWEST_OF_ALL: Final = 3  # of a broker so slow that patience ends before
ENOUGH_S: Final = 3.0  # after which fewer round trips will do: a slow broker is to be found slow, not silent
PATIENCE_S: Final = 15.0


class TooFastError(Exception):
    """At this speed delays would decide what patience should; the message says which speed would do."""


class NoEchoError(Exception):
    """The broker did not bring back what was published; the message says on which topic."""


def check_speed(speed: float, delay_s: float, agreement: Agreement) -> None:
    """Raises TooFastError when ``delay_s`` (real, p99) times ``speed`` is over a tenth of the shortest deadline."""
    shortest_s = agreement.shortest_deadline_s
    if delay_s * speed > SHARE * shortest_s:
        raise TooFastError(
            f"At {speed:g}x a message is {delay_s * speed:.1f} simulated seconds on its way ({delay_s * 1e3:.1f} ms "
            f"measured, p99), more than a tenth of the agreement's shortest deadline of {shortest_s:g} s. "
            f"At most {told_speed(fitting_speed(delay_s, shortest_s))} would do."
        )


async def measured_delay(broker: BrokerSettings, name: str, round_trips: int = ROUND_TRIPS) -> float:
    """Seconds there and back through the broker, the 99th percentile, as the service of this ``name`` finds it.

    Raises Refused, or NoEchoError.
    """
    echo = _Echo(name, round_trips)
    guest = msgspec.structs.replace(broker, session_s=GUEST_S)
    connection = Connection(guest, f"hotline-echo-{uuid4().hex[:8]}", [CONTROL.filter(source=name, to=name)], echo)
    echo.connection = connection
    running = asyncio.create_task(connection.run())
    done = asyncio.create_task(echo.done.wait())
    await asyncio.wait([running, done], timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
    done.cancel()
    await connection.close()
    await running
    times_s = sorted(echo.times_s)
    if not echo.done.is_set() and len(times_s) < FEWEST_OF_ALL:
        raise NoEchoError(f"{broker} did not bring {FEWEST_OF_ALL} messages back to {name} within {PATIENCE_S:g} s.")
    return times_s[int(len(times_s) * 0.99)]


class _Echo:
    """Asks itself for what it never said, over and over: a message that every shell takes and none acts upon."""

    def __init__(self, name: str, round_trips: int) -> None:
        self._name = name
        self._round_trips = round_trips
        self._sent_at = 0.0
        self._sent = ""
        self._began_at = time.monotonic()
        self.connection: Connection | None = None
        self.times_s: list[float] = []
        self.done = asyncio.Event()

    def will(self) -> None:
        """Nobody need know."""

    def on_up(self, *, session_present: bool) -> None:  # noqa: ARG002
        """Begin."""
        self._began_at = time.monotonic()
        self._send()

    def on_down(self) -> None:
        """It begins again when the broker is back."""

    def on_read(self) -> None:
        """Each message has been dealt with as it came."""

    def on_message(self, delivery: Delivery) -> None:
        """Time it, and send the next."""
        if self.connection is not None:
            self.connection.acknowledge(delivery)  # else the broker stops once its window is full
        if self._sent.encode() not in delivery.payload or self.done.is_set():
            return
        self.times_s.append(time.perf_counter() - self._sent_at)
        enough = FEWEST_ROUND_TRIPS if time.monotonic() - self._began_at > ENOUGH_S else self._round_trips
        if len(self.times_s) >= min(enough, self._round_trips):
            self.done.set()
        else:
            self._send()

    def _send(self) -> None:
        self._sent = f"echo-{uuid4().hex}"
        message = echo(self._name, self._sent)
        self._sent_at = time.perf_counter()
        if self.connection is not None:
            self.connection.publish(address_of(message), encode(message), lambda _: None)
