"""What flies, in the eyes of a party: where everything is, and whose."""

from typing import NamedTuple

from hotline_protocol.sky import Track
from hotline_protocol.words import Ranked


class Whose(Ranked):
    """Who answers for an aircraft, one's own side first."""

    OWN = "own"
    OTHER = "other"
    THIRD = "third"


class Sky(NamedTuple):
    """All that is said to fly; ``is_known`` once anything has been said of it."""

    party: str = ""
    tracks: tuple[Track, ...] = ()
    is_known: bool = False

    def whose(self, track: Track) -> Whose:
        """Whose aircraft this is."""
        if track.side is None:
            return Whose.THIRD
        return Whose.OWN if track.side == self.party else Whose.OTHER
