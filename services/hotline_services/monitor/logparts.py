"""The parts of an entry of the duty log: values with a type, which a catalogue of a language makes into text.

Texts and names in them are as they were sent: a program that shows them must make them harmless first.
"""

from datetime import datetime

import msgspec

from .logkinds import Counted, Phrase, Relation, Thing


def _kebab(name: str) -> str:
    return "".join(f"-{char.lower()}" if char.isupper() else char for char in name).lstrip("-")


class LogPart(msgspec.Struct, frozen=True, tag_field="part", tag=_kebab):
    """One value of an entry."""


class ThingNamed(LogPart, frozen=True):
    """The id of a thing."""

    what: Thing
    id: str


class FreeText(LogPart, frozen=True):
    """Text that somebody wrote."""

    text: str


class Term(LogPart, frozen=True):
    """A member of one of the protocol's enums, by its value."""

    term: str


class Remark(LogPart, frozen=True):
    """A remark without values."""

    phrase: Phrase


class PartyTold(LogPart, frozen=True):
    """A party, and how it belongs to the entry."""

    relation: Relation
    party: str


class OperatorTold(LogPart, frozen=True):
    """The person at a desk."""

    operator: str


class TimeTold(LogPart, frozen=True):
    """A time, and how it belongs to the entry."""

    relation: Relation
    at: datetime


class TimeSpan(LogPart, frozen=True):
    """From when until when."""

    start: datetime
    end: datetime


class Lasted(LogPart, frozen=True):
    """A duration, and how it belongs to the entry."""

    relation: Relation
    seconds: float


class AboutIds(LogPart, frozen=True):
    """The ids of what a call is about."""

    ids: tuple[str, ...]


class MessageRange(LogPart, frozen=True):
    """Messages of a service, by their numbers."""

    service: str
    first: int
    last: int


class ChainLengths(LogPart, frozen=True):
    """How many entries the chains of agreements have, by granter."""

    lengths: dict[str, int]


class SeenAt(LogPart, frozen=True):
    """A kind of activity that one side saw, as it tells the other."""

    what: str
    at: datetime


class Observed(LogPart, frozen=True):
    """A kind of activity that was observed, and by which party, where that is said."""

    what: str
    at: datetime
    by: str = ""


class FlightTold(LogPart, frozen=True):
    """The kind of a flight, with its callsign and its priority where they are to be told."""

    kind: str
    callsign: str = ""
    priority: str = ""


class PlanStanding(LogPart, frozen=True):
    """The state of a plan. ``number`` is the version that it is about, ``in_force`` the version that stands."""

    state: str
    as_filed: bool
    callsign: str = ""
    number: int | None = None
    in_force: int | None = None


class SectorTold(LogPart, frozen=True):
    """A sector of a menu, by its name."""

    name: str


class HeightSpan(LogPart, frozen=True):
    """From which height to which, in feet."""

    lower_ft: int
    upper_ft: int


class OffMenu(LogPart, frozen=True):
    """A choice that the menu does not have, by its indices."""

    sector: int
    block: int
    shift: int


class MenuPlace(LogPart, frozen=True):
    """A choice of a menu that is not known, by its indices."""

    sector: int
    block: int
    shift: int


class CounterWith(LogPart, frozen=True):
    """The order to counter with a choice; heights and shift follow where the menu is known."""

    offer: SectorTold | OffMenu | MenuPlace


class DeclineOrder(LogPart, frozen=True):
    """The order to decline, and why."""

    reason: str


class EntryOf(LogPart, frozen=True):
    """An entry of a granter's chain."""

    index: int
    granter: str


class Number(LogPart, frozen=True):
    """A number, and what it counts or measures."""

    measure: Counted
    number: int


class ShortDigest(LogPart, frozen=True):
    """The beginning of the digest of a thing."""

    what: Thing
    digest: str


class LineStanding(LogPart, frozen=True):
    """What is announced about the line."""

    state: str


class LineToPeer(LogPart, frozen=True):
    """What the line to a peer does in fact."""

    peer: str
    state: str


class FieldProblem(LogPart, frozen=True):
    """What is wrong with a field; ``code`` where the entry tells it."""

    field: str
    reason: str
    code: str | None = None


class FieldNotes(LogPart, frozen=True):
    """What was found in a plan that is no field, or that was read otherwise than written."""

    notes: tuple[FieldProblem, ...]


class RoundsIn(LogPart, frozen=True):
    """How many rounds a negotiation took, and how long."""

    rounds: int
    seconds: float


class AboveTier(LogPart, frozen=True):
    """The tier above which a negotiation is to go on."""

    tier: str


class PlaceTold(LogPart, frozen=True):
    """A place, by its GARS keypad."""

    place: str


class PlaceReadBack(LogPart, frozen=True):
    """A place as it is read back, by its GARS keypad."""

    place: str


class CircleAbout(LogPart, frozen=True):
    """A circle about a place."""

    place: str
    radius_nm: float


class LineOffsets(LogPart, frozen=True):
    """By how much points of the line are moved, in nautical miles."""

    offsets_nm: tuple[float, ...]


class AircraftTold(LogPart, frozen=True):
    """An aircraft: its callsign, its side (empty for nobody's) and its operator where that is another."""

    callsign: str
    side: str
    operator: str | None = None


class AircraftPair(LogPart, frozen=True):
    """Two aircraft."""

    one: AircraftTold
    other: AircraftTold


class PlanOfSide(LogPart, frozen=True):
    """A plan by the side that it belongs to."""

    side: str
    plan_id: str


class PositionError(LogPart, frozen=True):
    """How far a place was misheard, in nautical miles."""

    error_nm: float


class PlansTold(LogPart, frozen=True):
    """Plans by their ids."""

    plan_ids: tuple[str, ...]


class TensionLevel(LogPart, frozen=True):
    """The stage and the level of tension."""

    stage: str
    level: float


class TensionCause(LogPart, frozen=True):
    """Why tension towards a peer changed."""

    peer: str
    because: str


class NotAgreed(LogPart, frozen=True):
    """A review ended without an agreement."""

    reason: str


class EpochTold(LogPart, frozen=True):
    """The epoch in which a service goes on."""

    epoch: str


class Apart(LogPart, frozen=True):
    """How far two aircraft were from each other when they were closest."""

    horizontal_nm: float
    vertical_ft: float


AnyPart = (
    ThingNamed
    | FreeText
    | Term
    | Remark
    | PartyTold
    | OperatorTold
    | TimeTold
    | TimeSpan
    | Lasted
    | AboutIds
    | MessageRange
    | ChainLengths
    | SeenAt
    | Observed
    | FlightTold
    | PlanStanding
    | SectorTold
    | HeightSpan
    | OffMenu
    | MenuPlace
    | CounterWith
    | DeclineOrder
    | EntryOf
    | Number
    | ShortDigest
    | LineStanding
    | LineToPeer
    | FieldProblem
    | FieldNotes
    | RoundsIn
    | AboveTier
    | PlaceTold
    | PlaceReadBack
    | CircleAbout
    | LineOffsets
    | AircraftTold
    | AircraftPair
    | PlanOfSide
    | PositionError
    | PlansTold
    | TensionLevel
    | TensionCause
    | NotAgreed
    | EpochTold
    | Apart
)
