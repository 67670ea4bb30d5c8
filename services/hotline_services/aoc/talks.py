"""All negotiations of one side: who asks, who grants, what is held, and what has become of each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from hotline_protocol.agreement import Agreement
from hotline_protocol.airspace import Volume4D
from hotline_protocol.boundaries import Boundaries
from hotline_protocol.flightplan import FlightPlan, Priority
from hotline_protocol.geometry import area_problem
from hotline_protocol.ledger import Entry, agreement_id_of, negotiation_id_of
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
    offer_digest,
)
from hotline_protocol.message import digest_of

from .asking import Asking
from .config import PartyConfig
from .granting import Granting
from .ledger import PairLedger
from .menus import Appraiser, gives_way
from .picture import Picture, Standing, Use
from .voice import Voice

LARGEST_MENU: Final = 4_096


class Talks:
    """The negotiations of one side, by id. Endings are collected for whoever minds the plans."""

    def __init__(
        self,
        party: str,
        agreement: Agreement,
        config: PartyConfig,
        picture: Picture,
        boundaries: Boundaries,
        ledgers: dict[str, PairLedger],
        voice: Voice,
    ) -> None:
        self._party = party
        self._agreement = agreement
        self._config = config
        self._picture = picture
        self._ledgers = ledgers
        self._voice = voice
        self.appraiser: Final = Appraiser(party, agreement, boundaries, picture, config.costs)
        self.asking: dict[str, Asking] = {}
        self.granting: dict[str, Granting] = {}
        self._count = 0
        self._yielded: dict[str, str] = {}
        self._changed: dict[str, None] = {}

    @property
    def next_deadline(self) -> datetime | None:
        """When the first of them wants to be woken."""
        return min((at for talk in self._all() if (at := talk.next_deadline) is not None), default=None)

    def open_ids(self) -> list[str]:
        """Negotiations that are not over."""
        return [talk.id for talk in self._all() if not talk.state.is_over]

    def _all(self) -> tuple[Asking | Granting, ...]:
        return (*self.asking.values(), *self.granting.values())

    def ask(self, plan: FlightPlan, volumes: Sequence[Volume4D], peer: str) -> Asking:
        """A new negotiation about this plan; it waits for a call."""
        self._count += 1
        author = self._voice.author
        asking = Asking(
            f"{self._party}-{author.epoch}-n{self._count}",
            plan,
            volumes,
            peer,
            agreement=self._agreement,
            strategy=self._config.strategy,
            walk_away=self._config.costs.walk_away,
            voice=self._voice,
        )
        self.asking[asking.id] = asking
        return asking

    def open(self, asking: Asking, call_id: str, *, fixed: bool) -> None:
        """Begin, or begin again, in this call."""
        bid = self.appraiser.bid(asking.plan, asking.volumes, asking.peer, self._voice.now, fixed=fixed)
        asking.open(call_id, bid)

    def hear(self, message: InNegotiation, tier: Tier) -> str | None:
        """A message of a negotiation, in a call at this tier. Returns why it cannot be used, or None."""
        if isinstance(message, Propose):
            return self._hear_propose(message, tier)
        asking = self.asking.get(message.negotiation_id)
        if asking is not None and asking.peer == message.source:
            self._hear_asking(asking, message)
        granting = self.granting.get(message.negotiation_id)
        if granting is not None and granting.peer == message.source:
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
        self._mind_hold(granting)

    def _hear_propose(self, propose: Propose, tier: Tier) -> str | None:
        fault = screen(propose)
        if fault is not None:
            self._voice.say(
                Decline,
                to=propose.source,
                call_id=propose.call_id,
                negotiation_id=propose.negotiation_id,
                answers=propose.offer,
                reason=fault,
            )
            return fault
        granting = self.granting.get(propose.negotiation_id)
        if granting is None:
            granting = self.granting[propose.negotiation_id] = Granting(
                propose.negotiation_id,
                propose.source,
                agreement=self._agreement,
                strategy=self._config.strategy,
                costs=self._config.costs,
                voice=self._voice,
                is_free=self._is_free,
            )
        self._picture.drop(granting.id)
        granting.hear_propose(propose, tier, self.appraiser.granting)
        self._mind_hold(granting)
        return None

    def _is_free(self, volumes: tuple[Volume4D, ...], priority: Priority, asker: str) -> bool:
        """Nothing firm of our own or of a third party is in the way, but what gives way."""
        return not any(
            use.user != asker and not (use.user == self._party and gives_way(use, priority))
            for volume in volumes
            for use, _ in self._picture.meets(volume)
            if use.standing is not Standing.WISHED
        )

    def _mind_hold(self, granting: Granting) -> None:
        """Keep the air that we hold for them out of our own use for as long as we hold it."""
        if granting.state is NegotiationState.HELD and granting.held is not None:
            volumes = granting.volumes(granting.held[1])
            self.give_way(volumes, granting.priority, to=granting.peer)
            use = Use(standing=Standing.THEIRS, ref=granting.id, user=granting.peer, priority=granting.priority)
            self._picture.put(use, volumes)
        else:
            self._picture.drop(granting.id)

    def give_way(self, volumes: Sequence[Volume4D], priority: Priority, *, to: str = "", but: str = "") -> None:
        """Take our own flights out of the way of one in distress; ``to`` whom, if it is not our own."""
        for volume in volumes:
            for use, _ in self._picture.meets(volume, but=but):
                if use.user == self._party and gives_way(use, priority):
                    self._picture.drop(use.ref)
                    self._yielded.setdefault(use.ref, to)

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
        granting = self.granting.get(message.negotiation_id)
        agreement_id = agreement_id_of(message.negotiation_id, message.offer)
        entry = ledger.granted(self._party, agreement_id)
        if entry is not None:
            self._voice.say(Entered, to=message.source, entry=entry)
            return
        choice = granting.hear_taken(message) if granting is not None else None
        if granting is None or choice is None:
            self._voice.say(Lapsed, to=message.source, negotiation_id=message.negotiation_id, offer=message.offer)
            return
        volumes = granting.volumes(choice)
        self.give_way(volumes, granting.priority, to=granting.peer)
        entry = ledger.grant(agreement_id, volumes, message.offer, granting.priority, self._voice.now)
        self._picture.drop(granting.id)
        use = Use(standing=Standing.THEIRS, ref=agreement_id, user=granting.peer, priority=granting.priority)
        self._picture.put(use, volumes)
        self._voice.say(Entered, to=message.source, entry=entry)
        self._changed[message.source] = None

    def hear_entered(self, entry: Entry) -> Asking | None:
        """A grant to us has arrived: the negotiation that it agrees, or None when it is given back at once."""
        asking = self.asking.get(negotiation_id_of(entry.agreement_id))
        if asking is not None and asking.hear_entered(entry):
            return asking
        self._voice.say(
            Release, to=entry.granter, agreement_id=entry.agreement_id, reason="no longer asked for when it came"
        )
        return None

    def hear_lapsed(self, lapsed: Lapsed) -> Asking | None:
        """What we took up was gone."""
        asking = self.asking.get(lapsed.negotiation_id)
        if asking is None or asking.peer != lapsed.source:
            return None
        asking.hear_lapsed(lapsed)
        return asking

    def interrupt(self, call_id: str) -> None:
        """This call is over, whatever was under way in it."""
        for talk in self._all():
            if talk.call_id == call_id:
                talk.interrupt()

    def lapse(self) -> None:
        """Wake those whose time has come."""
        for asking in list(self.asking.values()):
            asking.lapse()
        for granting in list(self.granting.values()):
            granting.lapse()
            self._mind_hold(granting)

    def forget_ended(self) -> list[Asking]:
        """Drop what is over; returns the ended ones that we had asked."""
        ended = [asking for asking in self.asking.values() if asking.state.is_over]
        for asking in ended:
            del self.asking[asking.id]
        for granting in [granting for granting in self.granting.values() if granting.state.is_over]:
            del self.granting[granting.id]
        return ended


def screen(propose: Propose) -> str | None:
    """What is wrong with a proposal, in a sentence for its sender, or None."""
    menu = propose.menu
    if menu.size > LARGEST_MENU:
        return f"menu: {menu.size} outcomes, at most {LARGEST_MENU} are weighed"
    if any(len(sector.areas) != len(menu.windows) for sector in menu.sectors):
        return "menu.sectors: each needs one area for each window"
    if any(window.start >= window.end for window in menu.windows):
        return "menu.windows: each must end after it starts"
    if any(block.lower_ft >= block.upper_ft for block in menu.blocks):
        return "menu.blocks: lower_ft must be below upper_ft"
    try:
        menu.outcome(propose.choice)
    except IndexError:
        return "choice: not on the menu"
    if propose.offer != offer_digest(propose.negotiation_id, propose.call_id, digest_of(menu), propose.choice):
        return "offer: is not the digest of this choice of this menu"
    for area in (area for sector in menu.sectors for area in sector.areas):
        problem = area_problem(area)
        if problem is not None:
            return f"menu.sectors.areas.{problem[0]}: {problem[1]}"
    return None
