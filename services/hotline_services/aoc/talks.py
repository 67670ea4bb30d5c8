"""All negotiations of one side: who asks, who grants, what is held, and what has become of each."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import msgspec

from hotline_protocol.agreement import Agreement, TierRule
from hotline_protocol.airspace import Volume4D
from hotline_protocol.flightplan import FlightPlan, Priority
from hotline_protocol.ledger import Entry, agreement_id_of, negotiation_id_of
from hotline_protocol.lifecycle import NEGOTIATION, NegotiationState, NegotiationStep
from hotline_protocol.line import Concur, Confirm, Decline, Entered, InNegotiation, Lapsed, Propose, Release, Tier
from hotline_protocol.service import EpochBegun

from .adoption import choice_of
from .air import Air
from .asker import Inherited, Opened, OurRequest, Raised, Withdrawn, latest
from .config import Roster
from .granter import Proposed, TheirRequest
from .internal import BadInput, ChainGrew, ConfirmDue, ConsentAsked, EntryRestored, WordsUnderstood
from .ledger import PairLedger
from .menus import Appraiser, Bid
from .picture import Picture
from .questions import Seated
from .requests import Requests
from .screening import screen
from .strain.relations import Relations
from .voice import Voice

MOST_OPEN: Final = 1_000
"""Negotiations that one peer may have open with us at a time."""


class Talks(Requests):
    """What can happen to the negotiations of one side, and what comes of it for its ledgers."""

    def __init__(
        self,
        party: str,
        agreement: Agreement,
        picture: Picture,
        appraiser: Appraiser,
        ledgers: dict[str, PairLedger],
        relations: Relations,
        voice: Voice,
        seat: Seated,
        *,
        roster: Roster,
    ) -> None:
        super().__init__(party, agreement, Air(party, picture, voice), voice, seat)
        self._relations = relations
        self._authority = {tier: watch.authority for tier, watch in roster.watches.items()}
        self._ledgers = ledgers
        self.appraiser: Final = appraiser

    # Asking -----------------------------------------------------------------------------------------------

    def ask(self, plan: FlightPlan, volumes: Sequence[Volume4D], peer: str, legs: tuple[int, ...] = ()) -> OurRequest:
        """A new negotiation about this plan, or these legs of it; it waits for a call."""
        now, config = self._voice.now, self._relations.config_towards(peer)
        asking = OurRequest(
            id=self._name(plan),
            peer=peer,
            plan=plan,
            volumes=tuple(volumes),
            legs=legs,
            began_at=now,
            deadline=latest(plan, volumes, now, self._agreement.timing),
            tiers=self._tiers_towards(peer),
            strategy=config.strategy,
            least=config.costs.walk_away,
            kind=plan.kind,
            priority=plan.priority,
        )
        self._begin(asking)
        return asking

    def _name(self, plan: FlightPlan) -> str:
        """A new name, made from what is asked for and not from a running number: what chance decides about it is then
        the same in a run in which something else is changed."""
        name = f"{self._party}-{self._voice.author.epoch}-n{plan.digest[:8]}"
        times = self.state.named[name] = self.state.named.get(name, 0) + 1
        return name if times == 1 else f"{name}.{times}"

    def _tiers_towards(self, peer: str) -> tuple[TierRule, ...]:
        """The agreed tiers, but that we lay our needs open at none of them if it has come to that with this peer."""
        tiers = self._agreement.tiers
        if self._relations.conduct(peer).discloses:
            return tiers
        return tuple(msgspec.structs.replace(rule, disclosure=False) for rule in tiers)

    def open(self, asking: OurRequest, call_id: str, *, fixed: bool) -> OurRequest:
        """Begin, or begin again, in this call."""
        self._take(asking, Opened(call_id, self._bid(asking, fixed=fixed)))
        return self.asking[asking.id]

    def _bid(self, asking: OurRequest, *, fixed: bool) -> Bid:
        now = self._voice.now
        return self.appraiser.bid(asking.plan, asking.volumes, asking.peer, now, fixed=fixed, only=asking.legs)

    def withdraw(self, negotiation_id: str | None, reason: str) -> None:
        """We no longer want to fly this; nothing happens when we do not ask for it."""
        asking = self.asking.get(negotiation_id or "")
        if asking is not None:
            self._take(asking, Withdrawn(reason))

    def rise(self, asking: OurRequest, reason: str) -> None:
        """Leave this tier for the next one, whatever is on the table."""
        self._take(asking, Raised(reason))

    # What is said in a call -------------------------------------------------------------------------------

    def hear_propose(self, words: WordsUnderstood[Propose]) -> None:
        """They open a negotiation, or open it again."""
        propose, tier = words.message, words.call.tier
        known = (propose.source, propose.negotiation_id) in self.granting
        fault = self._hear_propose(propose, tier)
        if fault is not None:
            self._voice.tell(BadInput(propose, "bad-proposal", fault))
        elif not known:
            self._voice.tell(ConsentAsked(propose, tier))

    def hear(self, words: WordsUnderstood[InNegotiation]) -> None:
        """Any other message of a negotiation."""
        message = words.message
        asking = self.state.asking.get(message.negotiation_id)
        if asking is not None and asking.peer == message.source:
            self._take(asking, message)
        granting = self.state.granting.get((message.source, message.negotiation_id))
        if granting is not None and isinstance(message, Concur):
            self.hear_taken(message)
        elif granting is not None:
            self._take(granting, message)

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
        worth = self.appraiser.granting(propose.menu, propose.priority, propose.source)
        authority = self._authority.get(tier, 1.0)
        self._take(self._granting_of(propose), Proposed(propose, tier, worth, authority))
        return None

    def _too_many(self, peer: str) -> str | None:
        asked = sum(source == peer for source, _ in self.granting)
        return f"negotiation_id: {asked} negotiations are open already" if asked >= MOST_OPEN else None

    def _granting_of(self, propose: Propose) -> TheirRequest:
        """The negotiation that this begins, or begins again."""
        known = self.granting.get((propose.source, propose.negotiation_id))
        if known is not None and not known.state.is_over:
            return known
        now, config = self._voice.now, self._relations.config_towards(propose.source)
        return TheirRequest(
            id=propose.negotiation_id,
            peer=propose.source,
            deadline=now + timedelta(seconds=2 * self._agreement.timing.negotiation_s),
            tiers=self._tiers_towards(propose.source),
            strategy=config.strategy,
            walk_away=config.costs.walk_away,
            content=config.costs.content,
            least=config.costs.walk_away,
            kind=propose.kind,
            priority=propose.priority,
            ends=now,
        )

    def give_way(self, volumes: Sequence[Volume4D], priority: Priority, *, but: str = "") -> None:
        """See :class:`~.air.Air`."""
        self._air.give_way(volumes, priority, but=but)

    def restore(self, restored: EntryRestored) -> None:
        """See :class:`~.air.Air`."""
        entry = restored.entry
        self._air.restore(entry, stands=self._ledgers[entry.user].stands(entry, self._voice.now))

    # The ledger -------------------------------------------------------------------------------------------

    def confirm(self, due: ConfirmDue) -> None:
        """They take up what we hold."""
        self.hear_taken(due.confirm)

    def hear_taken(self, message: Confirm | Concur) -> None:
        """They take up what we hold or offer: enter it and tell them, or tell them that it is gone."""
        peer, ledger = message.source, self._ledgers[message.source]
        agreement_id = agreement_id_of(message.negotiation_id, message.offer)
        entry = ledger.granted(self._party, agreement_id)
        if entry is not None:
            self._voice.say(Entered, to=peer, entry=entry)
            return
        granting = self._taken(message) if peer not in self._voice.state.books.waits else None
        if granting is None or granting.held is None:
            self._voice.say(Lapsed, to=peer, negotiation_id=message.negotiation_id, offer=message.offer)
            return
        volumes = granting.volumes(granting.held)
        entry = ledger.grant(agreement_id, volumes, message.offer, granting.priority, self._voice.now)
        self._air.grant(agreement_id, granting, granting.held)
        self._voice.say(Entered, to=peer, entry=entry)
        self._voice.tell(ChainGrew(peer))

    def _taken(self, message: Confirm | Concur) -> TheirRequest | None:
        """The negotiation that is agreed by this, with what is to be entered; None when that is gone."""
        key = (message.source, message.negotiation_id)
        granting = self.granting.get(key)
        if granting is None or granting.state.is_over:
            return None
        self._take(granting, message)
        granting = self.granting[key]
        return granting if granting.state is NegotiationState.AGREED else None

    def hear_entered(self, entry: Entry) -> OurRequest | None:
        """A grant to us has arrived: the negotiation that it agrees, or None when it is given back at once."""
        asking = self.asking.get(negotiation_id_of(entry.agreement_id))
        if asking is not None and not asking.state.is_over:
            self._take(asking, entry)
            if self.asking[asking.id].state is NegotiationState.AGREED:
                return self.asking[asking.id]
        inheritance = self.state.inheritance
        if inheritance.keep(entry, self._voice.now):
            same = [asking for asking in self.asking.values() if entry in inheritance.of(asking)]
            return next(filter(None, (self._inherit(asking, entry) for asking in same)), None)
        if self._ledgers[entry.granter].stands(entry, self._voice.now):
            self._voice.say(
                Release, to=entry.granter, agreement_id=entry.agreement_id, reason="no longer asked for when it came"
            )
        return None

    def lose_state(self, _: EpochBegun) -> None:
        """What was asked for in the epoch that ends may be unknown from now on."""
        self.state.inheritance.lose(self._party, self._voice.author.epoch)

    def inherit(self, asking: OurRequest) -> tuple[OurRequest, Entry] | None:
        """The negotiation as agreed by a grant to an earlier life of ours, and that grant, if there is one."""
        entries = self.state.inheritance.of(asking)
        found = ((self._inherit(asking, entry), entry) for entry in entries)
        return next(((agreed, entry) for agreed, entry in found if agreed is not None), None)

    def _inherit(self, asking: OurRequest, entry: Entry) -> OurRequest | None:
        can = (asking.state, NegotiationStep.INHERIT) in NEGOTIATION
        if not can or not self._ledgers[entry.granter].stands(entry, self._voice.now):
            return None
        for fixed in (False, True):
            bid = self._bid(asking, fixed=fixed)
            choice = choice_of(bid.menu, entry)
            if choice is not None:
                self._take(asking, Inherited(bid, choice, entry))
            if self.asking[asking.id].state is NegotiationState.AGREED:
                self.state.inheritance.kept.pop(entry.agreement_id, None)
                return self.asking[asking.id]
        return None

    def is_standing(self, granter: str, agreement_id: str) -> bool:
        """Whether this grant to us is in the granter's chain, and neither released nor past."""
        entry = self._ledgers[granter].granted(granter, agreement_id)
        return entry is not None and self._ledgers[granter].stands(entry, self._voice.now)

    def hear_lapsed(self, lapsed: Lapsed) -> None:
        """What we took up was gone."""
        asking = self.asking.get(lapsed.negotiation_id)
        if asking is not None and asking.peer == lapsed.source:
            self._take(asking, lapsed)
