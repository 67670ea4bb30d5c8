"""The duty log's lines on what happens about the line: advice, mail, line reviews, officers, strain and the sky."""

from collections.abc import Sequence
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
    TraceOffer,
)
from hotline_protocol.message import Message
from hotline_protocol.orders import AtDesk
from hotline_protocol.sky import ConformanceChanged, Encountered, Flyer, LineCrossed, ZoneEntered

from . import desklog
from .wording import clock_time, duration, words

Entry = tuple[str, Sequence[str]]

UNPLACED: Final = "?"


def said(message: ToPeer) -> Entry | None:
    """What one side told the other that is no bargaining about air."""
    match message:
        case Advise(advice=advice):
            return "advise", _advice(advice)
        case ReadBack() | Affirm():
            verb = "read back" if isinstance(message, ReadBack) else "affirm"
            return verb, [f"the place is {place(message.at)}"]
        case Mail(advice=advice):
            return "mail", _advice(advice)
        case MailRead():
            return "mail read", [message.about]
        case _:
            return _reviewed(message)


def _reviewed(message: ToPeer) -> Entry | None:
    match message:
        case ProposeTrace() | CounterTrace():
            return f"line {message.round}", [message.review_id, _moved(message.trace)]
        case ConcurTrace():
            return "concur", [message.review_id, f"line {message.offer[:8]}"]
        case DeclineTrace():
            return "decline", [message.review_id, message.reason]
        case Amend():
            return "amend", [message.review_id, f"the line runs anew from {clock_time(message.effective_at)}"]
        case _:
            return None


def injected(message: Injected) -> Entry | None:
    """What an exercise puts to a side, or to the sky."""
    match message:
        case PassAdvice(advice=advice):
            return "to be told", [f"to {message.peer.upper()}", *_advice(advice)]
        case FlyUnannounced(plan=plan):
            whose = (plan.operator or message.side or "nobody").upper()
            return "flies", [f"{plan.callsign} of {whose}", f"{clock_time(plan.start)}-{clock_time(plan.end)}"]
        case Deviate():
            return "deviates", [f"{message.side.upper()} {message.plan_id}", words(message.kind.value)]
        case AtDesk():
            return desklog.ordered(message)
        case _:
            return None


def happened(message: Message) -> Entry | None:
    """What a service tells everybody."""
    match message:
        case PresenceChanged():
            return "officers", [words(message.tier.value), "present" if message.present else "away", message.reason]
        case Misheard():
            noticed = "noticed when read back" if message.caught else "not noticed"
            return "misheard", [f"of {message.peer.upper()}", f"{message.error_nm:.1f} NM off", noticed]
        case ActivityStopped():
            took = duration((message.time - message.understood_at).total_seconds())
            return "STOPPED", [", ".join(message.plan_ids) or "nothing of ours was there", f"{took} after understood"]
        case StrainChanged():
            because = f"with {message.peer.upper()}: {words(message.because)}"
            level = f"{message.stage.value} at {message.after:g}"  # the sum at the end may be too long for a line
            return "strain", [level, because, message.arithmetic]
        case LineMoved():
            return "LINE MOVED", [message.review_id, f"agreement {message.agreement[:8]}"]
        case ReviewEnded():
            agreed = "agreed" if message.agreed else f"not agreed: {message.reason}"
            return "review", [message.review_id, agreed, f"{message.rounds} rounds"]
        case _:
            return _flown(message)


def _flown(message: Message) -> Entry | None:
    match message:
        case StateLost():
            return "STATE LOST", [f"after its message {message.last_seq}", f"epoch {message.epoch}", message.reason]
        case LineCrossed():
            way = "outbound" if message.outbound else "homebound"
            return "crossing", [_who(message.flyer), way, place(message.at), *_unless(message.conforming)]
        case ZoneEntered():
            return "zone", [_who(message.flyer), message.zone, place(message.at), *_unless(message.conforming)]
        case ConformanceChanged():
            verb = "conforming" if message.conforming else "strays"
            return verb, [_who(message.flyer), place(message.at), message.detail]
        case Encountered():
            close = f"{message.horizontal_nm:.2f} NM and {message.vertical_ft:,.0f} ft"
            pair = f"{_who(message.one)} and {_who(message.other)}"
            return "ENCOUNTER", [words(message.grade.value), close, pair, place(message.at)]
        case _:
            return desklog.told(message)


def place(at: Position) -> str:
    """The GARS keypad in which this lies, as officers name places to each other."""
    try:
        return gars(at, "keypad")
    except ValueError:
        return UNPLACED


def _advice(advice: Advice) -> Sequence[str]:
    until = f"{clock_time(advice.start)}-{clock_time(advice.end)}"
    return [words(advice.kind.value), f"{place(advice.at)} and {advice.radius_nm:g} NM about", until, advice.statement]


def _who(flyer: Flyer) -> str:
    side = (flyer.side or "nobody").upper()
    return f"{flyer.callsign} of {side}" + (f" ({flyer.operator})" if flyer.operator != flyer.side else "")


def _unless(conforming: bool) -> Sequence[str]:  # noqa: FBT001  it is the message's own field
    return [] if conforming else ["not agreed to"]


def _moved(trace: TraceOffer) -> str:
    return "moved by " + ", ".join(f"{offset:+.1f}" for offset in trace.offsets_nm) + " NM"
