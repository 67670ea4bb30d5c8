"""What can be done about a flight, and what each possibility is worth to either side."""

from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_protocol.agreement import Zone
from hotline_protocol.airspace import Circle, Corridor, Position, Volume4D
from hotline_protocol.boundaries import Boundaries
from hotline_protocol.conflicts import in_conflict
from hotline_protocol.flightplan import Flexibility, FlightPlan, Priority
from hotline_protocol.geometry import area_problem, expand
from hotline_protocol.menu import Menu, Window
from hotline_protocol.message import Author
from hotline_services.aoc.config import Costs
from hotline_services.aoc.internal import AirReserved
from hotline_services.aoc.menus import IMPOSSIBLE, Appraiser, Bid, moved_volumes
from hotline_services.aoc.picture import Picture
from hotline_services.aoc.reservations import Reservations
from hotline_services.aoc.uses import Standing, Use
from hotline_services.aoc.voice import Voice

from .joined import DAWN, FAR_EAST, ON_THE_LINE, agreement, plan

RULES = agreement()
COSTS = Costs(sector=0.4, block=0.2, shift=0.3, line=0.15, own_plan=0.5)
HOUR = timedelta(hours=1)
DAMASCUS = timezone(timedelta(hours=3))


class Desk:
    """One side's appraiser and what it sees."""

    def __init__(self, party: str = "us") -> None:
        self.picture = Reservations(RULES.boundary_rule, Voice(Author(party, "0"), DAWN), wakes=False)
        self.appraiser = Appraiser(party, RULES, Boundaries(RULES), self.picture, COSTS)

    def bid(self, wanted: FlightPlan, *, now: datetime = DAWN, fixed: bool = False) -> Bid:
        return self.appraiser.bid(wanted, expand(wanted), "ru", now, fixed=fixed)

    def granting(self, menu: Menu, priority: Priority = Priority.ROUTINE, asker: str = "ru") -> tuple[float, ...]:
        return self.appraiser.granting(menu, priority, asker)

    def put(self, *volumes: Volume4D, user: str = "us", standing: Standing = Standing.OURS, **changes: Any) -> None:
        fields: dict[str, Any] = {"standing": standing, "ref": f"{user} {standing.value}", "user": user}
        self.picture.reserve(AirReserved(Use(**(fields | changes)), volumes))


def as_filed(bid: Bid) -> int:
    return bid.menu.shifts_min.index(0)


def at_height(worth: tuple[float, ...], menu: Menu, block: int) -> float:
    """Where it was filed and when it was filed, at this height."""
    return worth[block * len(menu.shifts_min) + menu.shifts_min.index(0)]


@given(
    hours=st.floats(-2, 2).map(lambda hours: round(hours, 2)),
    shift=st.integers(0, 360),
    offset=st.sampled_from((0.0, 5.0, 100.0)),
    other_blocks=st.booleans(),
    lower=st.integers(0, 40_000),
    room=st.integers(1, 20_000),
    where=st.sampled_from((ON_THE_LINE, FAR_EAST, Position(43.95, 38.95), Position(34.05, 31.05))),
)
def test_every_outcome_of_a_menu_could_be_flown_and_has_its_worth(
    hours: float, shift: int, offset: float, other_blocks: bool, lower: int, room: int, where: Position
) -> None:
    flexibility = Flexibility(max_shift_min=shift, max_offset_nm=offset, other_blocks=other_blocks)
    wanted = plan("us-1", where, hours=hours, lasts=3, lower_ft=lower, upper_ft=lower + room, flexibility=flexibility)
    bid = Desk().bid(wanted)
    menu = bid.menu
    assert len(bid.worth) == menu.size
    assert all(0 <= worth <= 1 for worth in bid.worth)
    assert max(bid.worth) == bid.worth[as_filed(bid)] == 1.0
    assert all(minutes == 0 or wanted.start + timedelta(minutes=minutes) > DAWN for minutes in menu.shifts_min)
    assert all(abs(minutes) <= shift for minutes in menu.shifts_min)
    assert all(block.upper_ft - block.lower_ft == room for block in menu.blocks)
    assert all(area_problem(area) is None for sector in menu.sectors for area in sector.areas)
    assert len({sector.name for sector in menu.sectors}) == len({sector.areas for sector in menu.sectors})
    for outcome in range(menu.size):
        moved = moved_volumes(expand(wanted), bid, menu.choice(outcome))
        assert tuple(moved[leg] for leg in bid.legs) == menu.volumes(menu.choice(outcome))


def test_a_sector_beyond_the_edge_of_the_theatre_is_left_out_and_the_others_keep_their_names() -> None:
    bid = Desk().bid(plan("us-1", Position(43.9, 35.5)))
    assert [sector.name.partition("-")[2] for sector in bid.menu.sectors] == ["", "N", "S", "W"]
    assert len(bid.offsets_nm) == 4


def test_a_move_is_worth_less_the_further_it_goes() -> None:
    bid = Desk().bid(plan("us-1", flexibility=Flexibility(max_shift_min=60)))
    worth = dict(zip(bid.menu.shifts_min, bid.worth, strict=False))
    assert worth[0] > worth[10] > worth[20] > worth[60]
    assert worth[-20] == worth[20]
    assert worth[60] == pytest.approx(1 - COSTS.shift)


def test_a_fixed_flight_has_one_outcome() -> None:
    assert Desk().bid(plan("us-1"), fixed=True).menu.size == 1


def test_only_the_legs_that_need_this_peers_consent_are_told() -> None:
    route = (Position(41.5, 35.5), Position(40.9, 35.5), Position(40.3, 35.5), Position(40.02, 35.5))
    rigid = Flexibility(max_shift_min=0, max_offset_nm=0, other_blocks=False)
    wanted = plan("us-1", lasts=0.5, area=Corridor(route=route, half_width_nm=3), flexibility=rigid)
    bid = Desk().bid(wanted)
    volumes = expand(wanted)
    assert bid.legs == tuple(range(len(volumes) - len(bid.legs), len(volumes)))
    assert 0 < len(bid.legs) < len(volumes)
    assert [window.start for window in bid.menu.windows] == [volumes[leg].start for leg in bid.legs]


def test_a_leg_that_needs_consent_only_at_another_height_is_told() -> None:
    """It is high above the other side's zone, but could be bargained down into it."""
    rules = agreement(
        zones=(Zone(name="low", area=Circle(centre=FAR_EAST, radius_nm=5), holder="ru", upper_ft=15_000),)
    )
    picture = Picture(rules.boundary_rule)
    appraiser = Appraiser("us", rules, Boundaries(rules), picture, COSTS)
    route = (Position(40.0, 35.5), Position(40.5, 36.0), FAR_EAST)
    for other_blocks, told in ((True, 2), (False, 1)):
        flexibility = Flexibility(max_shift_min=0, max_offset_nm=0, other_blocks=other_blocks)
        wanted = plan("us-1", area=Corridor(route=route, half_width_nm=3), flexibility=flexibility)
        assert len(appraiser.bid(wanted, expand(wanted), "ru", DAWN, fixed=False).legs) == told


def test_of_a_flight_in_distress_everything_is_told() -> None:
    route = (Position(41.5, 35.5), Position(40.9, 35.5), Position(40.02, 35.5))
    area = Corridor(route=route, half_width_nm=3)
    wanted = plan("us-1", lasts=0.5, area=area, priority=Priority.EMERGENCY)
    assert Desk().bid(wanted).legs == tuple(range(len(expand(wanted))))


def test_where_another_flight_of_ours_is_or_wishes_to_be_there_is_no_room_for_this_one() -> None:
    for standing in (Standing.OURS, Standing.WISHED):
        desk = Desk()
        wanted = plan("us-1", flexibility=Flexibility(max_offset_nm=0))
        (volume,) = expand(wanted)
        higher = msgspec.structs.replace(volume, lower_ft=22_000, upper_ft=24_000)
        desk.put(higher, standing=standing)
        bid = desk.bid(wanted)
        for block, heights in enumerate(bid.menu.blocks):
            blocked = heights.lower_ft == 22_000
            assert (at_height(bid.worth, bid.menu, block) == IMPOSSIBLE) == blocked


def test_what_a_third_side_was_granted_is_no_room_and_what_the_peer_was_granted_may_be_asked_for() -> None:
    for user, room in (("tr", False), ("ru", True)):
        desk = Desk()
        wanted = plan("us-1")
        desk.put(*expand(wanted), user=user, standing=Standing.THEIRS)
        bid = desk.bid(wanted)
        assert (bid.worth[as_filed(bid)] > 0) == room


def test_a_flight_of_its_own_does_not_stand_in_its_own_way() -> None:
    desk = Desk()
    wanted = plan("us-1")
    desk.put(*expand(wanted), ref="us-1", standing=Standing.WISHED)
    assert desk.bid(wanted).worth[0] != IMPOSSIBLE


@given(
    start_min=st.integers(-240, 240),
    lasts_min=st.integers(1, 240),
    lower=st.integers(0, 40_000),
    east=st.floats(-0.5, 0.5),
)
def test_an_outcome_is_impossible_to_grant_just_where_it_runs_into_a_flight_of_ours(
    start_min: int, lasts_min: int, lower: int, east: float
) -> None:
    desk = Desk("ru")
    menu = Desk().bid(plan("us-1")).menu
    start = plan("us-1").start + timedelta(minutes=start_min)
    area = Circle(centre=Position(40.0 + east, 35.5), radius_nm=6)
    mine = Volume4D(
        area=area, lower_ft=lower, upper_ft=lower + 2_000, start=start, end=start + timedelta(minutes=lasts_min)
    )
    desk.put(mine, user="ru")
    for outcome, worth in enumerate(desk.granting(menu, asker="us")):
        met = any(in_conflict(air, mine, RULES.boundary_rule) for air in menu.volumes(menu.choice(outcome)))
        assert (worth == IMPOSSIBLE) == met
        assert met or 0 <= worth <= 1


def test_local_time_is_the_same_time() -> None:
    """A window may be written in any zone; what it runs into does not depend on that."""
    menu = Desk().bid(plan("us-1")).menu
    local = msgspec.structs.replace(
        menu,
        windows=tuple(
            Window(start=window.start.astimezone(DAMASCUS), end=window.end.astimezone(DAMASCUS))
            for window in menu.windows
        ),
    )
    desk = Desk("ru")
    desk.put(*expand(plan("ru-1")), user="ru")
    assert desk.granting(local, asker="us") == desk.granting(menu, asker="us")
    assert IMPOSSIBLE in desk.granting(menu, asker="us")


def test_letting_a_flight_in_costs_more_near_the_line_and_near_our_own_flights() -> None:
    desk = Desk("ru")
    near, far = (Desk().bid(plan("us-1", where), fixed=True).menu for where in (ON_THE_LINE, FAR_EAST))
    assert desk.granting(near) == (1 - COSTS.line,)
    assert desk.granting(far) == (1.0,)
    (volume,) = expand(plan("ru-1", FAR_EAST))
    above = msgspec.structs.replace(volume, lower_ft=21_000, upper_ft=23_000)
    desk.put(above, user="ru", standing=Standing.WISHED)
    (crowded,) = desk.granting(far, asker="us")
    assert 1 - COSTS.own_plan < crowded < 1


def test_only_for_a_flight_in_distress_do_ours_make_way_and_never_those_of_a_third_side() -> None:
    menu = Desk("us").bid(plan("us-1"), fixed=True).menu
    for user, priority, free in (
        ("ru", Priority.ROUTINE, False),
        ("ru", Priority.EMERGENCY, True),
        ("tr", Priority.EMERGENCY, False),
        ("us", Priority.ROUTINE, True),
    ):
        desk = Desk("ru")
        standing = Standing.OURS if user == "ru" else Standing.THEIRS
        desk.put(*expand(plan("x")), user=user, standing=standing)
        assert (desk.granting(menu, priority, asker="us")[0] != IMPOSSIBLE) == free


def test_a_menu_is_the_same_to_the_byte_whether_its_plan_was_written_with_whole_numbers_or_read() -> None:
    whole = plan("us-1", Position(40, 36), area=Circle(centre=Position(40, 36), radius_nm=7))
    read = msgspec.json.decode(msgspec.json.encode(whole), type=FlightPlan)
    menus = [msgspec.json.encode(Desk().bid(each).menu) for each in (whole, read)]
    assert menus[0] == menus[1] == msgspec.json.encode(msgspec.json.decode(menus[0], type=Menu))
