"""Two centres, and a person at the desk of one of them."""

from typing import Any

from hotline_protocol.events import InputRejected
from hotline_protocol.line import Ring
from hotline_protocol.orders import AnswerRing, DecisionAwaited, TakeDesk

from .joined import Joined, plan

SITTING = "s-1"


class Manned(Joined):
    """Two centres, and a person at the desk of ``ru``."""

    def __init__(self, *args: Any, lease_s: float = 86_400, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order(TakeDesk, operator="Col. X", lease_s=lease_s)

    def order(self, kind: type[Any], /, *, sitting: str = SITTING, **fields: Any) -> None:
        self.tell("ru", kind, sitting=sitting, **fields)

    def rung(self, wanted: Any = None) -> Ring:
        """The other side files this and rings about it."""
        self.file("us", wanted or plan("near"))
        return self.all(Ring)[-1]

    def asked(self, wanted: Any = None) -> DecisionAwaited:
        """The same, and the call has been answered."""
        self.order(AnswerRing, call_id=self.rung(wanted).call_id)
        return self.decision

    @property
    def decision(self) -> DecisionAwaited:
        return self.all(DecisionAwaited)[-1]

    def answer(self, kind: type[Any], /, **fields: Any) -> None:
        self.order(kind, negotiation_id=self.decision.negotiation_id, offer=self.decision.offer, **fields)

    @property
    def refusals(self) -> list[str]:
        return [f"{m.problem.code} {m.problem.field}" for m in self.all(InputRejected)]

    @property
    def refusal(self) -> str:
        return self.all(InputRejected)[-1].problem.reason
