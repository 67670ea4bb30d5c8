"""A finding of the doctor, and its kinds."""

import enum
from typing import Final

import msgspec


class Kind(enum.Enum):
    """The kind of fault; the value is the word in the output and in ``docs/doctor.md``."""

    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    TLS = "tls"
    LOST = "lost"
    RIGHTS = "rights"
    PACKET_LIMIT = "packet-limit"
    NO_CLOCK = "no-clock"
    CLOCK_SKEW = "clock-skew"
    TWO_OF_ONE_NAME = "two-of-one-name"
    DOWN = "down"
    SILENT = "silent"
    MISSING = "missing"
    TROUBLE = "trouble"
    RETAINED = "retained"
    VERSIONS = "versions"
    TOO_SLOW = "too-slow"


NO_CONNECTION: Final = (Kind.UNREACHABLE, Kind.REFUSED, Kind.TLS, Kind.LOST)
"""The kinds that say why there is no connection to a node."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One fault: ``about`` which service or topic, the fault in one ``sentence``, and the ``remedy`` in another."""

    kind: Kind
    about: str
    sentence: str
    remedy: str
