"""How a service hears: bytes on a topic become messages, or an account of why they cannot be used.

Plans may be injected bare (see ``intake``) with any MQTT client; any injected message may come with an envelope
that is filled in where it lacks something. Every other topic takes whole messages only. A message is believed only
where its source may say it (see ``authority``).
"""

import hashlib
import re
from collections.abc import Collection
from datetime import datetime
from typing import Final

import msgspec

from .authority import admit, objection
from .flightplan import Notes, Problem
from .injection import CancelPlan, ChangePlan, DeclareEmergency, FileMessage, SubmitPlan
from .intake import (
    MAX_BYTES,
    Alteration,
    Cancellation,
    Filing,
    Order,
    Refusal,
    evidence_of,
    explain,
    names_in,
    read_orders,
    readable,
    together,
)
from .message import Message
from .names import ANONYMOUS
from .service import Unreadable
from .topics import INJECT, ORDER, MalformedMessageError, topic_at
from .unknown_fields import examine

_PARTY: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_TYPES: Final = frozenset(msgspec.json.encode(kind.__struct_config__.tag) for kind in ORDER.messages)

OfAPlan = SubmitPlan | CancelPlan | ChangePlan | DeclareEmergency
"""Orders whose unknown fields are told with the next word on the plan."""
_Envelope = dict[str, msgspec.Raw]


def ear(name: str, payload: bytes, now: datetime, parties: Collection[str] = ()) -> list[Message]:
    """What was heard on the topic of this name at ``now``. Never raises: what cannot be used is an ``Unreadable``.

    ``parties`` are those of the agreement, as far as they are known: nobody else may speak in their names.
    """
    topic = topic_at(name)
    levels = topic.match(name) if topic is ORDER or topic is INJECT else None
    if levels is None:
        return [_decoded(name, payload, payload, now, parties)]
    for level in levels.values():
        if not _PARTY.fullmatch(level):
            problem = Problem(code="malformed", field="topic", reason=f"{level[:40]!r} is not the name of a party")
            return [_unreadable(name, payload, now, problem)]
    known = {"source": ANONYMOUS, **levels}
    payload = payload.removeprefix(_BYTE_ORDER_MARK)
    envelope = _envelope(payload)
    if envelope is None:
        return _bare(name, payload, known, now, parties)
    plan_id, _ = names_in(envelope.get("plan", msgspec.Raw(b"{}")))
    filled_in = _filled_in(envelope, payload, known, now)
    heard = _decoded(name, filled_in, payload, now, parties, plan_id)
    return [_noted(heard, filled_in, name, payload, now) if isinstance(heard, OfAPlan) else heard]


def _noted(heard: OfAPlan, filled_in: bytes, name: str, payload: bytes, now: datetime) -> Message:
    """This order with what stood in it that is no field; refused where its area is of two shapes."""
    unknown, foreign = examine(msgspec.json.decode(filled_in), type(heard))
    if foreign:
        about = heard.plan.plan_id if isinstance(heard, SubmitPlan) else heard.plan_id
        return msgspec.structs.replace(_unreadable(name, payload, now, together(foreign)), about=about)
    return msgspec.structs.replace(heard, notes=unknown) if unknown else heard


def _decoded(
    name: str, message: bytes, payload: bytes, now: datetime, parties: Collection[str], about: str = ""
) -> Message:
    try:
        return admit(name, message, parties)
    except MalformedMessageError as error:
        problem = Problem(code=error.code, field=error.field, reason=readable(error.reason, error.field))
    except RecursionError as error:
        problem = explain(error)
    if problem.code == "not-allowed":
        about = ""  # a plan that was not theirs to file is not known by it
    return msgspec.structs.replace(_unreadable(name, payload, now, problem), about=about)


def _envelope(payload: bytes) -> _Envelope | None:
    """The fields of an injected message, or None when it should be read as bare plans."""
    if len(payload) > MAX_BYTES:
        return None
    try:
        payload.decode()  # of what stays raw nothing else would notice that it is not UTF-8
        fields = msgspec.json.decode(payload, type=_Envelope)
        kind = bytes(fields["type"])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError):
        return None
    # A type that nobody knows is an error of the type, unless it was put on something that is plainly a plan.
    return fields if kind in _TYPES or not fields.keys() & {"callsign", "plans"} else None


def _filled_in(envelope: _Envelope, payload: bytes, known: dict[str, str], now: datetime) -> bytes:
    lacking = {"id": _id(payload, now), "seq": 0, "time": now, **known}
    return msgspec.json.encode({**lacking, **envelope})


def _bare(name: str, payload: bytes, known: dict[str, str], now: datetime, parties: Collection[str]) -> list[Message]:
    orders, refusals, notes = read_orders(payload, now)
    told = zip(orders, notes, strict=True)
    submitted = [_submitted(order, about, number, known, now) for number, (order, about) in enumerate(told)]
    topic = topic_at(name)
    for message in submitted:
        if topic is not None and (problem := objection(message, topic, parties)):
            return [_unreadable(name, payload, now, problem)]
    refused = [_refused(name, refusal, number, now) for number, refusal in enumerate(refusals)]
    return [*submitted, *refused]


def _submitted(
    plan: Order, notes: Notes, number: int, known: dict[str, str], now: datetime
) -> SubmitPlan | CancelPlan | ChangePlan | FileMessage:
    if isinstance(plan, Alteration):
        content = f"{number} {sorted(plan.fields.items())}".encode()
        change = plan.addressed({"id": _id(content, now), "seq": 0, "time": now, **known})
        return msgspec.structs.replace(change, notes=notes or msgspec.UNSET)
    if isinstance(plan, Filing):
        return FileMessage(id=_id(f"{number} {plan.text}".encode(), now), seq=0, time=now, text=plan.text, **known)
    if isinstance(plan, Cancellation):
        named = f"{number} cancel {plan.plan_id}".encode()
        return CancelPlan(id=_id(named, now), seq=0, time=now, plan_id=plan.plan_id, notes=msgspec.UNSET, **known)
    # The moment is part of the id: a plan that is sent again is not a duplicate, it wants an answer again.
    content = f"{number} {plan.digest}".encode()
    return SubmitPlan(id=_id(content, now), seq=0, time=now, plan=plan, notes=notes or msgspec.UNSET, **known)


def _refused(name: str, refusal: Refusal, number: int, now: datetime) -> Unreadable:
    about, problem = refusal.plan_id, refusal.problem
    if which := about or refusal.callsign:
        problem = msgspec.structs.replace(problem, reason=f"{which}: {problem.reason}")
    unreadable = _unreadable(name, refusal.evidence.encode(), now, problem, number)
    return msgspec.structs.replace(unreadable, about=about)


def _unreadable(name: str, payload: bytes, now: datetime, problem: Problem, number: int = 0) -> Unreadable:
    return Unreadable(
        id=_id(f"{number} {name} ".encode() + payload, now),
        source=_sender(name),
        seq=0,
        time=now,
        topic=name,
        code=problem.code,
        field=problem.field,
        reason=problem.reason,
        evidence=evidence_of(payload),
    )


def _sender(name: str) -> str:
    """Who may publish on this topic, where its name says so."""
    topic = topic_at(name)
    if topic is INJECT:
        return ANONYMOUS
    source = ((topic.match(name) if topic else None) or {}).get("source", "")
    return source if _PARTY.fullmatch(source) else "unknown"


def _id(content: bytes, now: datetime) -> str:
    return f"inject-{hashlib.sha256(now.isoformat().encode() + b' ' + content).hexdigest()[:16]}"
