"""The ids in a message by which a call, a plan or a negotiation is followed across services."""

from typing import Any, Final

from hotline_protocol.injection import SubmitPlan
from hotline_protocol.message import Message

_THREADS: Final = ("call_id", "negotiation_id", "plan_id", "agreement_id", "to", "cause")


def ids_named_in(message: Message) -> dict[str, Any]:
    """What a message is and belongs to, so that one call, plan or negotiation can be followed across services."""
    found = {name: getattr(message, name, None) for name in _THREADS}
    if isinstance(message, SubmitPlan):
        found["plan_id"] = message.plan.plan_id
    kind = str(message.__struct_config__.tag)
    return {"kind": kind, "id": message.id} | {name: value for name, value in found.items() if value is not None}
