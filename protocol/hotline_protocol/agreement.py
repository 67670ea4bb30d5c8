"""The memorandum of the two sides as data. Both load it; its digest is compared at every line check."""

import tomllib
from datetime import time
from typing import Annotated

import msgspec
from msgspec import Meta

from .airspace import Circle, Feet, NauticalMiles, Polygon, Position
from .line import Tier
from .menu import Block
from .message import PartyName, digest_of
from .names import name_problem
from .theatre import Bounds, bounds_problem, remembered
from .unknown_fields import examine, passed_over
from .whole_numbers import convert_whole
from .words import Word

Minutes = Annotated[float, Meta(gt=0, le=1440)]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]


class BoundaryRule(Word):
    """Whether two volumes that only touch are in conflict."""

    TOUCHING_IS_CLEAR = "touching-is-clear"
    TOUCHING_IS_CONFLICT = "touching-is-conflict"


class Separation(msgspec.Struct, frozen=True, kw_only=True):
    """Minima between aircraft: 5 NM, 1,000 ft, and 2,000 ft above FL290 outside RVSM."""

    lateral_nm: NauticalMiles = 5.0
    vertical_ft: Annotated[int, Meta(gt=0)] = 1_000
    vertical_high_ft: Annotated[int, Meta(gt=0)] = 2_000
    high_above_ft: Feet = 29_000


class DeconflictionLine(msgspec.Struct, frozen=True, kw_only=True):
    """The line on the map. A flight within ``near_nm`` of it needs the other side's consent.

    ``left`` and ``right`` are whose air lies on that side of the line as it is drawn, up to ``reach_nm`` from it: a
    flight that is wholly in there needs that side's consent too. None: nobody's.
    """

    name: str
    note: str
    trace: Annotated[tuple[Position, ...], Meta(min_length=2)]
    near_nm: NauticalMiles = 5.0
    left: PartyName | None = None
    right: PartyName | None = None
    reach_nm: NauticalMiles = 60.0


class Zone(msgspec.Struct, frozen=True, kw_only=True):
    """Airspace under a rule: held by one party (the other needs its consent), or shared (each needs the other's)."""

    name: str
    area: Polygon | Circle
    holder: PartyName | None = None
    lower_ft: Feet = 0
    upper_ft: Feet = 60_000


class Partner(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who flies and has no line of their own: ``side`` answers for them. None: nobody does."""

    name: PartyName
    title: str = ""
    side: PartyName | None = None


class LineReviewRule(msgspec.Struct, frozen=True, kw_only=True):
    """When it is talked over where the line should run, and who rings: at ``at`` (UTC), every so many days.

    The line is moved at every ``spacing_nm`` of its length or so, by no more than ``furthest_nm`` in one review, and
    runs as agreed from ``effective_min`` after.
    """

    caller: PartyName
    every_days: Annotated[int, Meta(ge=1, le=366)] = 7
    at: time = time(8)
    spacing_nm: NauticalMiles = 20.0
    furthest_nm: NauticalMiles = 15.0
    rounds: Annotated[int, Meta(ge=2, le=100)] = 12
    effective_min: Minutes = 30.0


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """How long before its start a plan should be spoken of: less is short notice, still less is late."""

    routine_min: Minutes = 60.0
    late_min: Minutes = 10.0


class TierRule(msgspec.Struct, frozen=True, kw_only=True):
    """What one tier may do: how many offers, how long one stands, whether both sides lay their needs open."""

    tier: Tier
    rounds: Annotated[int, Meta(ge=1, le=200)] = 12
    offer_s: Seconds = 120.0
    disclosure: bool = False


class LineCheckRule(msgspec.Struct, frozen=True, kw_only=True):
    """When the line is tried whether or not there is anything to say, and who rings. Times are UTC."""

    caller: PartyName
    at: tuple[time, ...] = ()


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds that make every conversation end, in seconds of simulated time."""

    ring_s: Seconds = 60.0
    silence_s: Seconds = 300.0
    redial_s: Seconds = 120.0
    hold_s: Seconds = 300.0
    negotiation_s: Seconds = 3_600.0

    @property
    def shortest_s(self) -> float:
        """The shortest of them: a tenth of it is what delay may eat at speed."""
        return min(self.ring_s, self.silence_s, self.redial_s, self.hold_s, self.negotiation_s)


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """The whole memorandum."""

    name: str
    parties: Annotated[tuple[PartyName, ...], Meta(min_length=2)]
    boundary_rule: BoundaryRule = BoundaryRule.TOUCHING_IS_CLEAR
    separation: Separation = Separation()
    line: DeconflictionLine | None = None
    zones: tuple[Zone, ...] = ()
    altitude_blocks: Annotated[tuple[Block, ...], Meta(min_length=1, max_length=16)]
    notice: Notice = Notice()
    tiers: Annotated[tuple[TierRule, ...], Meta(min_length=1)]
    line_check: LineCheckRule | None = None
    timing: Timing = Timing()
    partners: tuple[Partner, ...] = ()
    line_review: LineReviewRule | None = None
    lines: Annotated[int, Meta(ge=1, le=8)] | None = None
    bounds_deg: Bounds | msgspec.UnsetType = msgspec.UNSET
    """The theatre that it is about: west, south, east, north. Left out: the default theatre's."""

    @property
    def lines_of_each(self) -> int:
        """Calls that a centre can have at a time: unless agreed otherwise one between two parties, two among more."""
        return self.lines or self._usual_lines

    @property
    def _usual_lines(self) -> int:
        return min(len(self.parties) - 1, 2)

    def side_of(self, name: PartyName) -> PartyName | None:
        """The party that answers for this operator; None for a third party, and for who is not named."""
        if name in self.parties:
            return name
        return next((partner.side for partner in self.partners if partner.name == name), None)

    @property
    def digest(self) -> str:
        """Two sides with the same digest have the same agreement. It is as if the usual lines were not named."""
        fields = msgspec.structs.asdict(self)
        if self.lines_of_each == self._usual_lines:
            del fields["lines"]
        if self.bounds_deg is msgspec.UNSET:
            del fields["bounds_deg"]
        return digest_of(fields)

    def with_trace(self, trace: tuple[Position, ...]) -> "Agreement":
        """The same agreement with the line elsewhere. Raises ValueError when it has none."""
        if self.line is None:
            raise ValueError("line: the agreement has none")
        return msgspec.structs.replace(self, line=msgspec.structs.replace(self.line, trace=trace))

    @property
    def shortest_deadline_s(self) -> float:
        """The shortest time that anything in the agreement waits for, in simulated seconds."""
        return min(self.timing.shortest_s, *(rule.offer_s for rule in self.tiers))


class AgreementError(ValueError):
    """The agreement file cannot be used; the message names the field and the reason."""


@remembered(maxsize=32)
def read_agreement(text: str) -> Agreement:
    """The agreement in a TOML text, with no field to spare. Raises AgreementError."""
    try:
        raw = tomllib.loads(text.removeprefix("\ufeff"))
        agreement = convert_whole(raw, Agreement)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise AgreementError(str(error)) from error
    except RecursionError as error:
        raise AgreementError("has tables or lists nested too deeply to be read") from error
    for problem in examine(raw, Agreement).unknown if any(passed_over(raw, agreement)) else ():
        raise AgreementError(f"{problem.reason} - at `$.{problem.field}`")
    check_agreement(agreement)
    return agreement


def check_agreement(agreement: Agreement) -> None:
    """Raises AgreementError when parts of it contradict each other; the message begins with the field."""
    if agreement.bounds_deg is not msgspec.UNSET and (problem := bounds_problem(agreement.bounds_deg)):
        raise AgreementError(f"bounds_deg: {problem}")
    parties = agreement.parties
    if len(set(parties)) != len(parties):
        raise AgreementError("parties: each is named once")
    for party in parties:
        if problem := name_problem(party):
            raise AgreementError(f"parties: {party!r} {problem}")
    for zone in agreement.zones:
        if zone.holder is not None and zone.holder not in parties:
            raise AgreementError(f"zones: {zone.name}: holder {zone.holder!r} is not a party")
    if agreement.line_check and agreement.line_check.caller not in parties:
        raise AgreementError(f"line_check.caller: {agreement.line_check.caller!r} is not a party")
    for block in agreement.altitude_blocks:
        if block.lower_ft >= block.upper_ft:
            raise AgreementError(f"altitude_blocks: {block.name}: lower_ft must be below upper_ft")
    _check_sides(agreement)
    ranks = [rule.tier.rank for rule in agreement.tiers]
    if ranks != sorted(set(ranks)):
        raise AgreementError("tiers: from the lowest to the highest, each once")


def _check_sides(agreement: Agreement) -> None:
    parties = agreement.parties
    names = [*parties, *(partner.name for partner in agreement.partners)]
    if len(set(names)) != len(names):
        raise AgreementError("partners: each is named once, and no party is one")
    for partner in agreement.partners:
        if partner.side is not None and partner.side not in parties:
            raise AgreementError(f"partners: {partner.name}: side {partner.side!r} is not a party")
    for name in (agreement.line.left, agreement.line.right) if agreement.line else ():
        if name is not None and name not in parties:
            raise AgreementError(f"line: {name!r} is not a party")
    if agreement.line_review:
        _check_review(agreement, agreement.line_review)


def _check_review(agreement: Agreement, rule: LineReviewRule) -> None:
    """Between two parties that hold a side of the line each: a third would not hear that it has been moved."""
    if rule.caller not in agreement.parties:
        raise AgreementError(f"line_review.caller: {rule.caller!r} is not a party")
    if agreement.line is None:
        raise AgreementError("line_review: there is no line to be moved")
    if sorted(agreement.parties) != sorted(filter(None, (agreement.line.left, agreement.line.right))):
        raise AgreementError("line_review: wants two parties, one on the left of the line and one on its right")
