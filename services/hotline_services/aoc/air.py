"""The air that negotiations are about: what is free, what is kept for others, and what has to give way."""

from collections.abc import Sequence

from hotline_protocol.airspace import Volume4D
from hotline_protocol.flightplan import Priority
from hotline_protocol.ledger import Entry, EntryKind
from hotline_protocol.lifecycle import NegotiationState

from .asker import OurRequest
from .granter import TheirRequest
from .internal import AirReleased, AirReserved, GaveWay
from .menus import gives_way
from .negotiation import OnTable
from .picture import Picture
from .uses import Standing, Use, grant_ref, hold_ref
from .voice import Voice


class Air:
    """The picture of one side, as negotiations see it, and what they tell of the air that they keep for others."""

    def __init__(self, party: str, picture: Picture, voice: Voice) -> None:
        self._party = party
        self._picture = picture
        self._voice = voice

    def is_free_to_grant(self, granting: TheirRequest, volumes: tuple[Volume4D, ...]) -> bool:
        """Nothing firm of our own or of a third party is in the way, but what gives way."""
        return not any(
            use.user != granting.peer
            and use.standing is not Standing.WISHED
            and not (use.user == self._party and gives_way(use, granting.priority))
            for use in self._picture.met(volumes)
        )

    def is_free_to_use(self, asking: OurRequest, volumes: tuple[Volume4D, ...]) -> bool:
        """Nothing firm is in the way but what gives way, or what the peer may give up on the legs it is told."""
        plan, told = asking.plan, asking.laid.legs
        uses = [
            use
            for leg, volume in enumerate(volumes)
            for use in self._picture.met((volume,), but=plan.plan_id)
            if leg not in told or use.user != asking.peer
        ]
        return all(use.standing is Standing.WISHED or gives_way(use, plan.priority) for use in uses)

    def hold(self, before: TheirRequest, granting: TheirRequest) -> None:
        """Keep the air that we hold for them out of our own use for as long as we hold it."""
        if before.state is NegotiationState.HELD:
            self._voice.tell(AirReleased(hold_ref(granting.peer, granting.id)))
        if granting.held is not None and granting.state is NegotiationState.HELD:
            self._promise(hold_ref(granting.peer, granting.id), granting, granting.held)

    def grant(self, agreement_id: str, granting: TheirRequest, offer: OnTable[int]) -> None:
        """Keep the air of this offer out of our own use until its end."""
        self._promise(grant_ref(granting.peer, agreement_id), granting, offer)

    def _promise(self, ref: str, granting: TheirRequest, offer: OnTable[int]) -> None:
        volumes = granting.volumes(offer)
        self.give_way(volumes, granting.priority, to=granting.peer)
        use = Use(standing=Standing.THEIRS, ref=ref, user=granting.peer, priority=granting.priority)
        self._voice.tell(AirReserved(use, volumes))

    def give_way(self, volumes: Sequence[Volume4D], priority: Priority, *, to: str = "", but: str = "") -> None:
        """Take our own flights out of the way of one in distress; ``to`` whom, if it is not our own."""
        if priority is not Priority.EMERGENCY:
            return
        for use in list(self._picture.met(volumes, but=but)):
            if use.user == self._party and gives_way(use, priority):
                self._clear(use, to)

    def _clear(self, use: Use, to: str) -> None:
        """Our own flight gives way to this party."""
        self._voice.tell(AirReleased(use.ref))
        self._voice.tell(GaveWay(use.ref, to))

    def restore(self, entry: Entry, *, stands: bool) -> None:
        """An entry of ours that we had lost: keep that air again, and out of our own use."""
        ref = grant_ref(entry.user, entry.agreement_id)
        if entry.kind is EntryKind.RELEASED:
            self._voice.tell(AirReleased(ref))
            return
        for use in list(self._picture.met(entry.volumes)):
            if use.user == self._party and use.standing is Standing.OURS and use.priority is not Priority.EMERGENCY:
                self._clear(use, entry.user)
        if stands:
            use = Use(standing=Standing.THEIRS, ref=ref, user=entry.user, priority=entry.priority)
            self._voice.tell(AirReserved(use, entry.volumes))
