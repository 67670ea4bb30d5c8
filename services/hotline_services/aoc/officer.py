"""Where an officer decides: when to pick up the phone, how long to think, and what to say to an offer.

Whoever that is, what may be decided is bounded elsewhere: by the agreement's times, and by what air is free.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, Protocol

from hotline_protocol.events import Misheard
from hotline_protocol.line import InNegotiation, InReview, OnCallMessage, Ring

from .attention import Attention
from .duty import Presence
from .negotiation import Answer
from .voice import Voice


class Offered(Protocol):
    """A negotiation in which the other side has made an offer that awaits our answer."""

    def weigh(self) -> Answer:
        """What our strategy says to it. Nothing is said yet."""
        ...

    def laid_out(self) -> Mapping[str, Any]:
        """What a person must know to answer it: fields of a :class:`~hotline_protocol.orders.DecisionAwaited`."""
        ...


Judge = Callable[[Offered], Answer | None]
"""What an officer makes of an offer; None when that is yet to be ordered."""


class Officer(Protocol):
    """Who decides at a desk."""

    @property
    def has_one_ear(self) -> bool:
        """Whether one call at a time is all that they take, however many lines there are."""
        ...

    def picks_up_in_s(self, ring: Ring, now: datetime) -> float | None:
        """Seconds until this ring is answered; None when nobody can tell, or nobody will."""
        ...

    def grasp_s(self, message: OnCallMessage) -> float:
        """Seconds until these words have been understood and thought about."""
        ...

    def judge(self, offered: Offered) -> Answer | None:
        """What is to be said to this offer; None when that is yet to be ordered."""
        ...


class AutomaticOfficer:
    """Goes by the party's strategy, with the attention of its people and at the hours at which they are there."""

    has_one_ear: Final = False

    def __init__(self, attention: Attention, presence: Presence, voice: Voice) -> None:
        self._attention = attention
        self._presence = presence
        self._voice = voice

    def picks_up_in_s(self, ring: Ring, now: datetime) -> float | None:
        """See :class:`Officer`: None when nobody of this tier will ever be there."""
        there_at = self._presence.back_at(ring.tier, now)
        return None if there_at is None else (there_at - now).total_seconds() + self._attention.answer_s(ring)

    def grasp_s(self, message: OnCallMessage) -> float:
        """See :class:`Officer`. An offer that is misheard is said again: its digest shows the error."""
        think_s = self._attention.think_s(message)
        slip = self._attention.slip(message) if isinstance(message, InNegotiation | InReview) else None
        if slip is None:
            return think_s
        self._voice.say(Misheard, call_id=message.call_id, peer=message.source, error_nm=slip.error_nm, caught=True)
        return 2 * think_s

    def judge(self, offered: Offered) -> Answer | None:
        """See :class:`Officer`."""
        return offered.weigh()
