"""Looking at a broker and listening, without disturbing anybody on it.

It listens with QoS 0. It publishes nothing but an echo to itself, on a topic of its own, and only as an identity that
has such a topic: services do the same all the time.
"""

import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Final
from uuid import uuid4

import msgspec
from paho.mqtt.enums import MQTTProtocolVersion

from hotline_protocol.authority import RIGHTS, Role, may_hear, role_of
from hotline_protocol.service import Resend
from hotline_protocol.topics import EVERYTHING, encode
from hotline_services.runtime.clock import wall_clock
from hotline_services.runtime.echo import echo
from hotline_services.runtime.tls import TlsError, trouble_with
from hotline_services.runtime.versions import program_version, protocol_version
from hotline_services.runtime.wire import GUEST_S, BrokerSettings

from .diagnosis.kinds import Kind
from .diagnosis.observations import NoConnection, Observations
from .probe import DoctorClient, NotLetInError, UnknownVersionError

ECHOES: Final = 20
ECHO_S: Final = 2.0


def look(settings: BrokerSettings, listen_s: float) -> Observations:
    """Observe this broker for ``listen_s`` seconds. Blocks for so long."""
    found: list[NoConnection] = []
    for node in settings.nodes:
        try:
            client = _connect(node)
        except NotLetInError as error:
            found.append(NoConnection(node=str(node), kind=Kind.REFUSED, reason=str(error)))
        except OSError as error:
            found.append(_no_connection(node, error))
        else:
            try:
                return _seen(settings, node, client, found, listen_s)
            finally:
                client.close()
    return _nothing(settings, found)


def _connect(node: BrokerSettings) -> DoctorClient:
    """Connected, by MQTT 5 if the broker knows it. Raises NotLetInError, or OSError."""
    guest = msgspec.structs.replace(node, session_s=GUEST_S)
    try:
        return DoctorClient(guest, MQTTProtocolVersion.MQTTv5)
    except UnknownVersionError:
        return DoctorClient(guest, MQTTProtocolVersion.MQTTv311)


def _no_connection(node: BrokerSettings, error: OSError) -> NoConnection:
    try:
        trouble = trouble_with(node)
    except TlsError as of_files:
        trouble = str(of_files)
    reason = trouble or error.strerror or str(error) or type(error).__name__
    return NoConnection(node=str(node), kind=Kind.TLS if trouble else Kind.UNREACHABLE, reason=reason)


def _nothing(settings: BrokerSettings, found: Iterable[NoConnection]) -> Observations:
    return Observations(broker=str(settings), user=settings.username, until=wall_clock(), no_connection=tuple(found))


def _seen(
    settings: BrokerSettings, node: BrokerSettings, client: DoctorClient, before: list[NoConnection], listen_s: float
) -> Observations:
    refused = tuple(where for where in _wanted(settings.username) if not client.subscribe(where))
    if settings.username is not None and role_of(settings.username) is Role.CENTRE:
        client.subscribe(EVERYTHING)  # it need not be allowed
    sent, times_s = _measure(settings.username, client)
    client.listen(listen_s)
    lost = [NoConnection(node=str(node), kind=Kind.LOST, reason=client.lost)] if client.lost else []
    check = settings.signing.check
    return Observations(
        broker=str(settings),
        user=settings.username,
        until=wall_clock(),
        listened=timedelta(seconds=listen_s),
        connected_to=None if lost else str(node),
        no_connection=(*before, *lost),
        packet_limit=client.packet_limit,
        not_subscribed=refused,
        echoes_sent=sent,
        echoes_s=tuple(times_s),
        echo_refused=client.refused_publish,
        heard=tuple(client.heard(check)),
        program=program_version(),
        protocol=protocol_version(),
    )


def _wanted(user: str | None) -> list[str]:
    """The topic filters that this identity is to hear; everything where nobody is anybody."""
    return [EVERYTHING] if user is None else [where for where in may_hear(user) if not where.startswith("$")]


def _measure(user: str | None, client: DoctorClient) -> tuple[int, list[float]]:
    """Send a few messages to ourselves, one after the other: how many, and how long each took to come back."""
    if user is None or Resend not in RIGHTS[role_of(user)].says:
        return 0, []
    times_s: list[float] = []
    for count in range(1, ECHOES + 1):
        asked = echo(user, f"echo-{uuid4().hex}")
        began = time.perf_counter()
        if not client.has_come_back(asked, encode(asked), ECHO_S):
            return count, times_s
        times_s.append(time.perf_counter() - began)
    return ECHOES, times_s
