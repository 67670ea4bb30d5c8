"""What the line and the zones demand, and how far away the line is."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from hotline_protocol.agreement import (
    Agreement,
    AgreementError,
    BoundaryRule,
    DeconflictionLine,
    Partner,
    TierRule,
    Zone,
)
from hotline_protocol.airspace import Area, Circle, Corridor, Polygon, Position, Volume4D
from hotline_protocol.boundaries import Boundaries, Demand, DemandKind
from hotline_protocol.geometry import METRES_PER_NM, to_position
from hotline_protocol.line import Tier
from hotline_protocol.menu import Block
from hotline_protocol.places import place
from hotline_services.director.scenario import read_scenario

CLEAR = BoundaryRule.TOUCHING_IS_CLEAR
CONFLICT = BoundaryRule.TOUCHING_IS_CONFLICT
NOON = datetime(2017, 6, 18, 12, tzinfo=UTC)
NEAR_M = 5 * METRES_PER_NM


def rectangle(west_m: float, south_m: float, east_m: float, north_m: float) -> Polygon:
    corners = ((west_m, south_m), (east_m, south_m), (east_m, north_m), (west_m, north_m))
    return Polygon(vertices=tuple(to_position(corner) for corner in corners))


LINE = DeconflictionLine(
    name="river", note="made up", trace=(to_position((0, -100_000)), to_position((0, 100_000))), near_nm=5
)
OURS = Zone(name="garrison", area=Circle(centre=Position(38.0, 34.0), radius_nm=10), holder="us", upper_ft=30_000)
SHARED = Zone(name="valley", area=rectangle(40_000, 0, 80_000, 40_000), lower_ft=10_000, upper_ft=20_000)


def agreed(
    *,
    line: DeconflictionLine | None = LINE,
    zones: tuple[Zone, ...] = (OURS, SHARED),
    touching: BoundaryRule = CLEAR,
    parties: tuple[str, ...] = ("us", "ru"),
    partners: tuple[Partner, ...] = (),
) -> Agreement:
    return Agreement(
        name="exercise",
        parties=parties,
        boundary_rule=touching,
        line=line,
        zones=zones,
        altitude_blocks=(Block(name="low", lower_ft=0, upper_ft=10_000),),
        tiers=(TierRule(tier=Tier.DUTY_OFFICER),),
        partners=partners,
    )


def held(area: Area, lower_ft: int = 12_000, upper_ft: int = 14_000) -> Volume4D:
    return Volume4D(area=area, lower_ft=lower_ft, upper_ft=upper_ft, start=NOON, end=NOON + timedelta(hours=1))


def kinds(volume: Volume4D, party: str = "ru", touching: BoundaryRule = CLEAR) -> list[DemandKind]:
    return [demand.kind for demand in Boundaries(agreed(touching=touching)).demands(volume, party)]


def test_a_volume_far_from_everything_demands_nothing() -> None:
    assert kinds(held(rectangle(200_000, 0, 240_000, 40_000))) == []


def test_a_volume_across_the_line_needs_the_other_side_and_is_not_called_near_as_well() -> None:
    demands = Boundaries(agreed()).demands(held(rectangle(-100_000, 50_000, 20_000, 90_000)), "us")
    assert demands == (Demand(kind=DemandKind.CROSSES_LINE, name="river", consent_of=("ru",)),)


@pytest.mark.parametrize("touching", [CLEAR, CONFLICT])
@pytest.mark.parametrize("side", [1, -1])
def test_the_line_is_crossed_by_a_centimetre_from_either_side(side: int, touching: BoundaryRule) -> None:
    def reaching(edge_m: float) -> Volume4D:
        west, east = sorted((side * edge_m, side * 30_000))
        return held(rectangle(west, -80_000, east, -40_000))

    assert kinds(reaching(-0.01), touching=touching) == [DemandKind.CROSSES_LINE]
    assert kinds(reaching(0.01), touching=touching) == [DemandKind.NEAR_LINE]
    touches = DemandKind.NEAR_LINE if touching is CLEAR else DemandKind.CROSSES_LINE
    assert kinds(reaching(0), touching=touching) == [touches]


@pytest.mark.parametrize("touching", [CLEAR, CONFLICT])
def test_near_ends_at_the_agreed_distance_to_a_centimetre(touching: BoundaryRule) -> None:
    def away(gap_m: float) -> Volume4D:
        return held(rectangle(gap_m, -80_000, 30_000, -40_000))

    assert kinds(away(NEAR_M - 0.01), touching=touching) == [DemandKind.NEAR_LINE]
    assert kinds(away(NEAR_M + 0.01), touching=touching) == []
    assert kinds(away(NEAR_M), touching=touching) == ([] if touching is CLEAR else [DemandKind.NEAR_LINE])


def test_the_line_has_no_height() -> None:
    area = rectangle(-10_000, -80_000, 30_000, -40_000)
    assert kinds(held(area, 0, 1_000)) == kinds(held(area, 50_000, 60_000)) == [DemandKind.CROSSES_LINE]


def test_a_held_zone_needs_its_holder_and_nothing_of_the_holder_itself() -> None:
    inside = held(Circle(centre=Position(38.0, 34.0), radius_nm=3))
    boundaries = Boundaries(agreed())
    assert boundaries.demands(inside, "ru") == (Demand(kind=DemandKind.ZONE, name="garrison", consent_of=("us",)),)
    assert boundaries.demands(inside, "us") == ()


@pytest.mark.parametrize(("lower_ft", "upper_ft", "enters"), [(30_000, 32_000, False), (29_999, 32_000, True)])
def test_a_zone_counts_between_its_own_heights_only(lower_ft: int, upper_ft: int, enters: bool) -> None:
    above = held(Circle(centre=Position(38.0, 34.0), radius_nm=3), lower_ft, upper_ft)
    assert kinds(above) == ([DemandKind.ZONE] if enters else [])


@pytest.mark.parametrize("party", ["us", "ru"])
def test_a_shared_zone_needs_everyone_else(party: str) -> None:
    (demand,) = Boundaries(agreed(parties=("us", "ru", "tr"))).demands(held(SHARED.area), party)
    assert (demand.kind, demand.name) == (DemandKind.SHARED_ZONE, "valley")
    assert demand.consent_of == tuple(other for other in ("us", "ru", "tr") if other != party)


@pytest.mark.parametrize("touching", [CLEAR, CONFLICT])
def test_touching_a_zone_is_what_the_agreement_says(touching: BoundaryRule) -> None:
    beside = held(rectangle(80_000, 0, 120_000, 40_000))
    assert kinds(beside, touching=touching) == ([] if touching is CLEAR else [DemandKind.SHARED_ZONE])


def test_the_line_comes_first_and_then_zones_in_the_agreements_order() -> None:
    everywhere = held(rectangle(-200_000, -200_000, 200_000, 200_000))
    assert kinds(everywhere) == [DemandKind.CROSSES_LINE, DemandKind.ZONE, DemandKind.SHARED_ZONE]


def test_without_a_line_and_zones_nothing_is_demanded() -> None:
    boundaries = Boundaries(agreed(line=None, zones=()))
    assert boundaries.demands(held(rectangle(-10_000, 0, 10_000, 10_000)), "us") == ()
    assert boundaries.distance_to_line_nm(SHARED.area) is None


@pytest.mark.parametrize(
    ("area", "nm"),
    [
        (rectangle(10 * METRES_PER_NM, 0, 60_000, 10_000), 10),
        (rectangle(-60_000, 0, -7 * METRES_PER_NM, 10_000), 7),
        (rectangle(-10_000, 0, 10_000, 10_000), 0),
        (Circle(centre=to_position((30 * METRES_PER_NM, 0)), radius_nm=12), 18),
        (
            Corridor(route=(to_position((37_040, 0)), to_position((37_040, 50_000))), half_width_nm=5),
            15,
        ),
    ],
)
def test_the_distance_to_the_line_is_from_the_nearest_edge(area: Area, nm: float) -> None:
    assert Boundaries(agreed()).distance_to_line_nm(area) == pytest.approx(nm, abs=1e-5)


# Sides ------------------------------------------------------------------------------------------------------------

# Northwards for 200 km: what is left of it lies in the west.
SIDED = DeconflictionLine(name="river", note="made up", trace=LINE.trace, near_nm=5, left="ru", right="us", reach_nm=40)
REACH_M = 40 * METRES_PER_NM


def sided(**changes: object) -> Boundaries:
    return Boundaries(agreed(line=msgspec.structs.replace(SIDED, **changes), zones=()))


@pytest.mark.parametrize(("west_m", "party"), [(30_000, "ru"), (-50_000, "us")])
def test_a_flight_wholly_in_the_other_sides_air_needs_its_consent_however_far_from_the_line(
    west_m: float, party: str
) -> None:
    there = held(rectangle(west_m, -20_000, west_m + 20_000, 20_000))
    other = "us" if party == "ru" else "ru"
    assert sided().demands(there, other) == ()
    (demand,) = sided().demands(there, party)
    assert demand == Demand(kind=DemandKind.FAR_SIDE, name="river", consent_of=(other,))


def test_near_the_line_it_is_the_line_that_demands_and_not_the_far_side_as_well() -> None:
    near = held(rectangle(2_000, -20_000, 30_000, 20_000))
    assert [demand.kind for demand in sided().demands(near, "ru")] == [DemandKind.NEAR_LINE]
    assert [demand.kind for demand in sided().demands(near, "us")] == [DemandKind.NEAR_LINE]


def test_nobodys_air_and_what_lies_beyond_reach_demand_nothing() -> None:
    beyond = held(rectangle(REACH_M + 100, -20_000, REACH_M + 20_000, 20_000))
    partly = held(rectangle(REACH_M - 100, -20_000, REACH_M + 20_000, 20_000))
    within = held(rectangle(30_000, -20_000, 50_000, 20_000))
    assert sided().demands(beyond, "ru") == ()
    assert [demand.kind for demand in sided().demands(partly, "ru")] == [DemandKind.FAR_SIDE]
    assert sided(right=None).demands(within, "ru") == ()


def test_beyond_its_ends_the_line_goes_on_straight_and_who_lies_across_asks_there_too() -> None:
    north_of_the_end = held(rectangle(-10_000, 115_000, 10_000, 130_000))
    kinds = {party: sided().demands(north_of_the_end, party) for party in ("us", "ru")}
    assert [demand.consent_of for demand in kinds["us"]] == [("ru",)]
    assert [demand.consent_of for demand in kinds["ru"]] == [("us",)]


@pytest.mark.parametrize(
    ("point", "party"),
    [
        ((1, 0), "us"),
        ((-1, 0), "ru"),
        ((0, 0), "ru"),
        ((REACH_M - 10, 0), "us"),
        ((REACH_M + 10, 0), None),
        ((-5_000, 110_000), "ru"),
        ((5_000, 110_000), "us"),
        ((0, 100_000 + REACH_M + 10), None),
    ],
)
def test_the_air_beside_the_line_is_its_sides_up_to_its_reach(point: tuple[float, float], party: str | None) -> None:
    assert sided().air_of(to_position(point)) == party


def test_in_the_shipped_valley_the_north_and_east_are_the_coalitions_and_the_south_and_west_russias() -> None:
    boundaries = Boundaries(read_scenario("valley-day").agreement)
    towns = {"us": ("Raqqa", "Tabqa", "Manbij", "Busayrah"), "ru": ("Palmyra", "Aleppo", "Mayadin", "Deir ez-Zor")}
    for party, names in towns.items():
        for name in names:
            found = place(name)
            assert found is not None
            assert boundaries.air_of(found) == party, name
    assert boundaries.air_of(Position(38.6178, 33.5058)) is None  # al-Tanf


def test_a_bent_line_parts_its_air_at_the_bend_too() -> None:
    bent = (to_position((0, 100_000)), to_position((0, 0)), to_position((100_000, 0)))
    boundaries = sided(trace=bent)
    assert boundaries.air_of(to_position((30_000, 30_000))) == "ru"
    assert boundaries.air_of(to_position((-30_000, -30_000))) == "us"
    assert boundaries.air_of(to_position((-1_000, 50_000))) == "us"
    assert boundaries.air_of(to_position((50_000, 1_000))) == "ru"


def test_a_partners_flight_counts_as_its_sponsors_and_a_third_partys_needs_everybody() -> None:
    partners = (Partner(name="syaf", side="ru"), Partner(name="tuaf"))
    boundaries = Boundaries(agreed(line=SIDED, partners=partners))
    across = held(rectangle(-20_000, -20_000, 20_000, 20_000))
    far = held(rectangle(30_000, -40_000, 34_000, -20_000))
    garrison = held(OURS.area)
    for volume in (across, far, garrison):
        assert boundaries.demands(volume, "syaf") == boundaries.demands(volume, "ru")
    assert [demand.consent_of for demand in boundaries.demands(across, "tuaf")] == [("us", "ru")]
    assert [demand.consent_of for demand in boundaries.demands(garrison, "tuaf")] == [("us",)]


def test_what_was_asked_before_is_answered_the_same_and_heights_are_told_apart() -> None:
    boundaries = Boundaries(agreed())
    low, high = held(OURS.area, 28_000, 30_000), held(OURS.area, 30_000, 32_000)
    assert boundaries.demands(low, "ru") == boundaries.demands(low, "ru") != ()
    assert boundaries.demands(high, "ru") == ()
    assert boundaries.demands(low, "us") == ()


@pytest.mark.parametrize(
    ("agreement", "message"),
    [
        (
            agreed(zones=(Zone(name="far", area=Circle(centre=Position(10, 50), radius_nm=5)),)),
            "zones: far: area.centre: .*outside",
        ),
        (
            agreed(zones=(Zone(name="flat", area=SHARED.area, lower_ft=5_000, upper_ft=5_000),)),
            "zones: flat: lower_ft must be below upper_ft",
        ),
        (
            agreed(line=DeconflictionLine(name="dot", note="", trace=(Position(38, 35), Position(38, 35)))),
            r"line: trace\[1\]: repeats",
        ),
    ],
)
def test_an_agreement_that_cannot_be_drawn_is_refused_with_field_and_reason(agreement: Agreement, message: str) -> None:
    with pytest.raises(AgreementError, match=message):
        Boundaries(agreement)
