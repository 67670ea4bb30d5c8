"""How a service hears: bytes on a topic become messages, or an account of why they cannot be used.

Plans may be injected bare (see ``intake``) with any MQTT client; any injected message may come with an envelope
that is filled in where it lacks something. Every other topic takes whole messages only.
"""

import hashlib
import re
from datetime import datetime
from typing import Final

import msgspec

from .flightplan import FlightPlan, Problem
from .injection import SubmitPlan
from .intake import MAX_BYTES, Refusal, evidence_of, explain, names_in, read_plans, readable
from .message import Message
from .service import Unreadable
from .topics import INJECT, MalformedMessageError, decode

SOURCE: Final = "inject"

_PARTY: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_TYPES: Final = frozenset(msgspec.json.encode(kind.__struct_config__.tag) for kind in INJECT.messages)

_Envelope = dict[str, msgspec.Raw]


def ear(name: str, payload: bytes, now: datetime) -> list[Message]:
    """What was heard on the topic of this name at ``now``. Never raises: what cannot be used is an ``Unreadable``."""
    levels = INJECT.match(name)
    if levels is None:
        return [_decoded(name, payload, payload, now)]
    to = levels["to"]
    if not _PARTY.fullmatch(to):
        problem = Problem(code="malformed", field="topic", reason=f"{to[:40]!r} is not the name of a party")
        return [_unreadable(name, payload, now, problem)]
    payload = payload.removeprefix(_BYTE_ORDER_MARK)
    envelope = _envelope(payload)
    if envelope is None:
        return _bare(name, payload, to, now)
    plan_id, _ = names_in(envelope.get("plan", msgspec.Raw(b"{}")))
    return [_decoded(name, _filled_in(envelope, payload, to, now), payload, now, plan_id)]


def _decoded(name: str, message: bytes, payload: bytes, now: datetime, about: str = "") -> Message:
    try:
        return decode(name, message)
    except MalformedMessageError as error:
        problem = Problem(code="malformed", field=error.field, reason=readable(error.reason, error.field))
    except RecursionError as error:
        problem = explain(error)
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


def _filled_in(envelope: _Envelope, payload: bytes, to: str, now: datetime) -> bytes:
    lacking = {"id": _id(payload, now), "source": SOURCE, "seq": 0, "time": now, "to": to}
    return msgspec.json.encode({**lacking, **envelope})


def _bare(name: str, payload: bytes, to: str, now: datetime) -> list[Message]:
    plans, refusals = read_plans(payload, now.date())
    submitted = [_submitted(plan, number, to, now) for number, plan in enumerate(plans)]
    refused = [_refused(name, refusal, number, now) for number, refusal in enumerate(refusals)]
    return [*submitted, *refused]


def _submitted(plan: FlightPlan, number: int, to: str, now: datetime) -> SubmitPlan:
    # The moment is part of the id: a plan that is sent again is not a duplicate, it wants an answer again.
    content = f"{number} {plan.digest}".encode()
    return SubmitPlan(id=_id(content, now), source=SOURCE, seq=0, time=now, to=to, plan=plan)


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
    kind, _, rest = name.removeprefix("hotline/v1/").partition("/")
    source = rest.partition("/")[0]
    if kind in {"line", "status", "event", "health", "receipt"} and _PARTY.fullmatch(source):
        return source
    return SOURCE if kind == "inject" else "unknown"


def _id(content: bytes, now: datetime) -> str:
    return f"inject-{hashlib.sha256(now.isoformat().encode() + b' ' + content).hexdigest()[:16]}"
