"""Handing plans to a centre: what is in a text of plans, what is wrong with it, and what is sent.

One model for all who inject: the command line, the page, any program over HTTP.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Final

import msgspec

from hotline_protocol.authority import Role, door, may_order, role_of
from hotline_protocol.flightplan import FlightPlan, Problem
from hotline_protocol.injection import SubmitPlan
from hotline_protocol.intake import Alteration, Filing, Order, Refusal, check_plan, read_orders
from hotline_protocol.names import CONTROL, RESERVED
from hotline_protocol.topics import INJECT, ORDER
from hotline_services.delivery.payloads import Signing

CANCEL: Final = "cancel-plan"
MESSAGE: Final = "file-message"
NO_PARTIES: Final = RESERVED  # some of them are up and well, but fly nothing


NAMED: Final = 5
"""Plans of one letter that are named."""


class Letter(msgspec.Struct, frozen=True):
    """One payload to publish. ``plans`` are the plans in it whose answers can be waited for.

    ``cancels`` is the id of the plan that an order cancels. Of an order that changes a plan, ``changes`` is the kind
    and ``about`` the plan's id or callsign.
    """

    payload: bytes
    plans: tuple[FlightPlan, ...] = ()
    cancels: str = ""
    changes: str = ""
    about: str = ""

    @property
    def is_order(self) -> bool:
        """Whether it changes or cancels a plan, and holds none."""
        return bool(self.cancels or self.changes)

    @property
    def goes_on(self) -> bool:
        """Whether it asks for another version of a plan: that the version before is withdrawn is then no answer."""
        return bool(self.changes) and self.changes != "ARR"

    def with_id(self, token: str) -> tuple[str, "Letter"]:
        """An id that ends in ``token``, and the same order with it: the centre's answers name the id as their cause."""
        order_id = f"inject-{token}"
        fields = {"id": order_id, **msgspec.json.decode(self.payload, type=dict[str, msgspec.Raw])}
        return order_id, msgspec.structs.replace(self, payload=msgspec.json.encode(fields))

    @property
    def name(self) -> str:
        """What it is, for a sentence about it."""
        if self.cancels:
            return f"the cancellation of {self.cancels}"
        if self.changes:
            return f"{self.changes} about {self.about}"
        named = ", ".join(plan.plan_id for plan in self.plans[:NAMED])
        return f"{named} and others" if len(self.plans) > NAMED else named or "the message"


class Complaint(msgspec.Struct, frozen=True):
    """Something that is wrong, and ``about`` what: a file, a plan, or both; empty when about no plan in particular."""

    about: str
    problem: Problem

    def __str__(self) -> str:
        told = f"{self.problem.field}: {self.problem.reason}" if self.about else self.problem.reason
        return f"{self.about}: {told}" if self.about else told

    @property
    def as_problem(self) -> Problem:
        """The same as a problem that says itself what it is about."""
        if not self.about:
            return self.problem
        return msgspec.structs.replace(self.problem, reason=f"{self.about}: {self.problem.reason}")


class Reading(msgspec.Struct, frozen=True):
    """What is in the texts: letters to send, everything that is wrong, and ``notes`` of what was not read in them."""

    letters: tuple[Letter, ...]
    complaints: tuple[Complaint, ...]
    notes: tuple[Complaint, ...] = ()

    @property
    def plans(self) -> list[FlightPlan]:
        """All plans that could be read."""
        return [plan for letter in self.letters for plan in letter.plans]

    def notes_on(self, plan_id: str) -> tuple[Problem, ...]:
        """What was not read of this plan."""
        return tuple(note.problem for note in self.notes if note.about == plan_id)


def read_texts(texts: Sequence[tuple[str, bytes]], now: datetime, *, whole: bool = False) -> Reading:
    """What is in these texts, each under its name, if it has one, at ``now``: a letter a plan.

    If ``whole``, a text with unreadable parts is one letter.
    """
    letters: list[Letter] = []
    complaints: list[Complaint] = []
    notes: list[Complaint] = []
    for name, payload in texts:
        orders, refusals, unread = read_orders(payload, now)
        complaints += [Complaint(_named(name, refusal), refusal.problem) for refusal in refusals]
        notes += [Complaint(order.plan_id, note) for order, some in zip(orders, unread, strict=True) for note in some]
        if refusals and whole:
            letters.append(Letter(payload, tuple(each for each in orders if isinstance(each, FlightPlan))))
        else:
            letters += map(_letter, orders)
    return Reading(tuple(letters), tuple(complaints), tuple(notes))


def _letter(order: Order) -> Letter:
    if isinstance(order, FlightPlan):
        return Letter(msgspec.json.encode(order), (order,))
    if isinstance(order, Filing):
        payload = msgspec.json.encode({"type": MESSAGE, "text": order.text})
        return Letter(payload, changes=order.text[1:4], about=order.callsign)
    if isinstance(order, Alteration):
        return Letter(msgspec.json.encode(order.fields), changes="change", about=order.plan_id)
    return Letter(msgspec.json.encode({"type": CANCEL, "plan_id": order.plan_id}), cancels=order.plan_id)


def addressed(letter: Letter, user: str | None, to: str, signing: Signing, token: str) -> tuple[str, bytes]:
    """Where this is published by whom the broker knows as ``user``, and the payload, signed where there is a key.

    A signed plan or cancellation gets an id that ends in ``token``, a new one each time: so nobody else can hand it in
    again. Several plans in one cannot be
    signed: they go where nobody's name is asked.
    """
    address = door(user, SubmitPlan, to)
    if not signing.public or ORDER.match(address) is None:
        return address, letter.payload
    if len(letter.plans) != 1 and not letter.is_order:
        return INJECT.filter(to=to), letter.payload
    about = _told_of(letter)
    fields = {"id": f"{user}-{token}", **about}
    return address, signing.sign(address, msgspec.json.encode(fields))


def _told_of(letter: Letter) -> dict[str, object]:
    """The type of the message that is signed, and its own fields."""
    if letter.plans:
        return {"type": "submit-plan", "plan": letter.plans[0]}
    return msgspec.json.decode(letter.payload, type=dict[str, object])


def _named(text: str, refusal: Refusal) -> str:
    which = refusal.plan_id or refusal.callsign
    return f"{text}: {which or 'a plan'}" if text else which


def judge(plans: Sequence[FlightPlan], now: datetime | None) -> list[Complaint]:
    """Everything that makes no sense about these plans at ``now``; at any time, where nobody knows the stack's."""
    return [Complaint(plan.plan_id, problem) for plan in plans for problem in check_plan(plan, now or plan.start)]


def barred(user: str | None, to: str) -> list[Complaint]:
    """What is wrong with sending to ``to`` as this user of the broker: some brokers drop it and say nothing.

    Of a user with another name than those that Hotline gives, only the broker knows what they may do.
    """
    if user is None or role_of(user) is Role.CENTRE or may_order(user, SubmitPlan, to):
        return []
    is_desk = role_of(user) is Role.DESK
    reason = (
        f"{user} orders its own centre alone; {CONTROL} orders any"
        if is_desk
        else f"{user} hands in no plans; {CONTROL} does"
    )
    return [Complaint("", Problem(code="not-allowed", field="broker", reason=reason))]


def unheard_of(to: str, names: AbstractSet[str]) -> list[Complaint]:
    """What is wrong with sending to ``to`` when these are there: nobody else would ever answer."""
    if to in names - NO_PARTIES:
        return []
    parties = ", ".join(sorted(names - NO_PARTIES)) or "none"
    reason = f"{to} flies nothing" if to in names else f"nobody called {to} has been heard of"
    return [Complaint("", Problem(code="unheard-of", field="to", reason=f"{reason}; there are: {parties}"))]
