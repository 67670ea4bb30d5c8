"""Who sits at the desk, and what they order. An order that cannot be carried out changes nothing, and is refused with
its reason."""

from datetime import datetime, timedelta
from typing import Final

from hotline_protocol.flightplan import OVER
from hotline_protocol.lifecycle import CallState
from hotline_protocol.orders import (
    AtDesk,
    CallOnDesk,
    DeskLeft,
    DeskTaken,
    LeaveDesk,
    Leaving,
    OwnPlan,
    Sitting,
    TakeDesk,
    Waiting,
)

from .calls import Call, Item
from .desk import Desk
from .filed import Filed
from .phone import Phone, PhoneOrder
from .plans import PlanBook
from .rejections import Rejections
from .seat import Seat
from .table import Table, TableOrder
from .talks import Talks
from .telling import Telling
from .voice import Voice

MOST_WAITING: Final = 100
MOST_PLANS: Final = 500


class Manning:
    """Gives the seat to a person, has their orders carried out, and takes it back when they leave or fall silent."""

    def __init__(
        self,
        agreement: str,
        seat: Seat,
        desk: Desk,
        talks: Talks,
        telling: Telling,
        book: PlanBook,
        rejections: Rejections,
        voice: Voice,
    ) -> None:
        self._agreement: Final = agreement
        self._seat = seat
        self._desk = desk
        self._talks = talks
        self._telling = telling
        self._book = book
        self._rejections = rejections
        self._voice = voice
        self._phone = Phone(desk)
        self._table = Table(talks, desk, voice)

    @property
    def next_deadline(self) -> datetime | None:
        """When the lease is over."""
        return self._seat.lease.until if self._seat.lease is not None else None

    def hear(self, order: AtDesk) -> None:
        """Carry this out, or say why not."""
        if isinstance(order, TakeDesk):
            self._take(order)
        elif self.admit(order):
            self._rejections.fault(order, "bad-order", self._obey(order))

    def admit(self, order: AtDesk) -> bool:
        """Refuse this, unless whoever orders it holds the desk; returns whether they do."""
        lease = self._seat.lease
        if lease is not None and lease.by.sitting == order.sitting:
            return True
        holder = lease.by.operator if lease is not None else "the automatic officer"
        self._rejections.reject(order, "not-at-desk", "sitting", f"{holder} holds the desk")
        return False

    def lapse(self) -> None:
        """Give the seat back: the lease is over and was not renewed."""
        lease = self._seat.lease
        if lease is not None:
            self._give_back(lease.by, Leaving.LEASE_OVER)

    def _obey(self, order: AtDesk) -> str | None:
        if isinstance(order, PhoneOrder):
            return self._phone.obey(order)
        if isinstance(order, TableOrder):
            return self._table.obey(order)
        if isinstance(order, LeaveDesk) and self._seat.lease is not None:
            self._give_back(self._seat.lease.by, Leaving.LEFT)
        return None

    def _take(self, order: TakeDesk) -> None:
        before = self._seat.lease
        if before is not None and before.by.sitting != order.sitting:
            reason = f"{before.by.operator} holds the desk until {before.until:%H:%M:%S %Z}"
            self._rejections.reject(order, "desk-taken", "sitting", reason)
            return
        by = Sitting(sitting=order.sitting, operator=order.operator)
        until = self._voice.now + timedelta(seconds=order.lease_s)
        self._seat.take(by, until)
        self._voice.reschedule(self)
        if before is None:
            self._desk.relieve()
        if before is None or order.tell:
            self._tell(by, until)

    def _give_back(self, by: Sitting, how: Leaving) -> None:
        """The automatic officer takes over what is on the desk."""
        self._seat.give_back()
        self._voice.reschedule(self)
        self._voice.say(DeskLeft, by=by, how=how)
        self._desk.relieve()
        self._talks.decide()

    def _tell(self, by: Sitting, until: datetime) -> None:
        """Say what is on the desk, and what is to be decided."""
        self._voice.say(
            DeskTaken,
            by=by,
            until=until,
            agreement=self._agreement,
            call=_on_desk(self._desk.call) if self._desk.call is not None else None,
            waiting=tuple(map(self._waiting, self._desk.waiting[:MOST_WAITING])),
            plans=tuple(_own(filed) for filed in self._book.plans.values() if filed.state not in OVER)[:MOST_PLANS],
        )
        self._talks.decide()

    def _waiting(self, item: Item) -> Waiting:
        asking = self._talks.asking.get(item.ref)
        advice, protests = self._telling.in_writing(item.ref)
        return Waiting(
            ref=item.ref,
            peer=item.peer,
            reason=item.reason,
            tier=item.tier,
            not_before=item.not_before,
            plan_id=asking.plan.plan_id if asking is not None else None,
            advice=advice,
            protests=protests,
        )


def _on_desk(call: Call) -> CallOnDesk:
    return CallOnDesk(
        call_id=call.id,
        peer=call.peer,
        ours=call.outgoing,
        talking=call.state is CallState.TALKING,
        reason=call.reason,
        tier=call.tier,
        until=call.deadline,
        about=call.about,
    )


def _own(filed: Filed) -> OwnPlan:
    plan, state = filed.plan, filed.state
    return OwnPlan(plan_id=plan.plan_id, callsign=plan.callsign, state=state, volumes=filed.volumes)
