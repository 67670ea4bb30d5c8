"""Plans as they come from outside, in any of the accepted forms, and what may be wrong with them.

A payload is one plan as a JSON object, an array of plans, an object ``{"plans": [...]}``, or one or more ICAO FPL
messages; UTF-8 in each case. It may hold 2 MB and 1,000 plans. Each plan stands for itself: one that cannot be
read is refused with its own evidence and disturbs none of the others. Nothing here raises.
"""

import enum
import re
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple, get_args

import msgspec

from .airspace import Corridor
from .flightplan import Callsign, FlightKind, FlightPlan, Notes, Priority, Problem
from .geometry import area_problem, length_nm
from .icao_fpl import FiledPlan, read_fpl, split_messages
from .injection import CancelPlan, ChangePlan
from .message import Digest, Identifier, PartyName
from .topics import split_validation_error
from .unknown_fields import Examined, examine
from .whole_numbers import decode_json

MAX_BYTES: Final = 2_000_000
MAX_PLANS: Final = 1_000
EVIDENCE_CHARS: Final = 200
REASON_CHARS: Final = 1_000
A_TIME: Final = "2017-06-18T15:00:00Z"

LONGEST_FLIGHT: Final = timedelta(hours=24)
FURTHEST_AHEAD: Final = timedelta(days=30)
SLOWEST_KT: Final = 30
FASTEST_KT: Final = 1_500


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is not a plan: why, and how it begins. Id and callsign are empty if they could not be read."""

    problem: Problem
    evidence: str
    plan_id: str = ""
    callsign: str = ""


class Cancellation(msgspec.Struct, frozen=True, kw_only=True):
    """An order to take a plan back, as a CNL message or a ``cancel-plan`` gives it."""

    plan_id: str


class Filing(msgspec.Struct, frozen=True, kw_only=True):
    """An ICAO message that changes a plan, as it came: only the centre knows the plan. ``callsign`` is whose."""

    text: str
    callsign: str = ""

    @property
    def plan_id(self) -> str:
        """The callsign: only the centre knows the id of the plan that an ICAO message names."""
        return self.callsign


class Alteration(msgspec.Struct, frozen=True, kw_only=True):
    """A ``change-plan`` as it came, without an envelope: ``fields`` are those that it names, as JSON."""

    plan_id: str
    fields: dict[str, msgspec.Raw]

    def addressed(self, envelope: dict[str, Any]) -> ChangePlan:
        """The message in this envelope."""
        return decode_json(_change, msgspec.json.encode({**self.fields, **envelope}))


Order = FlightPlan | Cancellation | Filing | Alteration


class _Batch(msgspec.Struct):
    plans: list[msgspec.Raw]


class _Named(msgspec.Struct):
    """As much of a plan as helps to say which one it is."""

    plan_id: msgspec.Raw = msgspec.Raw(b'""')
    callsign: msgspec.Raw = msgspec.Raw(b'""')


_plan: Final = msgspec.json.Decoder(FlightPlan)
_change: Final = msgspec.json.Decoder(ChangePlan)
_ORDERS: Final[dict[bytes, msgspec.json.Decoder[Any]]] = {
    b'"change-plan"': _change,
    b'"cancel-plan"': msgspec.json.Decoder(CancelPlan),
}


class Intake(NamedTuple):
    """The plans, cancellations and changes in a payload as they come, a refusal for everything else, and what stood in
    each plan that is no field: it is told, and stops nothing.
    """

    orders: list[Order]
    refusals: list[Refusal]
    notes: list[Notes]


def read_plans(payload: bytes, now: date) -> tuple[list[FlightPlan], list[Refusal]]:
    """The plans in a payload, and a refusal for each thing in it that is not one. ``now`` dates FPLs without DOF."""
    found, refusals, _ = read_orders(payload, now)
    plans = [each for each in found if isinstance(each, FlightPlan)]
    return plans, refusals + [_no_plan(each, payload) for each in found if not isinstance(each, FlightPlan)]


def _no_plan(order: Cancellation | Filing | Alteration, payload: bytes) -> Refusal:
    if isinstance(order, Alteration):
        problem = Problem(code="unknown-message", field="type", reason="change-plan changes a plan, and is none")
        return _refusal(problem, payload, order.plan_id)
    kind = "CNL" if isinstance(order, Cancellation) else order.text[1:4]
    verb = "cancels" if kind == "CNL" else "changes"
    problem = Problem(code="unknown-message", field="field 3", reason=f"{kind} {verb} a plan, and is none")
    return _refusal(problem, payload, order.plan_id if isinstance(order, Cancellation) else "")


def read_orders(payload: bytes, now: date) -> Intake:
    """All that is in a payload. ``now`` dates FPLs without DOF."""
    if len(payload) > MAX_BYTES:
        return _refused("too-large", f"has {len(payload):,} bytes; {MAX_BYTES:,} is the most", payload)
    try:
        text = payload.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        return _refused("not-utf-8", f"is not UTF-8: byte {error.start} is 0x{payload[error.start]:02x}", payload)
    if not text:
        return _refused("empty", "is empty", payload)
    if text[0] in "{[":
        return _read_json(text.encode())
    if messages := split_messages(text):
        return _read_messages(messages, payload, now)
    return _refused("unknown-format", "is neither a plan in JSON nor an ICAO message such as (FPL-...)", payload)


def _read_json(text: bytes) -> Intake:
    try:
        return _read_each(_raw_plans(text), text)
    except (msgspec.DecodeError, RecursionError) as error:
        return Intake([], [_refusal(explain(error), text)], [])


def _raw_plans(text: bytes) -> list[msgspec.Raw]:
    """Each plan's own bytes. Raises msgspec.DecodeError when the JSON is malformed, RecursionError when too deep."""
    if text.startswith(b"["):
        return msgspec.json.decode(text, type=list[msgspec.Raw])
    if "plans" in msgspec.json.decode(text, type=dict[str, msgspec.Raw]):
        return msgspec.json.decode(text, type=_Batch).plans
    return [msgspec.Raw(text)]


def _read_each(items: list[msgspec.Raw], text: bytes) -> Intake:
    if not items:
        return _refused("empty", "holds no plan", text)
    if len(items) > MAX_PLANS:
        return _too_many(len(items), text)
    plans, refusals, notes = read = Intake([], [], [])
    for item in items:
        try:
            order, examined = _read_order(item) or _read_plan(item)
        except (msgspec.DecodeError, RecursionError) as error:
            refusals.append(_refusal(_beside(explain(error), item), bytes(item), *names_in(item)))
            continue
        except _UnknownTypeError as error:
            refusals.append(_refusal(error.problem, bytes(item), *names_in(item)))
            continue
        if examined.foreign:
            refusals.append(_refusal(together(examined.foreign), bytes(item), *names_in(item)))
            continue
        plans.append(order)
        notes.append(examined.unknown)
    return read


def _read_plan(item: msgspec.Raw) -> tuple[Order, Examined]:
    """Raises msgspec.DecodeError, or RecursionError."""
    return decode_json(_plan, item), examine(msgspec.json.decode(item), FlightPlan)


def _read_order(item: msgspec.Raw) -> tuple[Order, Examined] | None:
    """The change or cancellation that this is; None where its type says neither and it looks like a plan.

    Raises msgspec.DecodeError, RecursionError, or _UnknownTypeError.
    """
    try:
        fields = msgspec.json.decode(item, type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        return None
    kind = bytes(fields.get("type", msgspec.Raw(b""))).strip()
    if kind not in _ORDERS:
        if kind and "callsign" not in fields:
            raise _UnknownTypeError(kind)
        return None
    order = _ORDERS[kind]
    envelope = {"id": "read", "source": "read", "seq": 0, "time": A_TIME, "to": "read"}
    decoded: ChangePlan | CancelPlan = decode_json(order, msgspec.json.encode({**fields, **envelope}))
    examined = examine(msgspec.json.decode(item), type(decoded))
    if isinstance(decoded, CancelPlan):
        return Cancellation(plan_id=decoded.plan_id), examined
    own = {name: raw for name, raw in fields.items() if name not in envelope}
    return Alteration(plan_id=decoded.plan_id, fields=own), examined


class _UnknownTypeError(ValueError):
    """A message that is not plainly a plan has a type that cannot be handed in."""

    def __init__(self, kind: bytes) -> None:
        super().__init__(kind)
        named = kind[:EVIDENCE_CHARS].decode(errors="replace").strip('"')
        reason = f"is {named!r}; it may be change-plan or cancel-plan, and a plan has none"
        self.problem: Final = Problem(code="unknown-message", field="type", reason=reason)


def _beside(problem: Problem, item: msgspec.Raw) -> Problem:
    """The problem with what stands in this plan that is no field, where a field is missing: that may be misspelt."""
    if problem.code != "missing-field":
        return problem
    unknown = examine(msgspec.json.decode(item), FlightPlan).unknown
    names = [f"{note.field} is {note.reason}" for note in unknown]
    return msgspec.structs.replace(problem, reason="; ".join([problem.reason, *names])[:REASON_CHARS])


def names_in(item: msgspec.Raw) -> tuple[str, str]:
    """Id and callsign of something that was meant as a plan; empty where they cannot be read or used in a topic."""
    try:
        named = msgspec.json.decode(item, type=_Named)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "", ""
    return _name(named.plan_id), _name(named.callsign)


def _name(raw: msgspec.Raw) -> str:
    try:
        return msgspec.json.decode(raw, type=Identifier)
    except (msgspec.DecodeError, UnicodeDecodeError):  # what is kept raw has not been looked into
        return ""


def _read_messages(messages: list[str], payload: bytes, now: date) -> Intake:
    if len(messages) > MAX_PLANS:
        return _too_many(len(messages), payload)
    filed = [one for message in messages for one in read_fpl(f"({message}", now)]
    found = [order for one in filed if (order := _order(one))]
    return Intake(found, [_refused_filing(one) for one in filed if one.problems], [()] * len(found))


def _order(filed: FiledPlan) -> Order | None:
    if filed.changes:
        return Filing(text=filed.changes, callsign=filed.callsign)
    return filed.plan or (Cancellation(plan_id=filed.cancels) if filed.cancels else None)


def _refused_filing(filed: FiledPlan) -> Refusal:
    return _refusal(together(filed.problems), filed.text.encode(), filed.plan_id, filed.callsign)


def together(problems: tuple[Problem, ...]) -> Problem:
    """One problem that tells all of these: its code is the first one's, its field names them all once."""
    if len(problems) == 1:
        return problems[0]
    fields = ", ".join(dict.fromkeys(problem.field for problem in problems))
    reasons = "; ".join(f"{problem.field}: {problem.reason}" for problem in problems)
    return Problem(code=problems[0].code, field=fields, reason=reasons[:REASON_CHARS])


def _refused(code: str, reason: str, payload: bytes) -> Intake:
    return Intake([], [_refusal(Problem(code=code, field="payload", reason=reason), payload)], [])


def _too_many(count: int, payload: bytes) -> Intake:
    return _refused("too-many-plans", f"holds {count:,} plans; {MAX_PLANS:,} is the most", payload)


def _refusal(problem: Problem, text: bytes, plan_id: str = "", callsign: str = "") -> Refusal:
    return Refusal(problem=problem, evidence=evidence_of(text), plan_id=plan_id, callsign=callsign)


def evidence_of(payload: bytes) -> str:
    """How a payload begins, fit to be shown: 200 characters, bytes that are not UTF-8 replaced."""
    return payload[: 4 * EVIDENCE_CHARS].decode(errors="replace")[:EVIDENCE_CHARS]


def explain(error: Exception) -> Problem:
    """What the JSON decoder found, in words for the person who wrote the message."""
    if isinstance(error, RecursionError):
        return Problem(code="too-deep", field="message", reason="is nested too deeply")
    reason, field = split_validation_error(str(error))
    if not isinstance(error, msgspec.ValidationError):
        return Problem(
            code="malformed-json", field="message", reason=f"is not JSON: {reason.removeprefix('JSON is malformed: ')}"
        )
    code = "missing-field" if "missing required" in reason else "bad-value"
    return Problem(code=code, field=field, reason=readable(reason, f"plan.{field}"))


def _unmatched(kind: Any) -> str:
    """What the decoder says of text that is not of this kind."""
    return f"Expected `str` matching regex {get_args(kind)[1].pattern!r}"


_IN_WORDS: Final = {
    _unmatched(Callsign): "must be two to seven capital letters and digits",
    _unmatched(Identifier): "must be 1 to 96 letters, digits and _ . : - , the first a letter or digit",
    _unmatched(PartyName): "must be 1 to 32 small letters, digits and - , the first a letter",
    _unmatched(Digest): "must be 16 to 64 digits, in hex with small letters",
    "Expected `int`, got `float`": "must be a whole number",
    "Invalid RFC3339 encoded datetime": f"is not a time such as {A_TIME}",
    "Expected `datetime` with a timezone component": f"does not say which zone it is in, as Z for UTC does in {A_TIME}",
}
_CHOICES: Final = {"plan.kind": FlightKind, "plan.priority": Priority}


def readable(reason: str, field: str) -> str:
    """The decoder's reason as a sentence about the field, where the decoder's own words take some guessing."""
    if reason in _IN_WORDS:
        return _IN_WORDS[reason]
    if field.endswith("shape"):
        return "must be polygon, corridor or circle"
    if wrong := re.fullmatch(r"Invalid enum value (.*)", reason, re.DOTALL):
        return f"is {wrong[1]}; it may be {_listed(_CHOICES[field])}" if field in _CHOICES else reason
    if missing := re.search(r"missing required field `(\w+)`", reason):
        return "is missing" if field.rpartition(".")[2] == missing[1] else f"has no {missing[1]}"
    if too_long := re.fullmatch(r"Expected `array` of length <= (\d+)", reason):
        return f"has more than {too_long[1]} entries, the most that is taken"
    if too_short := re.fullmatch(r"Expected `array` of length >= (\d+)", reason):
        return f"has fewer than {too_short[1]} entries"
    return reason


def _listed(kind: type[enum.Enum]) -> str:
    *names, last = (str(member.value) for member in kind)
    return f"{', '.join(names)} or {last}"


def check_plan(plan: FlightPlan, now: datetime) -> list[Problem]:
    """Everything about a well-formed plan that cannot be flown or spoken of, at ``now``. Empty when it is sound.

    A flight that has begun may still be announced, as late as that is; one that has ended may not. A plan that is
    already known must be recognised before this is asked: it may have ended since.
    """
    return [*_window_problems(plan, now), *_block_problems(plan), *_area_problems(plan)]


def _window_problems(plan: FlightPlan, now: datetime) -> list[Problem]:
    problems = []
    if plan.end <= plan.start:
        problems.append(_says("ends-before-start", "end", f"{_utc(plan.end)} is not after start, {_utc(plan.start)}"))
    elif plan.end - plan.start > LONGEST_FLIGHT:
        problems.append(_says("too-long", "end", f"is {plan.end - plan.start} after start; 24 hours is the most"))
    if plan.end <= now:
        problems.append(_says("in-the-past", "end", f"{_utc(plan.end)} has passed; it is {_utc(now)}"))
    if plan.start - now > FURTHEST_AHEAD:
        problems.append(_says("too-far-ahead", "start", f"is {(plan.start - now).days} days ahead; 30 is the most"))
    return problems


def _block_problems(plan: FlightPlan) -> list[Problem]:
    if plan.lower_ft < plan.upper_ft:
        return []
    reason = f"{plan.lower_ft:,} ft is not below upper_ft, {plan.upper_ft:,} ft"
    return [_says("lower-not-below-upper", "lower_ft", reason)]


def _area_problems(plan: FlightPlan) -> list[Problem]:
    if problem := area_problem(plan.area):
        return [_says("bad-area", *problem)]
    if not isinstance(plan.area, Corridor) or plan.end <= plan.start:
        return []
    speed_kt = length_nm(plan.area) / ((plan.end - plan.start) / timedelta(hours=1))
    if SLOWEST_KT <= speed_kt <= FASTEST_KT:
        return []
    reason = f"the corridor would be flown at {speed_kt:,.0f} kt; between {SLOWEST_KT} and {FASTEST_KT:,} is possible"
    return [_says("impossible-speed", "end", reason)]


def _utc(when: datetime) -> str:
    return when.isoformat(timespec="seconds").replace("+00:00", "Z")


def _says(code: str, field: str, reason: str) -> Problem:
    return Problem(code=code, field=field, reason=reason)
