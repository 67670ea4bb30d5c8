"""What a side makes of what happens: every step up is said aloud, with its cause."""

from datetime import timedelta
from typing import Final

from hotline_protocol.airspace import Circle, Volume4D
from hotline_protocol.events import ActualState, Escalated, EscalationKind, LineAnnounced, LineStateChanged
from hotline_protocol.geometry import area_problem
from hotline_protocol.injection import AnnouncedState, AnnounceLine, ReportSighting, SightingKind
from hotline_protocol.line import Protest, Reason, Tier

from .picture import Picture, Standing
from .voice import Voice

SILENT_AFTER: Final = 2
GROUNDS_OF_INCIDENT: Final = frozenset({SightingKind.GROUND_INCIDENT, SightingKind.AIRCRAFT_LOST})
COVERED_BY_CONSENT: Final = frozenset({SightingKind.LINE_CROSSING, SightingKind.CLOSE_APPROACH})


class Posture:
    """Records strain, and the line as announced and as found. How it answers is configuration."""

    def __init__(self, tier: Tier, picture: Picture, voice: Voice) -> None:
        self._tier = tier
        self._picture = picture
        self._voice = voice
        self._unanswered: dict[str, int] = {}
        self._found: dict[str, ActualState] = {}
        self.sightings: dict[str, ReportSighting] = {}
        """Those that are yet to be protested against."""

    def escalate(
        self, kind: EscalationKind, peer: str, about: str, detail: str = "", *, tier: Tier | None = None
    ) -> None:
        """Put one step up on record."""
        self._voice.say(Escalated, kind=kind, peer=peer, about=about, tier=tier or self._tier, detail=detail[:2_000])

    def saw(self, sighting: ReportSighting) -> Reason | None:
        """Put it on record; the reason for a call about it, or None when what was seen had been agreed to."""
        if sighting.kind in COVERED_BY_CONSENT and self._had_consent(sighting):
            return None
        detail = f"{sighting.kind.value}: {sighting.detail}" if sighting.detail else sighting.kind.value
        self.escalate(EscalationKind.SIGHTING, sighting.by, sighting.id, detail)
        return Reason.INCIDENT if sighting.kind in GROUNDS_OF_INCIDENT else Reason.PROTEST

    def _had_consent(self, sighting: ReportSighting) -> bool:
        spot = Circle(centre=sighting.at, radius_nm=0.1)
        if area_problem(spot) is not None:
            return False  # nowhere that anything could have been agreed about
        seen_at = min(sighting.seen_at, self._voice.now)
        moment = Volume4D(area=spot, lower_ft=0, upper_ft=60_000, start=seen_at, end=seen_at + timedelta(seconds=1))
        met = self._picture.met([moment])
        return any(use.standing is Standing.THEIRS and use.user == sighting.by for use in met)

    def hear_protest(self, protest: Protest) -> None:
        """The other side objects to something of ours."""
        detail = f"{protest.kind.value}: {protest.statement}" if protest.statement else protest.kind.value
        self.escalate(EscalationKind.PROTEST, protest.source, protest.call_id, detail)

    def announce(self, order: AnnounceLine, peers: tuple[str, ...]) -> None:
        """Declare the line open or suspended. Whether the phone is answered is another matter."""
        self._voice.say(LineAnnounced, state=order.state, statement=order.statement)
        if order.state is AnnouncedState.SUSPENDED:
            for peer in peers:
                self.escalate(EscalationKind.SUSPENSION_ANNOUNCED, peer, order.id, order.statement)

    def answered(self, peer: str) -> None:
        """A call with this peer was answered."""
        self._unanswered[peer] = 0
        self._find(peer, ActualState.WORKING)

    def unanswered(self, peer: str, call_id: str) -> None:
        """A call to this peer was not answered: after two in a row the line is silent."""
        self._unanswered[peer] = self._unanswered.get(peer, 0) + 1
        if self._unanswered[peer] == SILENT_AFTER and self._find(peer, ActualState.SILENT):
            self.escalate(EscalationKind.LINE_DOWN, peer, call_id, f"{SILENT_AFTER} calls in a row not answered")

    def _find(self, peer: str, state: ActualState) -> bool:
        if self._found.get(peer) is state:
            return False
        self._found[peer] = state
        self._voice.say(LineStateChanged, peer=peer, state=state)
        return True
