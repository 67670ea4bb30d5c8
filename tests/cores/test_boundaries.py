"""What the line and the zones demand, and how far away the line is."""

from datetime import UTC, datetime, timedelta

import pytest

from hotline_protocol.agreement import Agreement, AgreementError, BoundaryRule, DeconflictionLine, TierRule, Zone
from hotline_protocol.airspace import Area, Circle, Corridor, Polygon, Position, Volume4D
from hotline_protocol.boundaries import Boundaries, Demand, DemandKind
from hotline_protocol.geometry import METRES_PER_NM, to_position
from hotline_protocol.line import Block, Tier

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
) -> Agreement:
    return Agreement(
        name="exercise",
        parties=parties,
        boundary_rule=touching,
        line=line,
        zones=zones,
        altitude_blocks=(Block(name="low", lower_ft=0, upper_ft=10_000),),
        tiers=(TierRule(tier=Tier.DUTY_OFFICER),),
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
