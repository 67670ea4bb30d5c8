"""The requests of one side as records: one event of one of them at a time, and what is to be minded after it."""

from datetime import datetime
from typing import Final

import msgspec

from hotline_protocol.agreement import Agreement
from hotline_protocol.lifecycle import NegotiationState
from hotline_protocol.slices import Slice

from . import internal
from .adoption import Inheritance
from .air import Air
from .asker import Asker, OurRequest
from .granter import Granter, TheirRequest
from .internal import ChainDoubted, NegotiationStepped
from .negotiation import CallLost, Response
from .questions import OfferMade, Seated, give
from .request import Context, Due
from .voice import Voice
from .waking import earlier

Talk = OurRequest | TheirRequest
Role = Asker | Granter
Key = tuple[str, str]
"""Who asks, and the id of the negotiation."""

NOT_ENTERED: Final = frozenset({NegotiationState.FAILED, NegotiationState.WITHDRAWN})


class TalksState(Slice, kw_only=True):
    """All negotiations of one side: what it asks for by id, and what is asked of it by who asks and id.

    ``named`` counts the negotiations of each name.
    """

    asking: dict[str, OurRequest] = {}
    granting: dict[Key, TheirRequest] = {}
    named: dict[str, int] = {}
    inheritance: Inheritance = msgspec.field(default_factory=Inheritance)


class Requests:
    """Keeps the records: takes what happens to one, says what its role says, and has the officer asked."""

    def __init__(self, party: str, agreement: Agreement, air: Air, voice: Voice, seat: Seated) -> None:
        self.state = TalksState()
        self._party = party
        self._agreement = agreement
        self._air = air
        self._to_ask = Context(timing=agreement.timing, is_free=air.is_free_to_use)
        self._to_grant = Context(timing=agreement.timing, is_free=air.is_free_to_grant)
        self._voice = voice
        self._seat = seat

    @property
    def asking(self) -> dict[str, OurRequest]:
        """What we ask for, by the id of the negotiation."""
        return self.state.asking

    @property
    def granting(self) -> dict[Key, TheirRequest]:
        """What we are asked for, by who asks and the id of the negotiation."""
        return self.state.granting

    @property
    def next_deadline(self) -> datetime | None:
        """When the first of them wants to be woken."""
        first = None
        for talk in self.all():
            first = earlier(first, talk.next_deadline)
        return first

    def open_ids(self) -> list[str]:
        """Negotiations that are not over."""
        return [talk.id for talk in self.all() if not talk.state.is_over]

    def all(self) -> tuple[Talk, ...]:
        """All negotiations as they stand, ours first."""
        return (*self.asking.values(), *self.granting.values())

    # One event of one negotiation --------------------------------------------------------------------------

    def _role(self, talk: Talk) -> Role:
        if isinstance(talk, OurRequest):
            return Asker(talk, self._voice.now, self._to_ask)
        return Granter(talk, self._voice.now, self._to_grant)

    def _take(self, talk: Talk, event: object) -> None:
        """This happens to this negotiation; an offer that awaits an answer is for the officer to judge."""
        role = self._role(talk)
        role.take(event)
        if role.awaits_answer:
            self._ask_officer(role)
        else:
            self._keep(role)

    def _ask_officer(self, role: Role) -> None:
        """Ask the officer what to say to the offer that awaits an answer, and say it, if they have decided."""
        self._seat.ask(self._question(role), role)
        self._keep(role)

    def _keep(self, role: Role) -> None:
        """Keep the new record of a negotiation, and say its messages."""
        before, talk = role.before, role.record
        if talk is before and not role.said:
            return
        if isinstance(talk, OurRequest):
            asks = self._party
            self.state.asking[talk.id] = talk
        else:
            asks = talk.peer
            self.state.granting[asks, talk.id] = talk
        self._voice.reschedule(self)
        if before.state is NegotiationState.TAKEN and talk.state in NOT_ENTERED:
            self._voice.tell(ChainDoubted(talk.peer))
        if role.has_stepped:
            self._voice.tell(NegotiationStepped(asks, talk.id))
            if isinstance(role, Granter):
                self._air.hold(role.before, role.record)
        for said in role.said:
            self._voice.say(said.kind, **said.fields)

    def _begin(self, asking: OurRequest) -> None:
        """Keep a negotiation in which we ask, and tell the parts that follow it before the end of this turn."""
        self.state.asking[asking.id] = asking
        self._voice.reschedule(self)
        self._voice.tell(NegotiationStepped(self._party, asking.id))

    def _question(self, role: Role) -> OfferMade:
        return OfferMade(now=self._voice.now, request=role.record)

    def answer(self, role: Role, response: Response[int]) -> str | None:
        """Say this to the offer that awaits an answer in it; returns why it cannot be said, or None."""
        fault = give(self._question(role), response, role)
        if fault is None:
            self._keep(role)
        return fault

    def open_questions(self) -> list[OfferMade]:
        """The offers that await an answer."""
        return [OfferMade(now=self._voice.now, request=talk) for talk in self.all() if talk.awaited is not None]

    def awaiting(self, negotiation_id: str, offer: str) -> Role | None:
        """Our part in the negotiation in which exactly this offer awaits our answer."""
        named = (talk for talk in self.all() if talk.id == negotiation_id)
        return next(
            (self._role(talk) for talk in named if talk.awaited is not None and talk.awaited.digest == offer), None
        )

    def decide(self) -> None:
        """Have the officer judge whatever awaits an answer."""
        for talk in self.all():
            if talk.awaited is not None:
                self._ask_officer(self._role(talk))

    def lose_call(self, lost: internal.CallLost) -> None:
        """This call is over, whatever was under way in it."""
        for talk in self.all():
            if talk.peer == lost.call.peer:
                self._take(talk, CallLost(lost.call.id))

    def lapse(self) -> None:
        """Let negotiations that are past their deadline go on, or end."""
        now = self._voice.now
        for talk in self.all():
            if talk.next_deadline is not None and talk.next_deadline <= now:
                self._take(talk, Due())

    # What has come to its end -----------------------------------------------------------------------------

    def find(self, key: Key) -> Talk | None:
        """The negotiation of this key, if it is not forgotten."""
        asks, name = key
        return self.asking.get(name) if asks == self._party else self.granting.get(key)

    def forget(self, talk: Talk) -> None:
        """It is over."""
        if isinstance(talk, OurRequest):
            del self.asking[talk.id]
        else:
            del self.granting[talk.peer, talk.id]
