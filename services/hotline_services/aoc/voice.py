"""One turn of a centre: its time, what is said in it, and what its parts tell each other."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from hotline_protocol.events import PlanStatus
from hotline_protocol.flightplan import Notes
from hotline_protocol.message import Author, M, Message

from .internal import Internal, WordsUnderstood
from .waking import Sleeper

if TYPE_CHECKING:
    from .parts import State

LONG_AGO: Final = datetime(1900, 1, 1, tzinfo=UTC)
"""Before any time that a scenario may have, so that a deadline then is due at once."""


Handler = Callable[[Any], object]
Handlers = Mapping[type | tuple[type, type], tuple[Handler, ...]]
"""Who hears what. What is understood in a call has the kind of the message in its key, too."""


class Voice:
    """Collects the messages of one turn. ``now`` is the time of that turn, ``cause`` the message that began it.

    ``handlers`` are the parts that hear each kind of event; see :mod:`.dispatch`. A part reads in ``state`` what others
    keep there.
    """

    def __init__(self, author: Author, now: datetime) -> None:
        self.author = author
        self.now = now
        self.cause: str | None = None
        self._said: list[Message] = []
        self._notes: dict[str, Notes] = {}
        self._waiting: dict[int, dict[Internal, None]] = {}
        self.handlers: Handlers = {}
        self.state: State
        self.rescheduled: Final[set[Sleeper]] = set()

    def begin(self, now: datetime, cause: str | None) -> None:
        """A new turn. Time never runs backwards, whatever the shell's clock does."""
        self.now = max(self.now, now)
        self.cause = cause
        if self._notes:
            self._notes.clear()

    def note(self, plan_id: str, notes: Notes | msgspec.UnsetType) -> None:
        """Add this to what is said first of the plan's state in this turn."""
        if notes is not msgspec.UNSET:
            self._notes[plan_id] = notes

    def tell(self, event: Internal) -> bool:
        """Let this be heard: at once, or when its rank comes. What waits already, and is the same, is heard once.

        Whoever answers True has taken it, and is the last to hear it; returns whether anybody has by now.
        """
        if rank := event.RANK:
            self._waiting.setdefault(rank, {})[event] = None
            return False
        for handler in self.handlers[type(event)]:  # noqa: SIM110  a generator costs more than most handlers
            if handler(event) is True:
                return True
        return False

    def tell_words(self, words: WordsUnderstood[Any]) -> None:
        """Let what was understood in a call be heard by whoever hears this kind of message."""
        for handler in self.handlers[WordsUnderstood, type(words.message)]:
            handler(words)

    def reschedule(self, part: Sleeper) -> None:
        """The deadline of this part may have changed: the calendar asks for it before the turn is over."""
        self.rescheduled.add(part)

    def fold(self) -> None:
        """Let everything that waits be heard, and what is told meanwhile."""
        waiting = self._waiting
        while waiting:
            first = waiting[rank := min(waiting)]
            event = next(iter(first))
            del first[event]
            if not first:
                del waiting[rank]
            for handler in self.handlers[type(event)]:
                handler(event)

    def say(self, kind: type[M], /, *, cause: str | None = None, **fields: Any) -> M:
        """Say this; it answers ``cause``, or else the message that began the turn."""
        if self._notes and kind is PlanStatus and fields["plan_id"] in self._notes:
            fields["notes"] = self._notes.pop(fields["plan_id"])
        message = self.author.write(kind, self.now, cause or self.cause, fields)
        self._said.append(message)
        return message

    def repeat(self, messages: Iterable[Message]) -> None:
        """Say these, which are complete."""
        self._said.extend(messages)

    def end(self) -> list[Message]:
        """Everything said in this turn, in order."""
        said, self._said = self._said, []
        return said
