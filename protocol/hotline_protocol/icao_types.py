"""What aircraft of a type are for, as far as the type alone says it (designators of ICAO Doc 8643).

Only military types of one use. Some names that are no designators are in use all the same, such as KC10 and IL78.
"""

import re
from typing import Final

from .flightplan import FlightKind

_USES: Final = {
    FlightKind.TRANSPORT: "A124 A140 A225 A400 AN12 AN22 AN24 AN26 AN32 AN72 AN74 C130 C141 C160 C17 C2 C212 C27J C295 "
    "C30J C5 C5M CN35 IL62 IL76 L410 T134 T154",
    FlightKind.TANKER: "IL78 K35A K35E K35R KC10 KC30 KC46",
    FlightKind.SURVEILLANCE: "A50 AN30 E2 E3 E3CF E3TF E767 E8 IL20 IL38 P3 P8 Q4 R135 U2",
}
_KIND_OF: Final = {designator: kind for kind, types in _USES.items() for designator in types.split()}


def kind_of_type(aircraft_type: str) -> FlightKind | None:
    """What this type is for: ``C17``, or ``2C17`` with the number of aircraft. None where the type does not say."""
    return _KIND_OF.get(re.sub("^[0-9]{1,2}", "", aircraft_type))
