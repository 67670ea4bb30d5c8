"""What officers take and miss, drawn by itself: for each thing told under a name of its own."""

from datetime import timedelta

from hotline_protocol.airspace import Position
from hotline_protocol.injection import Advice, AdviceKind, SightingKind
from hotline_protocol.line import Advise, Protest, ReadBack
from hotline_protocol.message import Author
from hotline_services.aoc.attention import Attention
from hotline_services.aoc.config import Officer, Roster
from hotline_services.simulation.chance import Chance

from .joined import DAWN, FAR_EAST, FAR_WEST, ON_THE_LINE

OFFICER = Officer(think_s=20, mishears=0.5, catches=0.5)
PLACES = (FAR_EAST, FAR_WEST, ON_THE_LINE)


def ears() -> Attention:
    return Attention("us", OFFICER, Roster(), Chance(1))


def protest(kind: SightingKind, at: Position, call_id: str = "c1") -> Protest:
    return Author("ru").say(Protest, DAWN, to="us", call_id=call_id, kind=kind, at=at, seen_at=DAWN)


def advise(kind: AdviceKind, at: Position) -> Advise:
    advice = Advice(kind=kind, at=at, start=DAWN, end=DAWN + timedelta(hours=1))
    return Author("ru").say(Advise, DAWN, to="us", call_id="c1", advice=advice)


def test_what_is_told_in_one_minute_is_thought_about_each_by_itself() -> None:
    told: list[Protest | Advise] = [
        *(protest(kind, at) for kind in SightingKind for at in PLACES),
        *(advise(kind, at) for kind in AdviceKind for at in PLACES),
    ]
    assert len({ears().think_s(message) for message in told}) == len(told)


def test_what_is_told_in_one_minute_is_not_all_misheard_or_all_heard_right() -> None:
    told = [protest(kind, at) for kind in SightingKind for at in PLACES]
    misheard = [slip for message in told if (slip := ears().slip(message)) is not None]
    assert 0 < len(misheard) < len(told)
    assert len({slip.bearing_deg for slip in misheard}) == len(misheard)


def test_errors_that_are_read_back_in_one_minute_are_noticed_each_by_itself() -> None:
    places = [Position(40.0 + number / 10, 35.0) for number in range(12)]
    back = [Author("us").say(ReadBack, DAWN, to="ru", call_id="c1", at=at) for at in places]
    assert {ears().notices(message) for message in back} == {False, True}


def test_the_same_thing_told_in_another_call_of_that_minute_is_drawn_the_same() -> None:
    """So that a run in which another call is made before it differs by nothing else."""
    one, other = (protest(SightingKind.CLOSE_APPROACH, FAR_EAST, call_id) for call_id in ("c1", "c7"))
    assert ears().think_s(one) == ears().think_s(other)
    assert ears().slip(one) == ears().slip(other)
