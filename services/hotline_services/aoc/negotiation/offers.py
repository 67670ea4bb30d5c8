"""Alternating offers over any space of outcomes: what one side knows is plain state, and a machine moves it.

The space may be the choices of a menu or the offsets of a line. A *role* (one that asks, one that grants, one that
reviews a line) says what an offer is called, what it is worth, and what an agreement leads to.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, Generic, Protocol, TypeVar

import msgspec

from hotline_protocol.message import Message

O = TypeVar("O")  # noqa: E741  an outcome
S = TypeVar("S")
"""A state of the life cycle."""
LONGEST_REASON: Final = 200


class Offer(msgspec.Struct, Generic[O], frozen=True, kw_only=True):
    """Not that, but this."""

    outcome: O


class Accept(msgspec.Struct, frozen=True):
    """What the peer has just offered is agreed to."""


class GiveUp(msgspec.Struct, frozen=True, kw_only=True):
    """No agreement at this tier."""

    reason: str


Reply = Offer[O] | Accept | GiveUp


class Bids(msgspec.Struct, Generic[O], frozen=True, kw_only=True):
    """The outcomes that a side has offered and heard, in order, and the share of its gain that it demands now."""

    said: tuple[O, ...] = ()
    heard: tuple[O, ...] = ()
    demand: float = 1.0

    def noted(self, heard: O, reply: "Reply[O]") -> "Bids[O]":
        """With the offer ``heard`` and what somebody else has said to it for us."""
        said = (*self.said, reply.outcome) if isinstance(reply, Offer) else self.said
        return msgspec.structs.replace(self, said=said, heard=(*self.heard, heard))


class Response(msgspec.Struct, Generic[O], frozen=True):
    """What is said to an offer. ``bids`` are what our strategy remembers after it; None where somebody else has
    decided: the strategy then goes on from what was said."""

    reply: Reply[O]
    bids: Bids[O] | None = None


class OnTable(msgspec.Struct, Generic[O], frozen=True, kw_only=True):
    """An offer on the table, named by its digest; it can be concurred to until then."""

    digest: str
    outcome: O
    round: int
    until: datetime


class Negotiation(msgspec.Struct, Generic[S, O], frozen=True, kw_only=True):
    """Alternating offers as one side sees them. ``ours`` and ``theirs`` are the last offers of either side in this
    call; ``rounds`` counts our offers through all calls."""

    id: str
    peer: str
    state: S
    call_id: str = ""
    rounds: int = 0
    ours: OnTable[O] | None = None
    theirs: OnTable[O] | None = None
    bids: Bids[O] = Bids()


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """What sets one kind of negotiation apart on the line: its life cycle, its messages, and the field of its id."""

    table: Mapping[tuple[Any, Any], Any]
    steps: Any
    counter: type[Message]
    decline: type[Message]
    id_field: str


class CallLost(msgspec.Struct, frozen=True):
    """This call was dropped, perhaps with the negotiation under way in it."""

    call_id: str


class Say(msgspec.Struct, frozen=True):
    """A message to be said."""

    kind: type[Message]
    fields: dict[str, Any]


class Strategist(Protocol[O]):
    """What a side goes by."""

    @property
    def bids(self) -> Bids[O]:
        """All that it remembers."""
        ...

    def opening(self) -> O | None:
        """The first offer; None when there is nothing that we could offer."""
        ...

    def answer(self, offer: O, /) -> Reply[O]:
        """What to say to the latest offer of the peer."""
        ...


R = TypeVar("R", bound=Negotiation[Any, Any])


class AlternatingOffers(ABC, Generic[R, O]):
    """One side that deals with one input at ``now``: a function from a record to the record after it, and to what is
    said. It is made for the input and thrown away after it. ``awaits_answer`` is set when the officer is to be asked.
    """

    KIND: ClassVar[Kind]
    EVENTS: ClassVar[dict[type, Callable[[Any, Any], None]]]
    """What the role does about each kind of event; any other changes nothing."""

    def __init__(self, record: R, now: datetime) -> None:
        self.before: Final = record
        self.record = record
        self.now: Final = now
        self.said: list[Say] = []
        self.has_stepped = False
        self.awaits_answer = False

    # The role says: ---------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def offer_s(self) -> float:
        """For how many seconds an offer of ours stands."""

    @abstractmethod
    def _strategist(self) -> Strategist[O]:
        """What we go by now, as it stands."""

    @abstractmethod
    def _digest(self, outcome: O) -> str:
        """What an offer of this is called in this call."""

    @abstractmethod
    def _shown(self, outcome: O) -> dict[str, Any]:
        """The outcome as it stands in a message."""

    @abstractmethod
    def _concur(self, theirs: OnTable[O]) -> None:
        """Agree to this offer of the peer."""

    @abstractmethod
    def _give_up(self, reason: str) -> None:
        """Say that no offer in reach will do."""

    def take(self, event: object) -> None:
        """Deal with this event."""
        deal = self.EVENTS.get(type(event))
        if deal is not None:
            deal(self, event)

    # The machine: -----------------------------------------------------------------------------------------

    def _change(self, **changes: Any) -> None:
        self.record = msgspec.structs.replace(self.record, **changes)

    def _step(self, step: object, **changes: Any) -> None:
        """Take this step of the life cycle. Raises KeyError when it is out of turn."""
        state = self.KIND.table[(self.record.state, step)]
        self.record = msgspec.structs.replace(self.record, state=state, **changes)
        self.has_stepped = True

    def _say(self, kind: type[Message], /, **fields: Any) -> None:
        """Say this to the peer, in the call and the negotiation that we are in."""
        record = self.record
        called = {"to": record.peer, "call_id": record.call_id, self.KIND.id_field: record.id}
        self.said.append(Say(kind, called | fields))

    def _opening(self) -> O | None:
        """Our first offer in this call; None when there is nothing that we could offer."""
        strategist = self._strategist()
        outcome = strategist.opening()
        self._change(bids=strategist.bids)
        return outcome

    @property
    @abstractmethod
    def to_answer(self) -> OnTable[O]:
        """The offer that awaits our answer. Raises ValueError when there is none."""

    def answer(self, response: Response[O]) -> None:
        """Say this to the offer that awaits an answer."""
        theirs, bids = self.to_answer, response.bids
        self._change(bids=self.record.bids.noted(theirs.outcome, response.reply) if bids is None else bids)
        self.awaits_answer = False
        self._reply(theirs, response.reply)

    def _put(self, outcome: O, **changes: Any) -> dict[str, Any]:
        """Make this our standing offer; returns it as it stands in a message."""
        number = self.record.rounds + 1
        until = self.now + timedelta(seconds=self.offer_s)
        ours = OnTable(digest=self._digest(outcome), outcome=outcome, round=number, until=until)
        self._step(self.KIND.steps.SAY_OFFER, ours=ours, rounds=number, **changes)
        return {**self._shown(outcome), "offer": ours.digest, "round": number, "expires_at": until}

    def _is_ours(self, digest: str) -> bool:
        """Whether this names our standing offer; what answers any other is stale, and changes nothing."""
        return self.record.ours is not None and self.record.ours.digest == digest

    def _reply(self, theirs: OnTable[O], reply: Reply[O]) -> None:
        """Say this to their offer."""
        match reply:
            case Accept():
                self._concur(theirs)
            case GiveUp(reason=reason):
                self._give_up(reason)
            case Offer(outcome=outcome):
                self._counter(theirs.digest, outcome)

    def _counter(self, answers: str, outcome: O) -> None:
        self._say(self.KIND.counter, answers=answers, **self._put(outcome))

    def _decline(self, answers: str, reason: str) -> None:
        self._say(self.KIND.decline, answers=answers, reason=reason[:LONGEST_REASON])
