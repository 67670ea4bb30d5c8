"""Broker addresses as people write them: one, or several nodes of one cluster.

No message of this module shows a password, also where the address is written so badly that its parts are unclear.
"""

import ipaddress
import re
from typing import Final, NamedTuple
from urllib.parse import unquote

USUAL_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
LAST_PORT: Final = 65_535
ESCAPES: Final = "In a user's name or password # / ? are written %23 %2F %3F; a comma %2C; a blank %20."

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_HOST: Final = re.compile(r"[\w.-]+")
_PORT: Final = re.compile(r"[0-9]{1,5}", re.ASCII)
_SEPARATOR: Final = re.compile(r"[,\s]+")


class Node(NamedTuple):
    """Where one broker listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Addresses(NamedTuple):
    """The nodes of one cluster, in the order in which they are tried, and who we are to all of them."""

    nodes: tuple[Node, ...]
    username: str | None
    password: str | None
    tls: bool


class _Address(NamedTuple):
    scheme: str
    node: Node
    username: str | None
    password: str | None


def read_addresses(text: str) -> Addresses:
    """``mqtt://user:password@host:port``, or several of these with commas or blanks between them.

    User and password are written in the first address, and hold for all. Raises ValueError.
    """
    pieces = [piece for piece in _SEPARATOR.split(text) if piece]
    if not pieces:
        raise ValueError("the broker's address is empty")
    first, *others = (_read(piece) for piece in pieces)
    for other in others:
        if other.scheme != first.scheme:
            raise ValueError(f"one cluster has one kind of address: {first.scheme}:// or {other.scheme}://, not both")
        if other.username is not None and (other.username, other.password) != (first.username, first.password):
            told = f"user and password are written in the first address and hold for all; {other.node} has others"
            raise ValueError(f"{told}. {ESCAPES}")
    nodes = dict.fromkeys(address.node for address in (first, *others))
    return Addresses(tuple(nodes), first.username, first.password, first.scheme == "mqtts")


def _read(text: str) -> _Address:
    scheme, slashes, rest = text.partition("://")
    if not slashes:
        scheme, rest = "mqtt", text
    scheme = scheme.lower()
    if scheme not in USUAL_PORTS:
        named = f", not {scheme}://" if _SCHEME.fullmatch(scheme) else ""
        raise ValueError(f"a broker's address begins with mqtt:// or mqtts://{named}")
    rest = rest.removesuffix("/")
    if set(rest) & set("#/?"):
        raise ValueError(f"a broker's address ends after the port: # / ? are not allowed in it. {ESCAPES}")
    userinfo, has_user, place = rest.rpartition("@")
    username, _, password = userinfo.partition(":")
    node = _node(place, scheme)
    if has_user and not username:
        raise ValueError(f"{scheme}://{node}: there is no user's name before the @")
    return _Address(scheme, node, unquote(username) or None, unquote(password) or None)


def _node(place: str, scheme: str) -> Node:
    """The host and the port of an address. What follows a colon is not shown: it may be a password."""
    if place.startswith("["):
        host, closed, rest = place[1:].partition("]")
        if not closed or not _is_ipv6(host) or (rest and not rest.startswith(":")):
            raise ValueError(f"{scheme}://[...]: no IPv6 address in the brackets, such as [::1]:{USUAL_PORTS[scheme]}")
        return Node(host.lower(), _port(rest.removeprefix(":"), f"{scheme}://[{host}]") if rest else _usual(scheme))
    if _is_ipv6(place):
        raise ValueError(f"{scheme}://{place}: an IPv6 address is written in brackets: {scheme}://[{place}]")
    host, colon, port = place.partition(":")
    if not host:
        raise ValueError("no host in the broker's address")
    if not _HOST.fullmatch(host):
        raise ValueError(f"the host in the broker's address is no host's name. {ESCAPES}")
    return Node(host.lower(), _port(port, f"{scheme}://{host}") if colon else _usual(scheme))


def _usual(scheme: str) -> int:
    return USUAL_PORTS[scheme]


def _port(text: str, where: str) -> int:
    if _PORT.fullmatch(text) and 0 < int(text) <= LAST_PORT:
        return int(text)
    raise ValueError(f"{where}: the broker's port is not a number from 1 to {LAST_PORT}. {ESCAPES}")


def _is_ipv6(host: str) -> bool:
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return True
