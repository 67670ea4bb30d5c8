"""What `hotline inject --wait` waits for: the states of plans, and what came of changes and cancellations."""

from typing import Final

from hotline_protocol.events import InputRejected, PlanStatus
from hotline_protocol.flightplan import PlanState
from hotline_protocol.message import Message
from hotline_services.injecting import Letter
from hotline_services.runtime.tokens import new_token

UNREAD: Final = "0" * 16  # how a centre names the contents of a plan that it could not read
NOT_FLYING: Final = frozenset({PlanState.REFUSED, PlanState.WITHDRAWN, PlanState.NONCONFORMING})


class Answers:
    """What has been sent and is not answered for good. ``refused`` is whether anything was refused."""

    def __init__(self) -> None:
        self._plans: set[tuple[str, str]] = set()
        self._orders: dict[str, Letter] = {}
        self.refused: bool = False

    def expect(self, letter: Letter) -> Letter:
        """Wait for what comes of this letter too. Return it with an id if only that tells which answer is its own."""
        self._plans |= {(plan.plan_id, plan.digest) for plan in letter.plans}
        if not letter.is_order:
            return letter
        order_id, letter = letter.with_id(new_token())
        self._orders[order_id] = letter
        return letter

    @property
    def missing(self) -> list[str]:
        """The plans and orders without a final answer."""
        return sorted({plan_id for plan_id, _ in self._plans} | {order.name for order in self._orders.values()})

    def hear(self, message: Message) -> bool:
        """Whether this is an answer to anything that was sent; it is then taken into account."""
        if isinstance(message, InputRejected):
            return self._hear_rejected(message)
        return isinstance(message, PlanStatus) and self._hear_status(message)

    def about(self, message: InputRejected) -> str:
        """What was rejected, in words."""
        order = self._orders.get(message.cause or "")
        return order.name if order else ""

    def _hear_rejected(self, rejected: InputRejected) -> bool:
        is_ours = self._orders.pop(rejected.cause or "", None) is not None
        self.refused |= is_ours
        return is_ours

    def _hear_status(self, status: PlanStatus) -> bool:
        order = self._orders.get(status.cause or "")
        if order is not None and not (status.state is PlanState.WITHDRAWN and order.goes_on):
            del self._orders[status.cause or ""]
            self._hear_first(status)
            return True
        # The same id with other contents is another plan, of which somebody else may be hearing.
        contents = {digest for plan_id, digest in self._plans if plan_id == status.plan_id}
        ours = {(status.plan_id, digest) for digest in contents if status.plan in {digest, UNREAD}}
        if ours and status.state is not PlanState.NEGOTIATING:
            self._plans -= ours
            self.refused |= status.state in NOT_FLYING
        return bool(ours)

    def _hear_first(self, status: PlanStatus) -> None:
        """What is said first of the plan after an order about it. A cancellation or an arrival ends it as asked."""
        if status.state is PlanState.NEGOTIATING:
            self._plans.add((status.plan_id, status.plan))
        self.refused |= status.state is PlanState.REFUSED
