"""How long officers take and what they miss. Each is drawn by itself, under the name of what is decided: a run in
which something else is changed draws the same here."""

from datetime import datetime
from typing import Final, assert_never

from hotline_protocol.airspace import Position
from hotline_protocol.line import (
    Advise,
    Affirm,
    Answer,
    Busy,
    Counter,
    CounterTrace,
    HangUp,
    InNegotiation,
    InReview,
    LineCheck,
    LineChecked,
    Mail,
    Noted,
    OnCallMessage,
    Propose,
    ProposeTrace,
    Protest,
    ReadBack,
    Ring,
)
from hotline_services.simulation.chance import Chance

from .config import Officer, Roster
from .state import Slip

FULL_CIRCLE_DEG: Final = 360.0
NAMES_A_PLACE: Final = (Propose, Counter, ProposeTrace, CounterTrace, Protest, Advise)


class Attention:
    """The officers of one side, as far as chance has a say. Times are in seconds, half to one and a half times the
    mean."""

    def __init__(self, party: str, officer: Officer, roster: Roster, chance: Chance) -> None:
        self._party = party
        self._officer = officer
        self._share = chance.share
        self._heard_s = officer.think_s + officer.interpret_s
        self._answer_s = {tier: watch.answer_s for tier, watch in roster.watches.items() if watch.answer_s is not None}

    def answer_s(self, ring: Ring) -> float:
        """Until this ring is answered by somebody who is there."""
        mean = self._answer_s.get(ring.tier, self._officer.answer_s)
        return self._about(mean, f"answer/{self._party}/{ring.source}/{ring.tier.value}/{_minute(ring.time)}")

    def think_s(self, message: OnCallMessage) -> float:
        """Until this has been interpreted and thought about."""
        return self._about(self._heard_s, f"think/{self._party}/{_subject(message)}") if self._heard_s else 0.0

    def relay_s(self, peer: str, understood_at: datetime) -> float:
        """Until what was understood of a peer at this time has reached the aircraft."""
        return self._about(self._officer.relay_s, f"relay/{self._party}/{peer}/{_minute(understood_at)}")

    def mail_s(self, mail: Mail) -> float:
        """Until an officer who is there gets to this mail."""
        return self._about(self._officer.mail_s, f"mail/{self._party}/{mail.source}/{_minute(mail.time)}")

    def _about(self, mean_s: float, purpose: str) -> float:
        return mean_s * (0.5 + self._share(purpose)) if mean_s else 0.0

    def slip(self, message: OnCallMessage) -> Slip | None:
        """How the place that this names is misheard, if it names one and is."""
        if not self._officer.mishears or not isinstance(message, NAMES_A_PLACE):
            return None
        purpose = f"mishear/{self._party}/{_subject(message)}"
        if self._share(purpose) >= self._officer.mishears:
            return None
        error_nm = self._about(self._officer.misheard_nm, f"{purpose}/far")
        return Slip(error_nm=error_nm, bearing_deg=FULL_CIRCLE_DEG * self._share(f"{purpose}/where"))

    @property
    def reads_back(self) -> bool:
        """Whether a place that is told is read back: only by those who can mishear it at all."""
        return self._officer.reads_back and self._officer.mishears > 0

    def notices(self, read_back: ReadBack) -> bool:
        """Whether an error that is read back to us is noticed."""
        return self._share(f"notice/{self._party}/{_subject(read_back)}") < self._officer.catches


def _subject(message: OnCallMessage) -> str:
    """What a message is about, in words that stay the same when other calls are made before it.

    What is told is known by what it is and where: two things told in one minute are not both misheard or neither.
    """
    kind = type(message).__name__
    if isinstance(message, InNegotiation):
        return f"{message.negotiation_id}/{kind}/{getattr(message, 'round', 0)}"
    if isinstance(message, InReview):
        return f"{message.review_id}/{kind}/{getattr(message, 'round', 0)}"
    told = f"{message.source}/{kind}/{_minute(message.time)}"
    match message:
        case Protest():
            return f"{told}/{message.kind.value}/{_spot(message.at)}"
        case Advise():
            return f"{told}/{message.advice.kind.value}/{_spot(message.advice.at)}"
        case ReadBack():
            return f"{told}/{_spot(message.at)}"
        case Ring() | Answer() | Busy() | HangUp() | LineCheck() | LineChecked() | Affirm() | Noted():
            return told
        case _:
            assert_never(message)


def _spot(at: Position) -> str:
    return f"{at.lon_deg:.4f},{at.lat_deg:.4f}"


def _minute(at: datetime) -> int:
    """The minute of the calendar: what is tried again later is drawn again."""
    return int(at.timestamp()) // 60
