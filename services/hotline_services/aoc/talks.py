"""All negotiations of one side: who asks, who grants, what is held, and what has become of each."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from hotline_protocol.agreement import Agreement
from hotline_protocol.airspace import Volume4D
from hotline_protocol.flightplan import FlightPlan, Priority
from hotline_protocol.ledger import Entry, EntryKind, agreement_id_of, negotiation_id_of
from hotline_protocol.lifecycle import NegotiationState
from hotline_protocol.line import (
    Concur,
    Confirm,
    Counter,
    Decline,
    Disclose,
    Entered,
    Expire,
    InNegotiation,
    Lapsed,
    Propose,
    Release,
    Tier,
    Withdraw,
)
from hotline_protocol.menu import Choice

from .adoption import Inheritance
from .asking import Asking
from .config import Roster
from .granting import Granting
from .ledger import PairLedger
from .menus import Appraiser, Bid, gives_way
from .officer import Judge
from .picture import Picture, Standing, Use, grant_ref, hold_ref
from .screening import screen
from .strain.relations import Relations
from .voice import Voice

MOST_OPEN: Final = 1_000
"""Negotiations that one peer may have open with us at a time."""

Talk = Asking | Granting


class Talks:
    """The negotiations of one side, by id. Endings are collected for whoever minds the plans."""

    def __init__(
        self,
        party: str,
        agreement: Agreement,
        picture: Picture,
        appraiser: Appraiser,
        ledgers: dict[str, PairLedger],
        relations: Relations,
        voice: Voice,
        judge: Judge,
        *,
        roster: Roster,
    ) -> None:
        self._party = party
        self._agreement = agreement
        self._relations = relations
        self._picture = picture
        self._authority = {tier: watch.authority for tier, watch in roster.watches.items()}
        self._ledgers = ledgers
        self._voice = voice
        self._judge = judge
        self.appraiser: Final = appraiser
        self.asking: dict[str, Asking] = {}
        self.granting: dict[tuple[str, str], Granting] = {}
        self._named: dict[str, int] = {}
        self._stepped: dict[Talk, None] = {}
        self._next_deadline: datetime | None = None
        self._deadline_stands = True
        self._yielded: dict[str, str] = {}
        self._changed: dict[str, None] = {}
        self.inheritance: Final = Inheritance(party)
        self.may_enter: Callable[[str], bool] = lambda _: True
        """Whether our chain with this peer is known to be whole."""

    @property
    def next_deadline(self) -> datetime | None:
        """When the first of them wants to be woken."""
        if not self._deadline_stands:
            times = (talk.next_deadline for talk in self._all())
            self._next_deadline = min((at for at in times if at is not None), default=None)
            self._deadline_stands = True
        return self._next_deadline

    def open_ids(self) -> list[str]:
        """Negotiations that are not over."""
        return [talk.id for talk in self._all() if not talk.state.is_over]

    def _all(self) -> tuple[Talk, ...]:
        return (*self.asking.values(), *self.granting.values())

    def awaiting(self, negotiation_id: str, offer: str) -> Talk | None:
        """The negotiation in which exactly this offer awaits our answer."""
        named = (talk for talk in self._all() if talk.id == negotiation_id)
        return next((talk for talk in named if talk.awaited is not None and talk.awaited.offer == offer), None)

    def decide(self) -> None:
        """Have the officer judge whatever awaits an answer."""
        for talk in self._all():
            if talk.awaited is not None:
                talk.decide()

    def ask(self, plan: FlightPlan, volumes: Sequence[Volume4D], peer: str, legs: tuple[int, ...] = ()) -> Asking:
        """A new negotiation about this plan, or these legs of it; it waits for a call."""
        asking = Asking(
            self._name(plan),
            plan,
            volumes,
            peer,
            agreement=self._rules_towards(peer),
            config=self._relations.config_towards(peer),
            voice=self._voice,
            is_free=self._is_free_for_us,
            on_step=self._step,
            judge=self._judge,
            legs=legs,
        )
        self.asking[asking.id] = asking
        self._step(asking)
        return asking

    def _name(self, plan: FlightPlan) -> str:
        """A new name, made from what is asked for and not from a running number: what chance decides about it is then
        the same in a run in which something else is changed."""
        name = f"{self._party}-{self._voice.author.epoch}-n{plan.digest[:8]}"
        times = self._named[name] = self._named.get(name, 0) + 1
        return name if times == 1 else f"{name}.{times}"

    def _rules_towards(self, peer: str) -> Agreement:
        """The agreement, but that we lay our needs open at no tier if it has come to that with this peer."""
        if self._relations.conduct(peer).discloses:
            return self._agreement
        closed = tuple(msgspec.structs.replace(rule, disclosure=False) for rule in self._agreement.tiers)
        return msgspec.structs.replace(self._agreement, tiers=closed)

    def _step(self, talk: Talk) -> None:
        """It has come further: whoever minds it looks at it before this turn is over."""
        self._stepped[talk] = None
        self._deadline_stands = False

    def open(self, asking: Asking, call_id: str, *, fixed: bool) -> None:
        """Begin, or begin again, in this call."""
        asking.open(call_id, self._bid(asking, fixed=fixed))

    def _bid(self, asking: Asking, *, fixed: bool) -> Bid:
        now = self._voice.now
        return self.appraiser.bid(asking.plan, asking.volumes, asking.peer, now, fixed=fixed, only=asking.legs)

    def hear(self, message: InNegotiation, tier: Tier) -> str | None:
        """A message of a negotiation, in a call at this tier. Returns why it cannot be used, or None."""
        if isinstance(message, Propose):
            return self._hear_propose(message, tier)
        asking = self.asking.get(message.negotiation_id)
        if asking is not None and asking.peer == message.source:
            self._hear_asking(asking, message)
        granting = self.granting.get((message.source, message.negotiation_id))
        if granting is not None:
            self._hear_granting(granting, message)
        return None

    def _hear_asking(self, asking: Asking, message: InNegotiation) -> None:
        match message:
            case Counter():
                asking.hear_counter(message)
            case Concur():
                asking.hear_concur(message)
            case Decline():
                asking.hear_decline(message)
            case Expire():
                asking.hear_expire(message)
            case Disclose():
                asking.hear_disclose(message)
            case _:
                pass  # a proposal or a withdrawal of what we ask for is not theirs to make

    def _hear_granting(self, granting: Granting, message: InNegotiation) -> None:
        match message:
            case Counter():
                granting.hear_counter(message)
            case Concur():
                self.hear_taken(message)
            case Decline():
                granting.hear_decline(message)
            case Expire():
                granting.hear_expire(message)
            case Disclose():
                granting.hear_disclose(message)
            case Withdraw():
                granting.hear_withdraw(message)
            case _:
                pass

    def _hear_propose(self, propose: Propose, tier: Tier) -> str | None:
        known = (propose.source, propose.negotiation_id) in self.granting
        fault = screen(propose, self._voice.now) or (None if known else self._too_many(propose.source))
        if fault is not None:
            self._voice.say(
                Decline,
                to=propose.source,
                call_id=propose.call_id,
                negotiation_id=propose.negotiation_id,
                answers=propose.offer,
                reason=fault[:200],
            )
            return fault
        authority = self._authority.get(tier, 1.0)
        self._granting_of(propose).hear_propose(propose, tier, self.appraiser.granting, authority)
        return None

    def _too_many(self, peer: str) -> str | None:
        asked = sum(source == peer for source, _ in self.granting)
        return f"negotiation_id: {asked} negotiations are open already" if asked >= MOST_OPEN else None

    def _granting_of(self, propose: Propose) -> Granting:
        """The negotiation that this begins, or begins again."""
        key = (propose.source, propose.negotiation_id)
        granting = self.granting.get(key)
        if granting is None:
            granting = self.granting[key] = Granting(
                propose.negotiation_id,
                propose.source,
                agreement=self._rules_towards(propose.source),
                config=self._relations.config_towards(propose.source),
                voice=self._voice,
                is_free=self._is_free,
                on_step=self._step_granting,
                judge=self._judge,
            )
        return granting

    def _is_free(self, volumes: tuple[Volume4D, ...], priority: Priority, asker: str) -> bool:
        """Nothing firm of our own or of a third party is in the way, but what gives way."""
        return not any(
            use.user != asker
            and use.standing is not Standing.WISHED
            and not (use.user == self._party and gives_way(use, priority))
            for use in self._picture.met(volumes)
        )

    def _is_free_for_us(
        self, volumes: tuple[Volume4D, ...], plan: FlightPlan, peer: str, told: tuple[int, ...]
    ) -> bool:
        """Nothing firm is in the way but what gives way, or what the peer may give up on the legs it is told."""
        uses = [
            use
            for leg, volume in enumerate(volumes)
            for use in self._picture.met((volume,), but=plan.plan_id)
            if leg not in told or use.user != peer
        ]
        return all(use.standing is Standing.WISHED or gives_way(use, plan.priority) for use in uses)

    def _step_granting(self, granting: Granting) -> None:
        """Keep the air that we hold for them out of our own use for as long as we hold it."""
        self._step(granting)
        ref = hold_ref(granting.peer, granting.id)
        if granting.held is not None and granting.state is NegotiationState.HELD:
            self._promise(ref, granting, granting.held[1])
        else:
            self._picture.drop(ref)

    def _promise(self, ref: str, granting: Granting, choice: Choice) -> None:
        volumes = granting.volumes(choice)
        self.give_way(volumes, granting.priority, to=granting.peer)
        use = Use(standing=Standing.THEIRS, ref=ref, user=granting.peer, priority=granting.priority)
        self._picture.put(use, volumes)

    def give_way(self, volumes: Sequence[Volume4D], priority: Priority, *, to: str = "", but: str = "") -> None:
        """Take our own flights out of the way of one in distress; ``to`` whom, if it is not our own."""
        if priority is not Priority.EMERGENCY:
            return
        for use in list(self._picture.met(volumes, but=but)):
            if use.user == self._party and gives_way(use, priority):
                self._picture.drop(use.ref)
                self._yielded.setdefault(use.ref, to)

    @property
    def have_news(self) -> bool:
        """Whether any has come further, or any plan of ours has had to give way, since this was last minded."""
        return bool(self._stepped or self._yielded)

    def take_yielded(self) -> list[tuple[str, str]]:
        """Plans of ours that have had to give way since this was last asked, and to whom."""
        yielded, self._yielded = list(self._yielded.items()), {}
        return yielded

    def take_changed(self) -> list[str]:
        """Peers to whom we have granted something since this was last asked."""
        changed, self._changed = list(self._changed), {}
        return changed

    def hear_taken(self, message: Confirm | Concur) -> None:
        """They take up what we hold or offer: enter it and tell them, or tell them that it is gone."""
        ledger = self._ledgers[message.source]
        granting = self.granting.get((message.source, message.negotiation_id))
        agreement_id = agreement_id_of(message.negotiation_id, message.offer)
        entry = ledger.granted(self._party, agreement_id)
        if entry is not None:
            self._voice.say(Entered, to=message.source, entry=entry)
            return
        choice = granting.hear_taken(message) if granting is not None and self.may_enter(message.source) else None
        if granting is None or choice is None:
            self._voice.say(Lapsed, to=message.source, negotiation_id=message.negotiation_id, offer=message.offer)
            return
        volumes = granting.volumes(choice)
        entry = ledger.grant(agreement_id, volumes, message.offer, granting.priority, self._voice.now)
        self._promise(grant_ref(granting.peer, agreement_id), granting, choice)
        self._voice.say(Entered, to=message.source, entry=entry)
        self._changed[message.source] = None

    def hear_entered(self, entry: Entry) -> Asking | None:
        """A grant to us has arrived: the negotiation that it agrees, or None when it is given back at once."""
        asking = self.asking.get(negotiation_id_of(entry.agreement_id))
        if asking is not None and asking.hear_entered(entry):
            return asking
        if self.inheritance.keep(entry, self._voice.now):
            same = (asking for asking in self.asking.values() if entry in self.inheritance.of(asking))
            return next((asking for asking in same if self._inherit(asking, entry)), None)
        if self._ledgers[entry.granter].stands(entry, self._voice.now):
            self._voice.say(
                Release, to=entry.granter, agreement_id=entry.agreement_id, reason="no longer asked for when it came"
            )
        return None

    def inherit(self, asking: Asking) -> Entry | None:
        """The grant to an earlier life of ours that agrees this negotiation, if there is one."""
        return next((entry for entry in self.inheritance.of(asking) if self._inherit(asking, entry)), None)

    def _inherit(self, asking: Asking, entry: Entry) -> bool:
        if not self._ledgers[entry.granter].stands(entry, self._voice.now):
            return False
        for fixed in (False, True):
            volumes = self.inheritance.take_up(asking, entry, self._bid(asking, fixed=fixed), self._voice.now)
            if volumes is not None:
                return asking.hear_entered(entry)
        return False

    def is_standing(self, granter: str, agreement_id: str) -> bool:
        """Whether this grant to us is in the granter's chain, and neither released nor past."""
        entry = self._ledgers[granter].granted(granter, agreement_id)
        return entry is not None and self._ledgers[granter].stands(entry, self._voice.now)

    def restore(self, entry: Entry) -> None:
        """An entry of ours that we had lost: keep that air again, and out of our own use."""
        ref = grant_ref(entry.user, entry.agreement_id)
        if entry.kind is EntryKind.RELEASED:
            self._picture.drop(ref)
            return
        for use in list(self._picture.met(entry.volumes)):
            if use.user == self._party and use.standing is Standing.OURS and use.priority is not Priority.EMERGENCY:
                self._picture.drop(use.ref)
                self._yielded.setdefault(use.ref, entry.user)
        if self._ledgers[entry.user].stands(entry, self._voice.now):
            use = Use(standing=Standing.THEIRS, ref=ref, user=entry.user, priority=entry.priority)
            self._picture.put(use, entry.volumes)

    def hear_lapsed(self, lapsed: Lapsed) -> Asking | None:
        """What we took up was gone."""
        asking = self.asking.get(lapsed.negotiation_id)
        if asking is None or asking.peer != lapsed.source:
            return None
        asking.hear_lapsed(lapsed)
        return asking

    def interrupt(self, call_id: str, peer: str) -> None:
        """This call is over, whatever was under way in it."""
        for talk in self._all():
            if talk.call_id == call_id and talk.peer == peer:
                talk.interrupt()

    def lapse(self) -> None:
        """Wake those whose time has come."""
        if self.next_deadline is not None and self.next_deadline <= self._voice.now:
            for talk in self._all():
                talk.lapse()

    def forget_ended(self) -> list[Asking]:
        """Drop what is over; returns the ended ones that we had asked."""
        over = [talk for talk in self._stepped if talk.state.is_over]
        for talk in over:
            del self._stepped[talk]
            if isinstance(talk, Asking):
                del self.asking[talk.id]
            else:
                del self.granting[talk.peer, talk.id]
        return [talk for talk in over if isinstance(talk, Asking)]

    def take_stepped(self) -> list[Asking]:
        """Those that we ask and that have come further since this was last asked."""
        stepped, self._stepped = self._stepped, {}
        return [talk for talk in stepped if isinstance(talk, Asking)]
