"""Who may say what: the role of each name, what a role may say and hear, and the broker's access list made of that.

Everybody who receives a message looks here too (see ``hearing``): a broker lets an identity publish under its own name
only, and cannot tell what kind of message it is that passes.
"""

import enum
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple, get_args

from .events import DeadLettered, EventMessage, InputRejected, PlanStatus, StateLost
from .flightplan import Problem
from .injection import (
    AnnounceLine,
    CancelPlan,
    ChangePlan,
    DeclareEmergency,
    FileMessage,
    Injected,
    InjectedMessage,
    PassAdvice,
    ReportSighting,
    SubmitPlan,
)
from .line import LineMessage
from .message import Message
from .names import ANONYMOUS, DESK, PEOPLE, PROBE, RESERVED, SERVICES, desk_of, party_of
from .orders import DeskOrder
from .service import Clock, Health, Receipt, Resend, Stop
from .sky import SkyEvent, Tracks
from .topics import (
    CLOCK,
    CONTROL,
    EVENT,
    EVERYTHING,
    HEALTH,
    INJECT,
    LINE,
    OLD_CONTROL,
    ORDER,
    RECEIPT,
    STATUS,
    TOPICS,
    TRACK,
    MalformedMessageError,
    Topic,
    decode,
    topic_at,
)

Kinds = frozenset[type[Message]]


class Role(enum.Enum):
    """What a name on the wire stands for."""

    CENTRE = "centre"
    SKY = "sky"
    DIRECTOR = "director"
    MONITOR = "monitor"
    PAGE = "page"
    DESK = "desk"
    CONTROL = "control"
    OBSERVER = "observer"
    PROBE = "probe"
    ANYBODY = "anybody"


_FIXED: Final = {name: Role(name) for name in (*SERVICES, *PEOPLE, PROBE)} | {ANONYMOUS: Role.ANYBODY}
_AUTHORED: Final = re.compile(r"([a-z][a-z0-9-]{0,31})-[a-z0-9]{1,16}-[0-9]+")
"""The id that an :class:`~.message.Author` gives to a message that it counts."""


def role_of(name: str) -> Role:
    """The role of this name: a fixed one, that of a desk, or else that of a centre."""
    return _FIXED.get(name) or (Role.DESK if name.endswith(DESK) else Role.CENTRE)


def has_channel(name: str, parties: Collection[str] = ()) -> bool:
    """Whether this name speaks on topics of its own, so that nobody may bear it on those that are open to all."""
    return name != ANONYMOUS and (name in RESERVED or name.endswith(DESK) or name in parties)


class Rights(NamedTuple):
    """What a role is for, and the kinds of message that it may say."""

    summary: str
    says: Kinds


def _kinds(*unions: Any) -> Kinds:
    return frozenset(kind for union in unions for kind in (get_args(union) or (union,)))


_SERVICE: Final = _kinds(Health, Receipt, Resend, InputRejected, DeadLettered, StateLost)
RIGHTS: Final[Mapping[Role, Rights]] = {
    Role.CENTRE: Rights(
        "a centre: speaks under its own name alone, and hears what is meant for it",
        _SERVICE | _kinds(LineMessage, PlanStatus) | (_kinds(EventMessage) - _kinds(SkyEvent)),
    ),
    Role.SKY: Rights(
        "flies the aircraft: hears what is to be flown, says what comes of it, and tells each side what it sees",
        _SERVICE | _kinds(SkyEvent, Tracks, ReportSighting, DeclareEmergency),
    ),
    Role.DIRECTOR: Rights(
        "gives the time, and orders what the scenario holds; may stop a service",
        _SERVICE | _kinds(InjectedMessage, Clock, Stop),
    ),
    Role.MONITOR: Rights(
        "hears everything, and asks sources to say again what it lacks; can order and stop nothing", _SERVICE
    ),
    Role.PAGE: Rights(
        "hands on plans that people enter; hears where aircraft are, who is there, and the time",
        _kinds(SubmitPlan, CancelPlan, ChangePlan, FileMessage),
    ),
    Role.DESK: Rights(
        "a person at the desk of this party: orders its own centre alone, and hears what that says and is told",
        _kinds(DeskOrder, SubmitPlan, CancelPlan, ChangePlan, FileMessage, DeclareEmergency)
        | _kinds(ReportSighting, AnnounceLine, PassAdvice),
    ),
    Role.CONTROL: Rights(
        "exercise control: puts things to any side, stops services, hears everything, and sits at no desk",
        _kinds(InjectedMessage, Stop),
    ),
    Role.OBSERVER: Rights("hears everything, and says nothing", frozenset()),
    Role.PROBE: Rights("asks who is there and what time it is, as a health check does, and says nothing", frozenset()),
    Role.ANYBODY: Rights(
        "whoever types something by hand, under no name that others bear", _kinds(InjectedMessage, Resend)
    ),
}


# What a receiver checks ----------------------------------------------------------------------------------


def objection(message: Message, topic: Topic, parties: Collection[str] = ()) -> Problem | None:
    """Why this message may not be said on this topic, or None. ``parties`` are those of the agreement, as far as known.

    That the source is the one whom the topic names has been looked at before: see :meth:`.topics.Topic.decode`.
    """
    source = message.source
    if topic is INJECT and has_channel(source, parties):
        return _not_allowed("source", f"is {source}, which speaks on topics of its own and not on this one")
    role = Role.ANYBODY if topic.anonymous else role_of(source)
    if type(message) not in RIGHTS[role].says:
        return _not_allowed("type", f"{_tag(message)} is nothing that {_whom(source, role)} may say")
    to = getattr(message, "to", "")
    if role is Role.DESK and to != party_of(source):
        return _not_allowed("to", f"{source} sits at the desk of {party_of(source)} and orders nothing of {to}")
    author = _AUTHORED.fullmatch(message.id)
    if author and author[1] != source and has_channel(author[1], parties):
        return _not_allowed("id", f"{message.id} is an id that only {author[1]} may give")
    return None


def admit(name: str, payload: bytes, parties: Collection[str] = ()) -> Message:
    """The message that arrived on this topic name, if its source may say it there. Raises MalformedMessageError."""
    message = decode(name, payload)
    topic = topic_at(name)
    problem = objection(message, topic, parties) if topic is not None else None
    if problem is not None:
        raise MalformedMessageError(name, problem.field, problem.reason, payload, problem.code)
    return message


def _not_allowed(field: str, reason: str) -> Problem:
    return Problem(code="not-allowed", field=field, reason=reason)


def _tag(message: Message) -> str:
    return str(message.__struct_config__.tag)


def _whom(source: str, role: Role) -> str:
    match role:
        case Role.CENTRE:
            return f"a centre, such as {source},"
        case Role.DESK:
            return "a desk"
        case Role.ANYBODY:
            return "anybody without a name of their own"
        case _:
            return source


def may_order(source: str, kind: type[Injected], to: str) -> bool:
    """Whether this name may put a message of this kind to ``to``, in its own name."""
    role = role_of(source)
    return kind in RIGHTS[role].says and (role is not Role.DESK or source == desk_of(to))


def door(user: str | None, kind: type[Injected], to: str) -> str:
    """The address at which somebody whom the broker knows as ``user`` puts a message of this kind to ``to``: that of
    their own name, or where they have none that may say it, the one that is open to all."""
    if user is not None and may_order(user, kind, to):
        return ORDER.filter(source=user, to=to)
    return INJECT.filter(to=to)


# What a broker checks ------------------------------------------------------------------------------------


def may_publish(name: str) -> Iterator[str]:
    """The topic filters on which this identity may publish."""
    role = role_of(name)
    for topic in TOPICS:
        if topic is INJECT and role in {Role.DESK, Role.CONTROL}:  # people type there
            yield INJECT.filter(**_towards(name))
        elif not topic.anonymous and RIGHTS[role].says.intersection(topic.messages):
            yield topic.filter(source=name, **_towards(name))


def _towards(name: str) -> dict[str, str]:
    """To whom alone this identity speaks, if there is one such."""
    return {"to": party_of(name)} if role_of(name) is Role.DESK else {}


def may_hear(name: str) -> list[str]:
    """The topic filters that this identity may subscribe to."""
    told = [topic.filter(to=name) for topic in (ORDER, INJECT, LINE, RECEIPT, CONTROL, OLD_CONTROL)]
    orders, _, _, receipts, *resends = told
    public = [HEALTH.filter(), CLOCK.filter()]
    match role_of(name):
        case Role.CENTRE:
            return [*told, *public]
        case Role.SKY:
            flown = [topic.filter() for topic in (ORDER, INJECT, STATUS, EVENT)]
            return [*flown, receipts, *resends, *public]
        case Role.DIRECTOR:
            return [orders, STATUS.filter(), receipts, *resends, *public]
        case Role.PAGE:
            return [TRACK.filter(), *public]
        case Role.DESK:
            party = party_of(name)
            told = [topic.filter(to=party) for topic in (ORDER, INJECT, LINE)]
            said = [topic.filter(source=party) for topic in (LINE, STATUS, EVENT)]
            return [*told, *said, RECEIPT.filter(source=party, to=name), TRACK.filter(), *public]
        case Role.MONITOR | Role.CONTROL | Role.OBSERVER:
            return [EVERYTHING]
        case Role.PROBE:
            return [*public, "$SYS/broker/uptime"]
        case Role.ANYBODY:
            return []


def identities(parties: Iterable[str]) -> list[str]:
    """Everybody whom the broker of an exercise with these parties knows."""
    parties = list(parties)
    return [*parties, *SERVICES, *map(desk_of, parties), *PEOPLE, PROBE]


_HEAD: Final = """\
# Who may publish and hear what at the broker, as protocol/hotline_protocol/authority.py has it: change it there, and
# `make schemas` writes this file. Receivers check beside it what kind of message an identity may say.
"""


def access_list(parties: Iterable[str]) -> str:
    """The access list of mosquitto for an exercise with these parties: a block for each identity."""
    return "\n".join([_HEAD, *(_block(name) for name in identities(parties))])


def _block(name: str) -> str:
    summary = RIGHTS[role_of(name)].summary
    lines = [f"# {summary}", f"user {name}"]
    lines += [f"topic write {where}" for where in may_publish(name)]
    lines += [f"topic read {where}" for where in may_hear(name)]
    return "\n".join(lines) + "\n"
