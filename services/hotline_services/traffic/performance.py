"""What aircraft do: how fast they work, how fast they can go, how fast they climb.

**All figures are assumed.** They are round numbers of the order that manufacturers' and air forces' public fact sheets
give for cruise at height, taken down a little for flights that hold an area; none is a limit of a real aircraft.
"""

import math
from typing import Final, NamedTuple

from hotline_protocol.flightplan import FlightKind
from hotline_protocol.geometry import KNOT_M_S

GRAVITY_M_S2: Final = 9.81
BANK_DEG: Final = 25.0
"""How far an orbiting aircraft leans into its turns: what is usual for holding (ICAO Doc 8168)."""
TURN_M_S2: Final = GRAVITY_M_S2 * math.tan(math.radians(BANK_DEG))


class Performance(NamedTuple):
    """True airspeeds in knots, taken as ground speeds since there is no wind; rates in feet a minute."""

    working_kt: float
    fastest_kt: float
    climb_fpm: float
    descent_fpm: float

    @property
    def working_m_s(self) -> float:
        return self.working_kt * KNOT_M_S

    @property
    def fastest_m_s(self) -> float:
        return self.fastest_kt * KNOT_M_S

    @property
    def turn_radius_m(self) -> float:
        """Of a level turn at working speed: v^2 / (g tan bank)."""
        return self.working_m_s**2 / TURN_M_S2


FIGHTER: Final = Performance(360, 560, 6_000, 6_000)
STRIKER: Final = Performance(320, 520, 4_000, 5_000)
ATTACKER: Final = Performance(260, 380, 2_500, 3_500)
DRONE: Final = Performance(160, 220, 1_000, 1_500)
JET_TANKER: Final = Performance(380, 480, 1_500, 2_500)
JET_TRANSPORT: Final = Performance(380, 470, 1_500, 2_500)
TURBOPROP: Final = Performance(250, 320, 1_200, 2_000)
HELICOPTER: Final = Performance(110, 140, 800, 1_200)
BOMBER: Final = Performance(380, 520, 1_500, 2_500)

BY_TYPE: Final = {
    **dict.fromkeys(("F22", "F15", "F15E", "F16", "F18", "FA18", "F35", "SU27", "SU30", "SU35", "MIG29"), FIGHTER),
    **dict.fromkeys(("SU24", "SU34", "SU22", "MIG23", "TOR", "RFAL"), STRIKER),
    **dict.fromkeys(("A10", "SU25", "L39"), ATTACKER),
    **dict.fromkeys(("MQ1", "MQ9", "RQ4", "ORLAN", "SHADR"), DRONE),
    **dict.fromkeys(("KC135", "KC10", "K35R", "IL78", "A332"), JET_TANKER),
    **dict.fromkeys(("IL76", "C17", "AN124", "E3", "E3TF", "A50", "IL20"), JET_TRANSPORT),
    **dict.fromkeys(("C130", "AN26", "AN24", "AC130", "E2"), TURBOPROP),
    **dict.fromkeys(("MI8", "MI24", "KA52", "UH60", "H60", "AH64", "CV22"), HELICOPTER),
    **dict.fromkeys(("B1", "B52", "TU22M", "TU95", "TU160"), BOMBER),
}
"""By the designator of a plan, blanks and hyphens left out."""

BY_KIND: Final = {
    FlightKind.PATROL: FIGHTER,
    FlightKind.ESCORT: FIGHTER,
    FlightKind.SUPPORT: STRIKER,
    FlightKind.SURVEILLANCE: DRONE,
    FlightKind.TANKER: JET_TANKER,
    FlightKind.TRANSPORT: TURBOPROP,
    FlightKind.MEDEVAC: HELICOPTER,
}
"""Where the plan names no type, or one that is not in the table."""


def performance(kind: FlightKind, aircraft_type: str = "") -> Performance:
    """Of this type of aircraft; where it is not known, of what usually flies such a kind of flight."""
    designator = aircraft_type.upper().replace("-", "").replace(" ", "")
    return BY_TYPE.get(designator) or BY_KIND[kind]
