"""The codes of problems: what is wrong with an input, by the code that every answer to it bears.

Codes are part of the wire: they are never renamed and never used for anything else. A receiver takes a code of a later
version, which it does not know, as any other text.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_INPUT: Final = {
    "bad-value": "A field holds a value that it cannot hold.",
    "empty": "There is nothing in the text.",
    "malformed": "The bytes are no message of this topic.",
    "malformed-json": "The text is not JSON.",
    "missing-field": "A field that is needed is not there.",
    "not-utf-8": "The text is not UTF-8.",
    "too-deep": "JSON is nested too deeply.",
    "too-large": "The message has more bytes than a receiver or the broker takes.",
    "too-many-plans": "One text holds more plans than are read at once.",
    "two-shapes": "An area has fields of two shapes.",
    "unknown-field": "A field is none of this message's, and is not read.",
    "unknown-format": "The text is neither a plan in JSON nor an ICAO message.",
    "unknown-message": "The message is of a type that is not taken here.",
}
_ICAO: Final = {
    "bad-arrival": "Field 17 names no aerodrome and time of arrival.",
    "bad-callsign": "Field 7 is no callsign.",
    "bad-date": "Field 18 DOF is no date, or not the one of the plan.",
    "bad-departure": "Field 13 names no aerodrome and time of departure.",
    "bad-destination": "Field 16 names no aerodrome and elapsed time.",
    "bad-route": "Field 15 cannot be read as speed, level and route.",
    "bad-rules": "Field 8 gives no flight rules and type of flight.",
    "bad-time": "A time of day or a duration cannot be read.",
    "bad-type": "Field 9 gives no aircraft type and wake category.",
    "closed-early": "The closing bracket stands before a part of field 18.",
    "missing-fields": "The message has too few fields.",
    "no-change": "Field 22 changes nothing.",
    "not-closed": "The closing bracket is missing: the message may be cut short.",
    "too-many-points": "The route has more points than a plan can hold.",
    "too-short": "The route has fewer than two points in the theatre.",
    "unknown-place": "A point of the route is not known.",
}
_PLAN: Final = {
    "bad-area": "The area is no sound shape within the bounds of the theatre.",
    "duplicate-id": "The id is that of another plan of this side.",
    "ends-before-start": "The plan ends before it starts.",
    "gave-way": "The plan gave way to a flight in distress.",
    "has-begun": "The flight has begun: what it asks for cannot be changed so any more.",
    "impossible-speed": "Nobody flies the corridor at the speed that the times ask for.",
    "in-distress": "The flight is in distress, and has all air below it already.",
    "in-the-past": "The plan has ended already.",
    "lower-not-below-upper": "The lower height is not below the upper one.",
    "no-agreement-in-time": "The plan starts, and a consent that it needs is not there.",
    "no-more-versions": "No higher version of the plan is possible.",
    "old-version": "This version of the plan, or a higher one, is known already.",
    "own-conflict": "The plan is in conflict with another of the same side.",
    "plan-over": "The plan is over, and cannot be changed.",
    "refused-by-peer": "The other side did not consent.",
    "superseded": "A newer version of the plan has taken its place.",
    "too-far-ahead": "The plan starts more than 30 days ahead.",
    "too-long": "The plan lasts more than 24 hours, or a text is longer than is read.",
    "unknown-plan": "No plan has this id.",
}
_ORDER: Final = {
    "asked-to-stop": "The other side has asked for the activity to end.",
    "bad-change": "The plan cannot be changed so.",
    "bad-order": "The order does not fit what is on the desk now.",
    "desk-taken": "Somebody else sits at the desk.",
    "not-allowed": "Whoever this comes from may not say it.",
    "not-at-desk": "Whoever gives this order does not hold the desk.",
    "unheard-of": "Nobody of this name has been heard of.",
    "unknown-party": "The name is no party of the agreement.",
}
_LINE: Final = {
    "advice-over": "The advice ended before the other side could be told.",
    "bad-amendment": "The amendment of the line is not the one that was agreed.",
    "bad-proposal": "The proposal or answer does not fit the negotiation.",
    "bad-review": "What was said does not fit the review of the line.",
    "too-much-mail": "More mail is unread than is kept.",
    "too-much-untold": "More waits to be told to the other side than is kept.",
}
_SKY: Final = {
    "bad-place": "The place lies outside the theatre.",
    "flown": "The flight has come down already.",
    "in-the-air": "The flight has taken off already.",
    "line-not-moved": "The line is not moved, since the parties have not agreed to this.",
    "not-for-the-sky": "The sky obeys no such order.",
    "unflyable": "Nobody can fly in this air at this time.",
}
_DELIVERY: Final = {
    "bad-seal": "A ledger entry bears no seal of the party whose it is said to be.",
    "bad-signature": "The message is not signed by its source.",
    "contradicted": "The number or id was used before with other contents.",
    "dead-letter": "The message made the service fail, and is set aside.",
    "flood": "So much could not be read that the rest is only counted.",
    "gap": "Messages of a source are missing.",
    "late": "The broker had kept the message, and a newer one has come since. It is not reported.",
    "replayed": "The signed message is an old one that was published again.",
    "retained": "The message was published to be retained, as only health and clock may be.",
    "told": "The same bytes have been reported just now. They are not reported again.",
}
GROUPS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "an input as text": _INPUT,
        "an ICAO message": _ICAO,
        "a plan": _PLAN,
        "an order": _ORDER,
        "what is said on the line": _LINE,
        "an order to the sky": _SKY,
        "delivery": _DELIVERY,
    }
)
"""Codes with their meanings, by what they are mostly about."""
CODES: Final[Mapping[str, str]] = MappingProxyType(
    {code: text for group in GROUPS.values() for code, text in group.items()}
)
"""The meaning of each code."""
