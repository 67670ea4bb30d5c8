"""Entries of the duty log on what happens about the line: advice, mail, line reviews, officers, strain and the sky."""

from typing import Final

from hotline_protocol.airspace import Position
from hotline_protocol.events import (
    ActivityStopped,
    LineMoved,
    Misheard,
    PresenceChanged,
    ReviewEnded,
    StateLost,
    StrainChanged,
)
from hotline_protocol.gars import gars
from hotline_protocol.injection import Advice, Deviate, FlyUnannounced, Injected, PassAdvice
from hotline_protocol.line import (
    Advise,
    Affirm,
    Amend,
    ConcurTrace,
    CounterTrace,
    DeclineTrace,
    Mail,
    MailRead,
    ProposeTrace,
    ReadBack,
    ToPeer,
)
from hotline_protocol.message import Message
from hotline_protocol.orders import AtDesk
from hotline_protocol.sky import ConformanceChanged, Encountered, Flyer, LineCrossed, ZoneEntered

from . import desklog
from .logentry import LogDraft, Parts, free_text, named
from .logkinds import Counted, LogKind, Phrase, Relation, Thing
from .logparts import (
    AircraftPair,
    AircraftTold,
    Apart,
    CircleAbout,
    EpochTold,
    Lasted,
    LineOffsets,
    NotAgreed,
    Number,
    PartyTold,
    PlaceReadBack,
    PlaceTold,
    PlanOfSide,
    PlansTold,
    PositionError,
    Remark,
    ShortDigest,
    TensionCause,
    TensionLevel,
    Term,
    TimeSpan,
    TimeTold,
)

UNPLACED: Final = "?"


def said(message: ToPeer) -> LogDraft | None:
    """What one side told the other that is no bargaining about air."""
    match message:
        case Advise(advice=advice):
            return LogDraft(LogKind.ADVISE, _advice(advice))
        case ReadBack():
            return LogDraft(LogKind.READ_BACK, [PlaceReadBack(place(message.at))])
        case Affirm():
            return LogDraft(LogKind.AFFIRM, [PlaceReadBack(place(message.at))])
        case Mail(advice=advice):
            return LogDraft(LogKind.MAIL, _advice(advice))
        case MailRead():
            return LogDraft(LogKind.MAIL_READ, [named(Thing.MESSAGE, message.about)])
        case _:
            return _reviewed(message)


def _reviewed(message: ToPeer) -> LogDraft | None:
    match message:
        case ProposeTrace() | CounterTrace():
            moved = LineOffsets(tuple(message.trace.offsets_nm))
            return LogDraft(LogKind.LINE_OFFER, [named(Thing.REVIEW, message.review_id), moved], message.round)
        case ConcurTrace():
            line = ShortDigest(Thing.LINE, message.offer[:8])
            return LogDraft(LogKind.CONCUR, [named(Thing.REVIEW, message.review_id), line])
        case DeclineTrace():
            return LogDraft(LogKind.DECLINE, [named(Thing.REVIEW, message.review_id), free_text(message.reason)])
        case Amend():
            anew = TimeTold(Relation.ANEW_FROM, message.effective_at)
            return LogDraft(LogKind.AMEND, [named(Thing.REVIEW, message.review_id), anew])
        case _:
            return None


def injected(message: Injected) -> LogDraft | None:
    """What an exercise puts to a side, or to the sky."""
    match message:
        case PassAdvice(advice=advice):
            return LogDraft(LogKind.TO_ADVISE, [PartyTold(Relation.TO, message.peer), *_advice(advice)])
        case FlyUnannounced(plan=plan):
            aircraft = AircraftTold(plan.callsign, plan.operator or message.side or "")
            return LogDraft(LogKind.FLIES, [aircraft, TimeSpan(plan.start, plan.end)])
        case Deviate():
            return LogDraft(LogKind.DEVIATES, [PlanOfSide(message.side, message.plan_id), Term(message.kind.value)])
        case AtDesk():
            return desklog.ordered(message)
        case _:
            return None


def happened(message: Message) -> LogDraft | None:
    """What a service tells everybody."""
    match message:
        case PresenceChanged():
            there = Remark(Phrase.PRESENT if message.present else Phrase.AWAY)
            return LogDraft(LogKind.OFFICERS, [Term(message.tier.value), there, free_text(message.reason)])
        case Misheard():
            noticed = Remark(Phrase.NOTICED if message.caught else Phrase.NOT_NOTICED)
            error = PositionError(message.error_nm)
            return LogDraft(LogKind.MISHEARD, [PartyTold(Relation.OF, message.peer), error, noticed])
        case ActivityStopped(plan_ids=plans):
            took = (message.time - message.understood_at).total_seconds()
            ours = PlansTold(tuple(plans)) if plans else Remark(Phrase.NOTHING_OF_OURS)
            return LogDraft(LogKind.STOPPED, [ours, Lasted(Relation.AFTER_UNDERSTOOD, took)])
        case StrainChanged():
            level = TensionLevel(message.stage.value, message.after)
            because = TensionCause(message.peer, message.because)  # the sum at the end may be too long for a line
            return LogDraft(LogKind.STRAIN, [level, because, free_text(message.arithmetic)])
        case LineMoved():
            agreement = ShortDigest(Thing.AGREEMENT, message.agreement[:8])
            return LogDraft(LogKind.LINE_MOVED, [named(Thing.REVIEW, message.review_id), agreement])
        case ReviewEnded():
            outcome = Remark(Phrase.AGREED) if message.agreed else NotAgreed(message.reason)
            rounds = Number(Counted.REVIEW_ROUNDS, message.rounds)
            return LogDraft(LogKind.REVIEW, [named(Thing.REVIEW, message.review_id), outcome, rounds])
        case _:
            return _flown(message)


def _flown(message: Message) -> LogDraft | None:
    match message:
        case StateLost(last_seq=last):
            lost: Parts = [
                Number(Counted.AFTER_MESSAGE, last),
                EpochTold(message.epoch),
                free_text(message.reason),
            ]
            return LogDraft(LogKind.STATE_LOST, lost)
        case LineCrossed():
            way = Remark(Phrase.OUTBOUND if message.outbound else Phrase.HOMEBOUND)
            crossed = [_aircraft(message.flyer), way, PlaceTold(place(message.at)), _unless(message.conforming)]
            return LogDraft(LogKind.CROSSING, crossed)
        case ZoneEntered(zone=zone):
            where = [named(Thing.ZONE, zone), PlaceTold(place(message.at))]
            return LogDraft(LogKind.ZONE, [_aircraft(message.flyer), *where, _unless(message.conforming)])
        case ConformanceChanged():
            kind = LogKind.CONFORMING if message.conforming else LogKind.STRAYS
            return LogDraft(kind, [_aircraft(message.flyer), PlaceTold(place(message.at)), free_text(message.detail)])
        case Encountered():
            close = Apart(message.horizontal_nm, message.vertical_ft)
            pair = AircraftPair(_aircraft(message.one), _aircraft(message.other))
            return LogDraft(LogKind.ENCOUNTER, [Term(message.grade.value), close, pair, PlaceTold(place(message.at))])
        case _:
            return desklog.told(message)


def place(at: Position) -> str:
    """The GARS keypad in which this lies, as officers name places to each other."""
    try:
        return gars(at, "keypad")
    except ValueError:
        return UNPLACED


def _advice(advice: Advice) -> Parts:
    circle = CircleAbout(place(advice.at), advice.radius_nm)
    return [Term(advice.kind.value), circle, TimeSpan(advice.start, advice.end), free_text(advice.statement)]


def _aircraft(flyer: Flyer) -> AircraftTold:
    operator = flyer.operator if flyer.operator != flyer.side else None
    return AircraftTold(flyer.callsign, flyer.side or "", operator)


def _unless(conforming: bool) -> Remark | None:  # noqa: FBT001  it is the message's own field
    return None if conforming else Remark(Phrase.NOT_AGREED_TO)
