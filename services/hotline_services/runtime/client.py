"""A plain client at the broker, for commands and the page: one sentence when it cannot be reached."""

import asyncio
import contextlib
import functools
import logging
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from typing import Final, TypeVar

import aiomqtt
from aiomqtt.exceptions import MqttConnectError
from paho.mqtt.reasoncodes import ReasonCode

from .daemon import in_daemon_thread
from .guard import Guard
from .nodes import ELECTION_S
from .tls import TlsError, context_of, trouble_with
from .wire import BrokerSettings, Delivery

T = TypeVar("T")
CONNECT_TIMEOUT_S: Final = 10.0
REFUSED_USER: Final = re.compile("not authori|password", re.IGNORECASE)  # in what brokers of MQTT 3.1.1 and 5 say
QUIET_S: Final = 0.5  # what is retained comes at once: after so long without any of it there is no more
AGAIN_S: Final = 0.5
UNAVAILABLE: Final = re.compile("unavailable", re.IGNORECASE)


class NoBrokerError(Exception):
    """The broker cannot be reached, refuses us, or has gone away; the message is a sentence for the user."""


class Client(aiomqtt.Client):
    """A client that never loses a cancellation.

    The library waits with ``asyncio.wait_for``, which on Python 3.11 drops a cancellation that comes together with the
    answer: then a task that was told to end goes on, and a deadline passes unnoticed.
    """

    async def _wait_for(self, fut: Awaitable[T], timeout: float | None) -> T:  # noqa: ASYNC109  as the library has it
        try:
            async with asyncio.timeout(self.timeout if timeout is None else timeout):
                return await fut
        except TimeoutError:
            raise aiomqtt.MqttError("Operation timed out") from None


class OfCluster(Client):
    """A client at one node of several. While these choose leaders they let nobody in, and refuse subscriptions."""


class NewestOfEach(asyncio.Queue[aiomqtt.Message]):
    """What has come and not been read: of each topic the newest, for topics that tell how things stand.

    So a reader that falls behind catches up, and what waits for it is no more than there are topics.
    """

    def _init(self, maxsize: int) -> None:  # noqa: ARG002  these three are there to be overridden
        self._queue: dict[str, aiomqtt.Message] = {}

    def put_nowait(self, item: aiomqtt.Message) -> None:
        """Keep this, in the place of what waits of its topic. Raises QueueFull for a topic more than there is room."""
        if str(item.topic) in self._queue:
            self._put(item)
        else:
            super().put_nowait(item)

    def _put(self, item: aiomqtt.Message) -> None:
        self._queue[str(item.topic)] = item

    def _get(self) -> aiomqtt.Message:
        return self._queue.pop(next(iter(self._queue)))


def _believing(
    queue: type[asyncio.Queue[aiomqtt.Message]], settings: BrokerSettings
) -> type[asyncio.Queue[aiomqtt.Message]]:
    """The same, without what others have forged or say again out of its time: whoever was meant reports it."""
    guard = Guard(settings.signing.check)

    class Believing(queue):  # type: ignore[valid-type,misc]
        def put_nowait(self, item: aiomqtt.Message) -> None:
            heard = Delivery(str(item.topic), bytes(item.payload), item.retain, item.qos, mid=0, life=0)
            if guard.problem(heard) is None:
                super().put_nowait(item)

    return Believing


@asynccontextmanager
async def connected(
    settings: BrokerSettings,
    queue: type[asyncio.Queue[aiomqtt.Message]] | None = None,
    at_most: int | None = None,
    logger: logging.Logger | None = None,
) -> AsyncIterator[aiomqtt.Client]:
    """A client that is connected to a node of the cluster. Raises NoBrokerError, also when it is lost later.

    ``queue`` keeps what has come and not been read, any number of messages unless ``at_most`` is given: what comes
    when it is full is lost, which aiomqtt logs: to ``logger``, or to its own.
    """
    there = False
    try:
        async with contextlib.AsyncExitStack() as stack:
            if settings.signing.check is not None:
                queue = _believing(queue or asyncio.Queue, settings)
            make = functools.partial(_client, queue=queue, at_most=at_most, logger=logger)
            connection = await _first_of(settings, stack, make)
            there = True
            yield connection
    except TlsError as error:
        raise NoBrokerError(str(error)) from error
    except aiomqtt.MqttError as error:
        if _is_cancelled():  # the connection broke on the way out: that must not keep anybody from ending
            raise asyncio.CancelledError from error
        if there:
            raise NoBrokerError(f"lost the connection to the broker at {settings}: {error}") from error
        raise NoBrokerError(f"no connection to the broker at {settings}: {await _cause(error, settings)}") from error


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _cause(error: aiomqtt.MqttError, settings: BrokerSettings) -> str:
    """Why there is no connection, and what to do: by the broker's answer, what is wrong with TLS, or the error."""
    told = str(error)
    if isinstance(error, MqttConnectError):
        return f"{told}; check user and password" if REFUSED_USER.search(told) else told
    if reason := await in_daemon_thread(lambda: trouble_with(settings.nodes[-1])):
        return reason
    return f"{told}; nothing listens there: start the broker, or name its port" if "refused" in told else told


async def _first_of(
    settings: BrokerSettings, stack: contextlib.AsyncExitStack, make: Callable[[type[Client], BrokerSettings], Client]
) -> Client:
    """Connected to the first node of the cluster that takes us. Raises MqttError of the last when none does."""
    until = asyncio.get_running_loop().time() + ELECTION_S
    kind = OfCluster if settings.further else Client
    *others, last = settings.nodes
    while True:
        for node in others:
            with contextlib.suppress(aiomqtt.MqttError):
                return await stack.enter_async_context(make(kind, node))
        try:
            return await stack.enter_async_context(make(kind, last))
        except MqttConnectError as error:  # in an answer: somebody is there
            may_pass = settings.further and UNAVAILABLE.search(str(error))
            if not may_pass or asyncio.get_running_loop().time() >= until:
                raise
            await asyncio.sleep(AGAIN_S)


def _client(
    kind: type[Client],
    node: BrokerSettings,
    queue: type[asyncio.Queue[aiomqtt.Message]] | None,
    at_most: int | None,
    logger: logging.Logger | None,
) -> Client:
    return kind(
        node.host,
        node.port,
        username=node.username,
        password=node.password,
        tls_context=context_of(node),
        timeout=CONNECT_TIMEOUT_S,
        keepalive=node.keepalive_s,
        logger=logger,
        queue_type=queue,
        max_queued_incoming_messages=at_most,
        # Without it every acknowledged publish waits some 40 ms for a delayed TCP acknowledgement.
        socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
    )


async def subscribe(connection: aiomqtt.Client, *filters: str) -> None:
    """Hear these topics from now on. Raises NoBrokerError when the broker will not let us, a cluster for some time."""
    until = asyncio.get_running_loop().time() + (ELECTION_S if isinstance(connection, OfCluster) else 0.0)
    while (refused := await _refused(connection, *filters)) is not None:
        if asyncio.get_running_loop().time() >= until:
            raise NoBrokerError(f"the broker does not let this user hear {refused}")
        await asyncio.sleep(AGAIN_S)


async def _refused(connection: aiomqtt.Client, *filters: str) -> str | None:
    """Subscribe to these; returns the first that is refused."""
    granted: list[int | ReasonCode] = [*await connection.subscribe([(name, 1) for name in filters])]
    codes = (code.value if isinstance(code, ReasonCode) else code for code in granted)
    return next((name for name, code in zip(filters, codes, strict=True) if code >= 0x80), None)


async def retained(
    connection: aiomqtt.Client, *filters: str, wanted: AbstractSet[str] = frozenset()
) -> dict[str, bytes]:
    """Hear these topics from now on, and gather what the broker keeps of them: by topic, the newest of each.

    It comes at once, so this ends when no more of it has come for a while or, sooner, when all topics that are
    ``wanted`` have been heard. Raises NoBrokerError when the broker will not let us.
    """
    await subscribe(connection, *filters)
    found: dict[str, bytes] = {}
    loop = asyncio.get_running_loop()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(QUIET_S) as patience:
            while not wanted or not wanted <= found.keys():
                heard = await anext(connection.messages)
                found[str(heard.topic)] = bytes(heard.payload)
                if heard.retain:
                    patience.reschedule(loop.time() + QUIET_S)
    return found
