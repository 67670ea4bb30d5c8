"""Small cores for tests of the shell that they run in."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hotline_protocol.events import LineAnnounced
from hotline_protocol.injection import AnnouncedState
from hotline_protocol.line import Answer, Noted
from hotline_protocol.message import Author, Message
from hotline_protocol.service import Health

NOON = datetime(2017, 6, 18, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


class Listener:
    """Says nothing and remembers what it heard, and when."""

    def __init__(self) -> None:
        self.heard: list[tuple[datetime, Message]] = []
        self.deadline: datetime | None = None
        self.lapsed: list[datetime] = []

    @property
    def next_deadline(self) -> datetime | None:
        return self.deadline

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:
        self.heard.append((now, message))
        return ()

    def lapse(self, now: datetime) -> Sequence[Message]:
        self.lapsed.append(now)
        self.deadline = None
        return ()

    @property
    def ids(self) -> list[str]:
        """Of what it heard, without health."""
        return [message.id for _, message in self.heard if not isinstance(message, Health)]

    @property
    def presences(self) -> list[tuple[str, str, str]]:
        """Source, presence and session of each health message, in order."""
        healths = (message for _, message in self.heard if isinstance(message, Health))
        return [(health.source, health.presence.value, health.session) for health in healths]


class Clerk(Listener):
    """Says something to its peer every minute or so, ``letters`` times, and notes what it hears."""

    def __init__(self, name: str, peer: str, letters: int = 20, chance: random.Random | None = None) -> None:
        super().__init__()
        self._author = Author(name)
        self._peer = peer
        self._left = letters
        self._chance = chance
        self.deadline = NOON + MINUTE

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:
        super().receive(message, now)
        if isinstance(message, Answer):
            return (self._author.say(Noted, now, cause=message.id, to=self._peer, call_id=message.call_id),)
        return ()

    def lapse(self, now: datetime) -> Sequence[Message]:
        super().lapse(now)
        self._left -= 1
        if self._left:
            self.deadline = now + MINUTE * (self._chance.random() + 0.5 if self._chance else 1)
        letter = self._author.say(Answer, now, to=self._peer, call_id=f"letter-{self._left}")
        return (letter, self._author.say(LineAnnounced, now, state=AnnouncedState.OPEN))


def letter(to: str, name: str = "letter", seq: int = 0) -> Answer:
    """Something to inject."""
    return Answer(id=name, source="umpire", seq=seq, time=NOON, to=to, call_id="call")
