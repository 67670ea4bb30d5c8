"""What strains a relation or eases it, and how much: one table for all models.

The weights are those of the Goldstein scale (J. S. Goldstein, "A Conflict-Cooperation Scale for WEIS Events Data",
Journal of Conflict Resolution 36, 1992) as carried over to the codes of CAMEO by the Event Data Project
(CAMEO.SCALE). Which code a thing on the line has, and how severe it is on the ladder, is this project's choice.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from hotline_protocol.events import EscalationKind
from hotline_protocol.injection import SightingKind
from hotline_protocol.words import Word


class Severity(Word):
    """How the ladder takes a thing: to the good in two degrees, or to the bad in three."""

    AMENDS = "amends"
    CIVILITY = "civility"
    SLIGHT = "slight"
    OFFENCE = "offence"
    OUTRAGE = "outrage"


class Felt(Word):
    """A thing that one side comes to know of, and that raises or lowers its strain with another."""

    CROSSING_SEEN = "a line crossing was seen"
    APPROACH_SEEN = "a close approach was seen"
    FORCE_SEEN = "a show of force was seen"
    GROUND_INCIDENT_SEEN = "an incident on the ground was seen"
    LOSS_SEEN = "an aircraft was lost"
    UNANNOUNCED_SEEN = "an unannounced flight was seen"
    REFUSED = "they refused"
    EXPIRED = "no agreement came in time"
    LATE_NOTICE = "they gave notice late"
    FLOWN_WITHOUT_CONSENT = "we flew without their consent"
    AGREEMENT_DIFFERS = "they hold another agreement"
    LEDGER_DIFFERS = "their ledger differs"
    TIER_RAISED = "it took a higher tier"
    PREEMPTED = "a flight of ours gave way to theirs"
    PROTEST_HEARD = "they protested"
    WARNING_HEARD = "they warned"
    LINE_SILENT = "they do not answer"
    PARTNER_UNKNOWN = "a partner of ours flew without our knowing"
    CALL_COMPLETED = "a call was completed"
    LINE_CHECKED = "a line check was passed"
    PROTEST_NOTED = "they noted our protest"
    VISIT_KEPT = "our flight in their air went as agreed"
    GUEST_KEPT = "their flight in our air went as agreed"
    REQUEST_TAKEN = "they took our request to stop"
    HELPED = "they let a flight in distress in"


class Weight(msgspec.Struct, frozen=True, kw_only=True):
    """``cameo`` is the event's code and ``reads`` what it stands for; ``goldstein`` its value, from -10 for the
    worst to +10 for the best."""

    cameo: str
    reads: str
    goldstein: float
    severity: Severity

    @property
    def strain(self) -> float:
        """Points of strain: above 0 to the bad, below 0 to the good."""
        return -self.goldstein


def _weight(cameo: str, reads: str, goldstein: float, severity: Severity = Severity.AMENDS) -> Weight:
    return Weight(cameo=cameo, reads=reads, goldstein=goldstein, severity=severity)


_CIVILITY, _SLIGHT, _OFFENCE, _OUTRAGE = Severity.CIVILITY, Severity.SLIGHT, Severity.OFFENCE, Severity.OUTRAGE

WEIGHTS: Final[Mapping[Felt, Weight]] = MappingProxyType(
    {
        Felt.CROSSING_SEEN: _weight("128", "defy norms", -5.0, _SLIGHT),
        Felt.APPROACH_SEEN: _weight("13", "threaten", -6.0, _OFFENCE),
        Felt.FORCE_SEEN: _weight("15", "exhibit force posture", -7.2, _OFFENCE),
        Felt.GROUND_INCIDENT_SEEN: _weight("17", "coerce", -7.0, _OUTRAGE),
        Felt.LOSS_SEEN: _weight("19", "fight", -10.0, _OUTRAGE),
        Felt.UNANNOUNCED_SEEN: _weight("128", "defy norms", -5.0, _SLIGHT),
        Felt.REFUSED: _weight("12", "reject", -4.0, _SLIGHT),
        Felt.EXPIRED: _weight("11", "disapprove", -2.0, _SLIGHT),
        Felt.LATE_NOTICE: _weight("11", "disapprove", -2.0, _SLIGHT),
        Felt.FLOWN_WITHOUT_CONSENT: _weight("11", "disapprove", -2.0, _SLIGHT),
        Felt.AGREEMENT_DIFFERS: _weight("112", "accuse", -2.0, _SLIGHT),
        Felt.LEDGER_DIFFERS: _weight("112", "accuse", -2.0, _SLIGHT),
        Felt.TIER_RAISED: _weight("11", "disapprove", -2.0, _SLIGHT),
        Felt.PREEMPTED: _weight("10", "demand", -5.0, _SLIGHT),
        Felt.PROTEST_HEARD: _weight("114", "complain officially", -2.0, _SLIGHT),
        Felt.WARNING_HEARD: _weight("13", "threaten", -6.0, _OFFENCE),
        Felt.LINE_SILENT: _weight("16", "reduce relations", -4.0, _OFFENCE),
        Felt.PARTNER_UNKNOWN: _weight("09", "investigate", -2.0, _SLIGHT),
        Felt.CALL_COMPLETED: _weight("041", "discuss by telephone", 1.0, _CIVILITY),
        Felt.LINE_CHECKED: _weight("04", "consult", 1.0, _CIVILITY),
        Felt.PROTEST_NOTED: _weight("018", "make empathetic comment", 3.4),
        # So many flights go as agreed that as cooperation (6 and more) they would drown everything else.
        Felt.VISIT_KEPT: _weight("013", "make optimistic comment", 0.4, _CIVILITY),
        Felt.GUEST_KEPT: _weight("013", "make optimistic comment", 0.4, _CIVILITY),
        Felt.REQUEST_TAKEN: _weight("03", "express intent to cooperate", 4.0),
        Felt.HELPED: _weight("07", "provide aid", 7.0),
    }
)

OF_SIGHTING: Final[Mapping[SightingKind, Felt]] = MappingProxyType(
    {
        SightingKind.LINE_CROSSING: Felt.CROSSING_SEEN,
        SightingKind.CLOSE_APPROACH: Felt.APPROACH_SEEN,
        SightingKind.SHOW_OF_FORCE: Felt.FORCE_SEEN,
        SightingKind.GROUND_INCIDENT: Felt.GROUND_INCIDENT_SEEN,
        SightingKind.AIRCRAFT_LOST: Felt.LOSS_SEEN,
        SightingKind.UNANNOUNCED_FLIGHT: Felt.UNANNOUNCED_SEEN,
    }
)

SPOILS: Final[Mapping[Felt, Felt]] = MappingProxyType(
    {Felt.PROTEST_HEARD: Felt.VISIT_KEPT, **dict.fromkeys(OF_SIGHTING.values(), Felt.GUEST_KEPT)}
)
"""A flight during which this was felt has not gone as agreed, whichever flight it was about."""

OF_ESCALATION: Final[Mapping[EscalationKind, Felt]] = MappingProxyType(
    {
        EscalationKind.REFUSED: Felt.REFUSED,
        EscalationKind.EXPIRED: Felt.EXPIRED,
        EscalationKind.LATE_NOTICE: Felt.LATE_NOTICE,
        EscalationKind.CROSSING_WITHOUT_CONSENT: Felt.FLOWN_WITHOUT_CONSENT,
        EscalationKind.AGREEMENT_MISMATCH: Felt.AGREEMENT_DIFFERS,
        EscalationKind.LEDGER_MISMATCH: Felt.LEDGER_DIFFERS,
        EscalationKind.TIER_RAISED: Felt.TIER_RAISED,
        EscalationKind.PREEMPTED: Felt.PREEMPTED,
        EscalationKind.PROTEST: Felt.PROTEST_HEARD,
        EscalationKind.LINE_DOWN: Felt.LINE_SILENT,
        EscalationKind.WARNING: Felt.WARNING_HEARD,
        EscalationKind.PARTNER_UNKNOWN: Felt.PARTNER_UNKNOWN,
    }
)
"""Of a sighting it is the kind of the sighting that counts; a third party has no line and no strain of its own; and a
suspension is on record with the side that has declared it, which suffers nothing by it."""
