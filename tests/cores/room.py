"""A desk by itself, for tests of it: whatever is on it means nothing there, and is only written down."""

from datetime import datetime, timedelta
from typing import Any

from hotline_protocol.agreement import Agreement, BoundaryRule
from hotline_protocol.line import (
    Answer,
    Busy,
    CallOutcome,
    HangUp,
    OnCall,
    Reason,
    Ring,
    Tier,
)
from hotline_protocol.message import Author, Message
from hotline_services.aoc.attention import Attention
from hotline_services.aoc.calls import Item
from hotline_services.aoc.config import Officer, Roster
from hotline_services.aoc.desk import Desk
from hotline_services.aoc.dispatch import WORDS
from hotline_services.aoc.duty import Presence
from hotline_services.aoc.internal import (
    CallAnswered,
    CallCompleted,
    CallGaveWay,
    CallLost,
    ItemQueued,
    ItemTaken,
    RingFailed,
    RingPickedUp,
    WordsUnderstood,
)
from hotline_services.aoc.officer import AutomaticOfficer
from hotline_services.aoc.picture import Picture
from hotline_services.aoc.seat import PersonOrdering, Seat
from hotline_services.aoc.voice import Voice
from hotline_services.simulation.chance import Chance

from .joined import DAWN, agreement

TIMING = agreement().timing


class Room:
    """A desk, and whoever knows what the items mean: here somebody who writes down what happens."""

    def __init__(
        self, think_s: float = 0, roster: Roster = Roster(), rules: Agreement | None = None, party: str = "us"
    ) -> None:
        self.party = party
        self.voice = Voice(Author(party), DAWN)
        officer = Officer(answer_s=think_s, think_s=think_s)
        attention, presence = Attention(party, officer, roster, Chance(1)), Presence(roster)
        picture = Picture(BoundaryRule.TOUCHING_IS_CLEAR)
        automatic = AutomaticOfficer(attention, presence, protests=True)
        self.seat = Seat(automatic, PersonOrdering(party, automatic, picture, self.voice), attention, self.voice)
        self.desk = Desk(party, rules or agreement(), self.seat, presence, self.voice)
        self.voice.handlers = {
            Ring: (self.desk.hear_ring,),
            Answer: (self.desk.hear_answer,),
            Busy: (self.desk.hear_end,),
            HangUp: (self.desk.hear_end,),
            RingPickedUp: (self.desk.pick_up,),
            CallGaveWay: (self.desk.give_way,),
            **dict.fromkeys(WORDS, (self.desk.hear_words,)),
            **{(WordsUnderstood, kind): (self.hear_words,) for kind in WORDS},
            ItemTaken: (self.open_item,),
            CallLost: (self.note_lost,),
            RingFailed: (self.note_failed,),
            CallCompleted: (self.note_completed,),
            CallAnswered: (self.note_answered,),
        }
        self.opened: list[str] = []
        self.heard: list[OnCall] = []
        self.lost: list[str] = []
        self.failed: list[CallOutcome] = []
        self.answered = 0
        self.completed: list[str] = []
        self.nothing_to_say: set[str] = set()
        self.authors = {peer: Author(peer) for peer in ("us", "ru", "tr")}

    def open_item(self, taken: ItemTaken) -> bool:
        self.opened.append(taken.item.ref)
        return taken.item.ref not in self.nothing_to_say

    def hear_words(self, words: WordsUnderstood[OnCall]) -> None:
        self.heard.append(words.message)

    def note_lost(self, lost: CallLost) -> None:
        self.lost.append(lost.call.id)

    def note_failed(self, failed: RingFailed) -> None:
        self.failed.append(failed.outcome)

    def note_completed(self, completed: CallCompleted) -> None:
        self.completed.append(completed.call.id)

    def note_answered(self, _: CallAnswered) -> None:
        self.answered += 1

    def want(self, ref: str, reason: Reason = Reason.ROUTINE, **changes: Any) -> None:
        fields: dict[str, Any] = {"peer": "ru", "tier": Tier.DUTY_OFFICER, "queued_at": self.voice.now}
        fields["not_before"] = self.voice.now
        self.desk.enqueue(ItemQueued(Item(ref=ref, reason=reason, **(fields | changes))))

    def turn(self) -> list[Message]:
        """Ring if there is reason to; what has been said since the last turn."""
        self.desk.ring_if_free()
        return self.voice.end()

    def say(self, kind: type[OnCall], call_id: str, /, *, peer: str = "ru", **fields: Any) -> list[Message]:
        """The other side says this now; what is said to it."""
        return self.hear(self.authors[peer].say(kind, self.voice.now, to=self.party, call_id=call_id, **fields))

    def hear(self, message: OnCall) -> list[Message]:
        for handler in self.voice.handlers[type(message)]:
            handler(message)
        return self.turn()

    def ring(self, call_id: str, reason: Reason = Reason.ROUTINE, **fields: Any) -> list[Message]:
        return self.say(Ring, call_id, reason=reason, tier=fields.pop("tier", Tier.DUTY_OFFICER), **fields)

    def at(self, seconds: float) -> list[Message]:
        """So many seconds after dawn."""
        self.voice.begin(DAWN + timedelta(seconds=seconds), None)
        self.desk.lapse()
        return self.turn()

    def until_it_rings(self, most_s: float = 10_000) -> float:
        """Seconds after dawn at which the desk next rings."""
        while self.desk.next_deadline is not None and self.seconds(self.desk.next_deadline) < most_s:
            now = self.seconds(self.desk.next_deadline)
            if any(isinstance(said, Ring) for said in self.at(now)):
                return now
        raise AssertionError("it never rings")

    @staticmethod
    def seconds(at: datetime) -> float:
        return (at - DAWN).total_seconds()


def kinds(said: list[Message]) -> list[type[Message]]:
    return [type(message) for message in said]


def talking(room: Room, *refs: str) -> str:
    """A call from us about these, answered."""
    for ref in refs or ("a",):
        room.want(ref)
    room.turn()
    assert room.desk.call is not None
    room.say(Answer, room.desk.call.id)
    return room.desk.call.id
