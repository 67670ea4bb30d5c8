"""Findings from observations of a broker. Pure: the same observations give the same findings."""

from collections.abc import Iterator
from typing import Final

from hotline_services.delivery.payloads import NEEDED

from .clocks import of_times
from .kinds import Finding, Kind
from .observations import Observations
from .retained import of_retained
from .services import of_services

_REMEDIES: Final = {
    Kind.UNREACHABLE: "Start the broker, or name its host and port with --broker; look for a firewall between.",
    Kind.REFUSED: "Check user and password: hotline access prints those of the run in this folder.",
    Kind.TLS: "Name the certificate of the broker's CA with --ca, the host by a name that is in the broker's "
    "certificate, and a certificate of your own with --cert and --cert-key where the broker wants one.",
    Kind.LOST: "Look into the broker's log; where it gives each user one connection, look as another (--as).",
}
_RIGHTS: Final = "Give {user} the topics that the protocol has for it: compose/acl lists them."


def findings(seen: Observations) -> list[Finding]:
    """All faults. Without a connection, only the reason for that."""
    found = list(_connection(seen))
    if seen.connected_to is None:
        return found
    return [*found, *_rights(seen), *_limit(seen), *of_times(seen), *of_services(seen), *of_retained(seen)]


def _connection(seen: Observations) -> Iterator[Finding]:
    for one in seen.no_connection:
        yield Finding(
            kind=one.kind,
            about=one.node,
            sentence=f"There is no connection to the broker at {one.node}: {one.reason.rstrip('.')}.",
            remedy=_REMEDIES[one.kind],
        )


def _rights(seen: Observations) -> Iterator[Finding]:
    user = seen.user or "anonymous clients"
    for where in seen.not_subscribed:
        sentence = f"The broker does not let {user} hear {where}."
        yield Finding(kind=Kind.RIGHTS, about=where, sentence=sentence, remedy=_RIGHTS.format(user=user))
    if not seen.echoes_sent or seen.echoes_s:
        return
    told = f"the broker says {seen.echo_refused}" if seen.echo_refused else "what it says there does not come back"
    yield Finding(
        kind=Kind.RIGHTS,
        about=seen.own_topic,
        sentence=f"{user} may not publish on its own topic {seen.own_topic}, or not hear it: {told}.",
        remedy=_RIGHTS.format(user=user),
    )


def _limit(seen: Observations) -> Iterator[Finding]:
    if seen.packet_limit is not None and seen.packet_limit < NEEDED:
        yield Finding(
            kind=Kind.PACKET_LIMIT,
            about="broker",
            sentence=f"The broker takes {seen.packet_limit:,} bytes in one message, and services send up to "
            f"{NEEDED:,}: what is larger is not delivered.",
            remedy="Raise the limit (mosquitto: max_packet_size; NATS: max_payload) to 4194304, as the demo has it.",
        )
