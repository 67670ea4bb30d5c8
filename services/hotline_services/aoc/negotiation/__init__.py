"""How one side bargains over the outcomes of a menu, and what an upper tier makes of both sides' needs."""

from .bargainer import Accept, Answer, Bargainer, GiveUp, Offer
from .settlement import dominating, settlement

__all__ = ["Accept", "Answer", "Bargainer", "GiveUp", "Offer", "dominating", "settlement"]
