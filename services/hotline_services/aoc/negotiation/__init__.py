"""How one side bargains: alternating offers over any outcomes, its strategy over those of a menu, and the settlement
that an upper tier makes of both sides' needs."""

from .bargainer import Bargainer
from .offers import (
    Accept,
    AlternatingOffers,
    Bids,
    CallLost,
    GiveUp,
    Kind,
    Negotiation,
    Offer,
    OnTable,
    Reply,
    Response,
    Say,
)
from .settlement import dominating, settlement

__all__ = [
    "Accept",
    "AlternatingOffers",
    "Bargainer",
    "Bids",
    "CallLost",
    "GiveUp",
    "Kind",
    "Negotiation",
    "Offer",
    "OnTable",
    "Reply",
    "Response",
    "Say",
    "dominating",
    "settlement",
]
