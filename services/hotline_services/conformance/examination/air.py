"""Air to talk about: somewhere that the agreement says something of, at hours that nobody has spoken of yet."""

from datetime import timedelta
from itertools import count
from typing import Final

from hotline_protocol.airspace import Circle, Polygon, Position
from hotline_protocol.flightplan import Flexibility, FlightKind, FlightPlan, Priority
from hotline_protocol.line import Propose, offer_digest
from hotline_protocol.menu import Choice, Menu, Sector, Window
from hotline_protocol.message import digest_of

from .peer import Peer

RADIUS_NM: Final = 4.0
NOT_BEFORE_H: Final = 6
LASTS: Final = timedelta(minutes=30)
APART: Final = timedelta(minutes=90)
AS_WANTED: Final = Choice(sector=0, block=0, shift=0)
OTHERWISE: Final = Choice(sector=0, block=1, shift=0)


class Air:
    """Places in one agreement. Windows begin some hours ahead, each an hour and a half after the one before."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._count = count()

    @property
    def contested(self) -> Position:
        """Where either side needs the other's consent: on the line, or in the other's zone."""
        rules = self._peer.brief.rules
        if rules.line is not None:
            return rules.line.trace[len(rules.line.trace) // 2]
        return self.held_by(None) or self.held_by(self._peer.brief.them) or Position(0.0, 0.0)

    def held_by(self, party: str | None) -> Position | None:
        """The middle of a zone of this party, or of one that is shared; None where there is none."""
        zones = (zone.area for zone in self._peer.brief.rules.zones if zone.holder == party)
        return next((_middle(area) for area in zones), None)

    def window(self) -> Window:
        """Half an hour that nobody has spoken of yet."""
        soon = self._peer.now.replace(second=0, microsecond=0) + timedelta(hours=NOT_BEFORE_H)
        start = soon + next(self._count) * APART
        return Window(start=start, end=start + LASTS)

    def menu(self, where: Position, window: Window) -> Menu:
        """One place, at any two of the agreed heights."""
        blocks = self._peer.brief.rules.altitude_blocks[:2]
        circle = Circle(centre=where, radius_nm=RADIUS_NM)
        return Menu(
            sectors=(Sector(name="EXAMINED", areas=(circle,)),), blocks=blocks, shifts_min=(0,), windows=(window,)
        )

    def plan(self, where: Position, window: Window) -> FlightPlan:
        """A flight of the centre's own in the lowest block, that cannot be moved."""
        block = self._peer.brief.rules.altitude_blocks[0]
        return FlightPlan(
            plan_id=self._peer.next_id("plan"),
            callsign="EXAM1",
            kind=FlightKind.PATROL,
            priority=Priority.ROUTINE,
            area=Circle(centre=where, radius_nm=RADIUS_NM),
            lower_ft=block.lower_ft,
            upper_ft=block.upper_ft,
            start=window.start,
            end=window.end,
            flexibility=Flexibility(max_shift_min=0, max_offset_nm=0.0, other_blocks=False),
            remarks="put to the centre by the conformance examination",
        )


def _middle(area: Polygon | Circle) -> Position:
    if isinstance(area, Circle):
        return area.centre
    count_ = len(area.vertices)
    return Position(
        sum(vertex.lon_deg for vertex in area.vertices) / count_,
        sum(vertex.lat_deg for vertex in area.vertices) / count_,
    )


def offer_of(negotiation_id: str, call_id: str, menu: Menu, choice: Choice) -> str:
    """The digest that names this choice."""
    return offer_digest(negotiation_id, call_id, digest_of(menu), choice)


def names_itself(proposal: Propose) -> bool:
    """Whether its digest is that of its own choice of its own menu."""
    try:
        proposal.menu.outcome(proposal.choice)
    except IndexError:
        return False
    named = offer_of(proposal.negotiation_id, proposal.call_id, proposal.menu, proposal.choice)
    return proposal.offer == named
