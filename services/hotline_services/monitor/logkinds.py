"""The enums of the duty log: kinds of entries, how grave each kind is, and what the values of an entry are."""

from enum import StrEnum
from typing import Final


class LogKind(StrEnum):
    """Kind of a log entry: one member for each kind of message or event."""

    RING = "ring"
    ANSWER = "answer"
    BUSY = "busy"
    HANG_UP = "hang-up"
    LINE_CHECK = "line-check"
    LINE_CHECKED = "line-checked"
    PROTEST = "protest"
    NOTED = "noted"
    PROPOSAL = "proposal"
    COUNTER = "counter"
    CONCUR = "concur"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"
    DISCLOSE = "disclose"
    CONFIRM = "confirm"
    AGREEMENT = "agreement"
    RELEASED = "released"
    LAPSED = "lapsed"
    RELEASE = "release"
    RECONCILE = "reconcile"
    ENTRIES = "entries"
    ADVISE = "advise"
    READ_BACK = "read-back"
    AFFIRM = "affirm"
    MAIL = "mail"
    MAIL_READ = "mail-read"
    LINE_OFFER = "line-offer"
    AMEND = "amend"
    PLAN_FILED = "plan-filed"
    PLAN_CANCELLED = "plan-cancelled"
    PLAN_CHANGED = "plan-changed"
    PLAN_MESSAGE = "plan-message"
    PLAN_EMERGENCY = "plan-emergency"
    SIGHTING = "sighting"
    TO_ANNOUNCE = "to-announce"
    TO_ADVISE = "to-advise"
    FLIES = "flies"
    DEVIATES = "deviates"
    ORDER = "order"
    TO_DECIDE = "to-decide"
    DESK_TAKEN = "desk-taken"
    DESK_LEFT = "desk-left"
    PLAN = "plan"
    ESCALATION = "escalation"
    OUTCOME = "outcome"
    ANNOUNCED = "announced"
    LINE_STATE = "line-state"
    REJECTED = "rejected"
    SET_ASIDE = "set-aside"
    OFFICERS = "officers"
    MISHEARD = "misheard"
    STOPPED = "stopped"
    STRAIN = "strain"
    LINE_MOVED = "line-moved"
    REVIEW = "review"
    STATE_LOST = "state-lost"
    CROSSING = "crossing"
    ZONE = "zone"
    CONFORMING = "conforming"
    STRAYS = "strays"
    ENCOUNTER = "encounter"
    SERVICE_UP = "service-up"
    SERVICE_DOWN = "service-down"
    STOP = "stop"
    ASK_AGAIN = "ask-again"


class Gravity(StrEnum):
    """How much an entry calls for attention."""

    ROUTINE = "routine"
    NOTABLE = "notable"
    GRAVE = "grave"


class Thing(StrEnum):
    """What an id names."""

    AGREEMENT = "agreement"
    CALL = "call"
    LINE = "line"
    MESSAGE = "message"
    NEGOTIATION = "negotiation"
    OFFER = "offer"
    PLAN = "plan"
    REVIEW = "review"
    SERVICE = "service"
    SUBJECT = "subject"
    ZONE = "zone"


class Phrase(StrEnum):
    """A remark without values."""

    AGREED = "agreed"
    ANOTHER_AREA = "another-area"
    AWAY = "away"
    CONCUR = "concur"
    HANG_UP = "hang-up"
    HOMEBOUND = "homebound"
    IN_ANOTHER_CALL = "in-another-call"
    LET_IT_RING = "let-it-ring"
    NOT_AGREED_TO = "not-agreed-to"
    NOT_ANSWERED = "not-answered"
    NOT_NOTICED = "not-noticed"
    NOTHING_AGREED = "nothing-agreed"
    NOTHING_OF_OURS = "nothing-of-ours"
    NOTICED = "noticed"
    OUTBOUND = "outbound"
    PICK_UP = "pick-up"
    PRESENT = "present"
    RAISE_TIER = "raise-tier"
    UNDERSTOOD = "understood"


class Relation(StrEnum):
    """How a party, a time or a duration belongs to the entry."""

    AFTER = "after"
    AFTER_UNDERSTOOD = "after-understood"
    ANEW_FROM = "anew-from"
    FROM = "from"
    OF = "of"
    PROTEST_TO = "protest-to"
    RANG_FOR = "rang-for"
    RING = "ring"
    TO = "to"
    UNTIL = "until"
    UNTIL_AT_LEAST = "until-at-least"
    WITH = "with"


class Counted(StrEnum):
    """What a number of an entry counts or measures."""

    AFTER_MESSAGE = "after-message"
    CEILING_FT = "ceiling-ft"
    ENTRIES_LACKING = "entries-lacking"
    FLOOR_FT = "floor-ft"
    OUTCOMES_DISCLOSED = "outcomes-disclosed"
    PLAN_VERSION = "plan-version"
    REVIEW_ROUNDS = "review-rounds"
    SHIFT_MIN = "shift-min"


_NOTABLE: Final = frozenset(
    {
        LogKind.ANNOUNCED,
        LogKind.DESK_LEFT,
        LogKind.DESK_TAKEN,
        LogKind.LINE_MOVED,
        LogKind.ORDER,
        LogKind.STOPPED,
    }
)
_GRAVE: Final = frozenset({LogKind.ENCOUNTER, LogKind.ESCALATION, LogKind.STATE_LOST})


def gravity_of(kind: LogKind) -> Gravity:
    """How grave an entry of this kind is."""
    if kind in _GRAVE:
        return Gravity.GRAVE
    return Gravity.NOTABLE if kind in _NOTABLE else Gravity.ROUTINE
