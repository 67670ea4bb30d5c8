"""The names on the wire that are no party's: fixed services, people's roles, and the desk of each party."""

from typing import Final

ANONYMOUS: Final = "inject"
"""The source of what was typed by hand and names none."""
DIRECTOR: Final = "director"
SKY: Final = "sky"
"""The service that flies the aircraft; it belongs to no side."""
SERVICES: Final = (SKY, DIRECTOR, "monitor", "page")
CONTROL: Final = "control"
"""Whoever runs an exercise: may put anything to any side."""
PEOPLE: Final = (CONTROL, "observer")
PROBE: Final = "probe"
"""Asks the broker whether it lives, and says nothing."""
RESERVED: Final = frozenset({*SERVICES, *PEOPLE, PROBE, ANONYMOUS})
DESK: Final = "-desk"


def desk_of(party: str) -> str:
    """The identity of whoever sits at the desk of this party."""
    return party + DESK


def party_of(desk: str) -> str:
    """The party at whose desk this identity sits. Raises ValueError when it is none of a desk."""
    party = desk.removesuffix(DESK)
    if not party or party == desk:
        raise ValueError(f"{desk!r} is not the name of a desk, such as us{DESK}")
    return party


def name_problem(party: str) -> str | None:
    """Why no party may bear this name, as what follows its name in a sentence; None when it may."""
    if party in RESERVED:
        return f"is the name of a service or a role; no party may be called {', '.join(sorted(RESERVED))}"
    if party.endswith(DESK):
        return f"ends in {DESK}, as only the desk of a party does"
    return None
