"""What is looked at all along, whatever is played: bytes, names, times and signs of life."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from hotline_protocol.line import Disclose, Ring, Tier
from hotline_protocol.message import Message
from hotline_protocol.service import Health, Presence
from hotline_protocol.topics import MalformedMessageError

from .peer import Brief

UNREAD_SHOWN: Final = 300
MOST_COMPLAINTS: Final = 100
"""About one requirement: one is enough to break it."""


class Sign(NamedTuple):
    """One health message: what it said, whether it was retained, and when it came."""

    health: Health
    retained: bool
    at: datetime


class Watch:
    """Of everything that the centre says. ``complaints`` by requirement: what was expected, and what came."""

    def __init__(self, brief: Brief) -> None:
        self._brief = brief
        self._names: dict[str, Message] = {}
        self._numbers: dict[tuple[str, int], str] = {}
        self._tiers: dict[str, Tier] = {}
        self.heard = 0
        self.signs: list[Sign] = []
        self.complaints: dict[str, list[tuple[str, str]]] = {}

    def unreadable(self, error: MalformedMessageError) -> None:
        """It said something that cannot be read."""
        self.heard += 1
        shown = error.payload.decode("utf-8", "backslashreplace")[:UNREAD_SHOWN]
        self._complain("WIRE-1", "a message of the topic", f"{error}: {shown}")

    def unsigned(self, topic: str, reason: str) -> None:
        """The signature of something that it said is missing or wrong."""
        self._complain("SIGN-1", f"a signature of its own for {topic}", reason)

    def look_at(self, message: Message, now: datetime, *, retained: bool) -> None:
        """One message, whether or not it came before."""
        self.heard += 1
        if isinstance(message, Health):
            self.signs.append(Sign(message, retained, now))
            if retained:
                return  # of a time that nobody here has seen
        before = self._names.setdefault(message.id, message)
        if before != message:
            self._complain("WIRE-2", "one message of this id", f"two that differ: {message.id}")
        if message.seq:
            named = self._numbers.setdefault((message.epoch, message.seq), message.id)
            if named != message.id:
                self._complain("WIRE-2", "one message of this seq", f"{named} and {message.id}: both {message.seq}")
        will = isinstance(message, Health) and message.presence is Presence.DOWN  # it was left there long before
        if before is message and not will:
            self._time(message, now)
        if isinstance(message, Ring):
            self._tiers[message.call_id] = message.tier
        elif isinstance(message, Disclose):
            self._discretion(message)

    def _discretion(self, message: Disclose) -> None:
        """We ring at the lowest tier only."""
        rules = self._brief.rules.tiers
        tier = self._tiers.get(message.call_id, rules[0].tier)
        if not any(rule.tier is tier and rule.disclosure for rule in rules):
            self._complain("NEG-11", f"nothing laid open at the tier of the {tier.value}", f"disclose {message.id}")

    def _time(self, message: Message, now: datetime) -> None:
        """A message may have waited for a while, but is never said by a clock that is ahead."""
        ahead, behind = message.time - now, now - message.time
        slack = timedelta(seconds=self._brief.slack_s)
        if ahead > slack or behind > slack + timedelta(seconds=self._brief.real(5)):
            off = f"{message.time.isoformat()} when it was {now.isoformat()}: {type(message).__name__} {message.id}"
            self._complain("WIRE-3", "the time of the broker's clock", off)

    def _complain(self, requirement: str, expected: str, came: str) -> None:
        known = self.complaints.setdefault(requirement, [])
        if len(known) < MOST_COMPLAINTS:
            known.append((expected, came))
