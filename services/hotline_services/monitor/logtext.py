"""The English catalogue of the duty log: a verb for each kind of entry, and a template for each type of part."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from . import logparts as parts
from .logkinds import Counted, Gravity, LogKind, Phrase, Relation, Thing, gravity_of
from .wording import clock_time, duration, heights, shift, words

VERBS: Final[Mapping[LogKind, str]] = {
    LogKind.RING: "ring",
    LogKind.ANSWER: "answer",
    LogKind.BUSY: "busy",
    LogKind.HANG_UP: "hang-up",
    LogKind.LINE_CHECK: "line check",
    LogKind.LINE_CHECKED: "checked",
    LogKind.PROTEST: "protest",
    LogKind.NOTED: "noted",
    LogKind.PROPOSAL: "proposal",
    LogKind.COUNTER: "counter",
    LogKind.CONCUR: "concur",
    LogKind.DECLINE: "decline",
    LogKind.WITHDRAW: "withdraw",
    LogKind.EXPIRE: "expire",
    LogKind.DISCLOSE: "disclose",
    LogKind.CONFIRM: "confirm",
    LogKind.AGREEMENT: "agreement",
    LogKind.RELEASED: "released",
    LogKind.LAPSED: "lapsed",
    LogKind.RELEASE: "release",
    LogKind.RECONCILE: "reconcile",
    LogKind.ENTRIES: "entries",
    LogKind.ADVISE: "advise",
    LogKind.READ_BACK: "read back",
    LogKind.AFFIRM: "affirm",
    LogKind.MAIL: "mail",
    LogKind.MAIL_READ: "mail read",
    LogKind.LINE_OFFER: "line",
    LogKind.AMEND: "amend",
    LogKind.PLAN_FILED: "plan filed",
    LogKind.PLAN_CANCELLED: "cancel",
    LogKind.PLAN_CHANGED: "change",
    LogKind.PLAN_MESSAGE: "message",
    LogKind.PLAN_EMERGENCY: "emergency",
    LogKind.SIGHTING: "sighting",
    LogKind.TO_ANNOUNCE: "announce",
    LogKind.TO_ADVISE: "to be told",
    LogKind.FLIES: "flies",
    LogKind.DEVIATES: "deviates",
    LogKind.ORDER: "order",
    LogKind.TO_DECIDE: "to decide",
    LogKind.DESK_TAKEN: "desk taken",
    LogKind.DESK_LEFT: "desk left",
    LogKind.PLAN: "plan",
    LogKind.ESCALATION: "escalation",
    LogKind.OUTCOME: "outcome",
    LogKind.ANNOUNCED: "announced",
    LogKind.LINE_STATE: "line",
    LogKind.REJECTED: "rejected",
    LogKind.SET_ASIDE: "set aside",
    LogKind.OFFICERS: "officers",
    LogKind.MISHEARD: "misheard",
    LogKind.STOPPED: "stopped",
    LogKind.STRAIN: "strain",
    LogKind.LINE_MOVED: "line moved",
    LogKind.REVIEW: "review",
    LogKind.STATE_LOST: "state lost",
    LogKind.CROSSING: "crossing",
    LogKind.ZONE: "zone",
    LogKind.CONFORMING: "conforming",
    LogKind.STRAYS: "strays",
    LogKind.ENCOUNTER: "encounter",
    LogKind.SERVICE_UP: "service up",
    LogKind.SERVICE_DOWN: "service down",
    LogKind.STOP: "stop",
    LogKind.ASK_AGAIN: "ask again",
}

PHRASES: Final[Mapping[Phrase, str]] = {
    Phrase.AGREED: "agreed",
    Phrase.ANOTHER_AREA: "another area",
    Phrase.AWAY: "away",
    Phrase.CONCUR: "concur",
    Phrase.HANG_UP: "hang up",
    Phrase.HOMEBOUND: "homebound",
    Phrase.IN_ANOTHER_CALL: "in another call",
    Phrase.LET_IT_RING: "let it ring",
    Phrase.NOT_AGREED_TO: "not agreed to",
    Phrase.NOT_ANSWERED: "not answered in time",
    Phrase.NOT_NOTICED: "not noticed",
    Phrase.NOTHING_AGREED: "nothing is agreed",
    Phrase.NOTHING_OF_OURS: "nothing of ours was there",
    Phrase.NOTICED: "noticed when read back",
    Phrase.OUTBOUND: "outbound",
    Phrase.PICK_UP: "pick up",
    Phrase.PRESENT: "present",
    Phrase.RAISE_TIER: "go up a tier",
    Phrase.UNDERSTOOD: "it was understood",
}

RELATIONS: Final[Mapping[Relation, str]] = {
    Relation.AFTER: "after {}",
    Relation.AFTER_UNDERSTOOD: "{} after understood",
    Relation.ANEW_FROM: "the line runs anew from {}",
    Relation.FROM: "from {}",
    Relation.OF: "of {}",
    Relation.PROTEST_TO: "protest to {}",
    Relation.RANG_FOR: "rang for {}",
    Relation.RING: "ring {} now",
    Relation.TO: "to {}",
    Relation.UNTIL: "until {}",
    Relation.UNTIL_AT_LEAST: "until {} at least",
    Relation.WITH: "with {}",
}

MEASURES: Final[Mapping[Counted, Callable[[int], str]]] = {
    Counted.AFTER_MESSAGE: "after its message {}".format,
    Counted.CEILING_FT: "below {:,} ft".format,
    Counted.ENTRIES_LACKING: "{} that were lacking".format,
    Counted.FLOOR_FT: "above {:,} ft".format,
    Counted.OUTCOMES_DISCLOSED: "lays open what {} outcomes are worth".format,
    Counted.PLAN_VERSION: "version {}".format,
    Counted.REVIEW_ROUNDS: "{} rounds".format,
    Counted.SHIFT_MIN: shift,
}

THINGS: Final[Mapping[Thing, str]] = {
    Thing.AGREEMENT: "agreement",
    Thing.CALL: "call",
    Thing.LINE: "line",
    Thing.MESSAGE: "message",
    Thing.NEGOTIATION: "negotiation",
    Thing.OFFER: "offer",
    Thing.PLAN: "plan",
    Thing.REVIEW: "review",
    Thing.SERVICE: "service",
    Thing.SUBJECT: "subject",
    Thing.ZONE: "zone",
}


def verb(kind: LogKind, number: int = 0) -> str:
    """The verb of an entry, with the number of its round; in capitals when the kind is not routine."""
    told = f"{VERBS[kind]} {number}" if number else VERBS[kind]
    return told if gravity_of(kind) is Gravity.ROUTINE else told.upper()


def part_text(part: parts.AnyPart) -> str:
    """One part as text."""
    return TEMPLATES[type(part)](part)


def text(entry_parts: Sequence[parts.AnyPart | None]) -> str:
    """All parts as one line of text."""
    return " · ".join(part_text(part) for part in entry_parts if part is not None)


def _clocks(start_end: parts.TimeSpan) -> str:
    return f"{clock_time(start_end.start)}-{clock_time(start_end.end)}"


def _chains(part: parts.ChainLengths) -> str:
    told = [f"{granter.upper()} {length}" for granter, length in part.lengths.items()]
    return f"entries {', '.join(told)}" if told else "no entries"


def _observed(part: parts.Observed) -> str:
    by = f" by {part.by.upper()}" if part.by else ""
    return f"{words(part.what)}{by} at {clock_time(part.at)}"


def _standing(part: parts.PlanStanding) -> str:
    state = part.state if part.as_filed else f"{part.state} with changes"
    state = f"version {part.number} {state}" if part.number is not None else state
    state = f"{state}; version {part.in_force} stands" if part.in_force is not None else state
    return f"{part.callsign} {state}" if part.callsign else state


def _off_menu(part: parts.OffMenu) -> str:
    return f"off the menu (sector {part.sector}, block {part.block}, shift {part.shift})"


def _menu_place(part: parts.MenuPlace) -> str:
    """Numbered from one, as the console lists a menu."""
    return f"sector {part.sector + 1}, block {part.block + 1}, shift {part.shift + 1} of the menu"


def _problem(part: parts.FieldProblem) -> str:
    code = "" if part.code is None else f"{part.code}: "
    return f"{code}{part.field}: {part.reason}"


def _rounds(part: parts.RoundsIn) -> str:
    return f"{part.rounds} round{'' if part.rounds == 1 else 's'} in {duration(part.seconds)}"


def _aircraft(part: parts.AircraftTold) -> str:
    side = (part.side or "nobody").upper()
    return f"{part.callsign} of {side}" + ("" if part.operator is None else f" ({part.operator})")


TEMPLATES: Final[Mapping[type[parts.AnyPart], Callable[[Any], str]]] = {
    parts.ThingNamed: lambda part: part.id,
    parts.FreeText: lambda part: part.text,
    parts.Term: lambda part: words(part.term),
    parts.Remark: lambda part: PHRASES[part.phrase],
    parts.PartyTold: lambda part: RELATIONS[part.relation].format(part.party.upper()),
    parts.OperatorTold: lambda part: f"by {part.operator}",
    parts.TimeTold: lambda part: RELATIONS[part.relation].format(clock_time(part.at)),
    parts.TimeSpan: _clocks,
    parts.Lasted: lambda part: RELATIONS[part.relation].format(duration(part.seconds)),
    parts.AboutIds: lambda part: f"about {', '.join(part.ids)}",
    parts.MessageRange: lambda part: f"{part.service}: messages {part.first} to {part.last}",
    parts.ChainLengths: _chains,
    parts.SeenAt: lambda part: f"{words(part.what)} seen at {clock_time(part.at)}",
    parts.Observed: _observed,
    parts.FlightTold: lambda part: " ".join(filter(None, (part.callsign, part.priority, part.kind))),
    parts.PlanStanding: _standing,
    parts.SectorTold: lambda part: part.name,
    parts.HeightSpan: lambda part: heights(part.lower_ft, part.upper_ft),
    parts.Number: lambda part: MEASURES[part.measure](part.number),
    parts.ShortDigest: lambda part: f"{THINGS[part.what]} {part.digest}",
    parts.OffMenu: _off_menu,
    parts.MenuPlace: _menu_place,
    parts.CounterWith: lambda part: f"counter with {part_text(part.offer)}",
    parts.DeclineOrder: lambda part: f"decline: {part.reason}" if part.reason else "decline",
    parts.EntryOf: lambda part: f"entry {part.index} of {part.granter.upper()}",
    parts.LineStanding: lambda part: f"line {part.state}",
    parts.LineToPeer: lambda part: f"to {part.peer.upper()} is {part.state}",
    parts.FieldProblem: _problem,
    parts.FieldNotes: lambda part: ", ".join(map(_problem, part.notes)),
    parts.RoundsIn: _rounds,
    parts.AboveTier: lambda part: f"above {words(part.tier)}",
    parts.PlaceTold: lambda part: part.place,
    parts.PlaceReadBack: lambda part: f"the place is {part.place}",
    parts.CircleAbout: lambda part: f"{part.place} and {part.radius_nm:g} NM about",
    parts.LineOffsets: lambda part: "moved by " + ", ".join(f"{offset:+.1f}" for offset in part.offsets_nm) + " NM",
    parts.AircraftTold: _aircraft,
    parts.AircraftPair: lambda part: f"{_aircraft(part.one)} and {_aircraft(part.other)}",
    parts.PlanOfSide: lambda part: f"{part.side.upper()} {part.plan_id}",
    parts.PositionError: lambda part: f"{part.error_nm:.1f} NM off",
    parts.PlansTold: lambda part: ", ".join(part.plan_ids),
    parts.TensionLevel: lambda part: f"{part.stage} at {part.level:g}",
    parts.TensionCause: lambda part: f"with {part.peer.upper()}: {words(part.because)}",
    parts.NotAgreed: lambda part: f"not agreed: {part.reason}",
    parts.EpochTold: lambda part: f"epoch {part.epoch}",
    parts.Apart: lambda part: f"{part.horizontal_nm:.2f} NM and {part.vertical_ft:,.0f} ft",
}
"""A template for each type of part."""
