"""Airspace Control Orders: every form in which they are written, what is assumed, what is refused, and the way back."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline_protocol.airspace import Circle, Corridor, Position, Volume4D
from hotline_protocol.geometry import METRES_PER_NM, area_problem, shape_of
from hotline_services.aco.reading import MOST_CHARACTERS, read_order
from hotline_services.aco.sets import WIDTH

from .orders import CIRCLE, HEAD, LEVELS, START, TIMES, at, measure, order, reasons, volume

# --- a whole measure


def test_a_measure_is_read_with_its_name_kind_use_place_heights_and_times() -> None:
    found = order()
    one = measure(found)
    assert (one.name, one.kind, one.use, one.shape) == ("ONE", "ROZ", "AEW", "CIRCLE")
    assert volume(found) == Volume4D(
        area=Circle(centre=Position(40.14166667, 35.34166667), radius_nm=8),
        lower_ft=20_000,
        upper_ft=25_000,
        start=at(15, 30),
        end=at(17, 30),
    )
    assert one.lines == (7, 10)
    assert found.mended == ()
    assert (found.title, found.exercise, found.start, found.end) == ("VALLEY", True, START, START + timedelta(days=1))


def test_case_line_ends_and_wrapping_make_no_difference() -> None:
    whole = order("POLYGON/LATS:352030N0400830E/LATS:354030N0400830E/LATS:354030N0404030E//")
    wrapped = order("polygon/lats:352030n0400830e/lats:354030n0400830e\r\n  /lats:354030n0404030e\n//")
    trailing = order("POLYGON/LATS:352030N0400830E/\r\nLATS:354030N0400830E/LATS:354030N04\n04030E//")
    assert volume(whole) == volume(wrapped) == volume(trailing)


def test_a_name_that_is_wrapped_in_its_middle_is_whole_again() -> None:
    name = "A" * 29
    head = f"ACMID/ACM:ROZ/OTR:{'X' * 21}/NAME:{name}"[:WIDTH]
    rest = f"ACMID/ACM:ROZ/OTR:{'X' * 21}/NAME:{name}"[WIDTH:]
    assert len(head) == WIDTH or not rest
    found = order(acmid=f"{head}\n{rest}/CIRCLE/USE:AEW//" if rest else f"{head}/CIRCLE/USE:AEW//")
    assert measure(found).name == name


def test_sets_on_one_line_and_empty_sets_are_read() -> None:
    text = HEAD.replace("\n", "") + "-//ACMID/ACM:ROZ/NAME:ONE/CIRCLE/USE:AEW//" + CIRCLE + LEVELS + TIMES
    assert volume(read_order(text)) == volume(order())


# --- where


@pytest.mark.parametrize(
    ("text", "lon", "lat"),
    [
        ("3520N04008E", 40 + 8 / 60, 35 + 20 / 60),
        ("LATM:3520N04008E", 40 + 8 / 60, 35 + 20 / 60),
        ("352030N0400830E", 40 + 8.5 / 60, 35 + 20.5 / 60),
        ("LATS:352030N0400830E", 40 + 8.5 / 60, 35 + 20.5 / 60),
        ("LATS:352030.5N0400830.25E", 40 + 8 / 60 + 30.25 / 3600, 35 + 20 / 60 + 30.5 / 3600),
        ("3520.5000N-04008.2500E", 40 + 8.25 / 60, 35 + 20.5 / 60),
        ("LATS: 352030N 0400830E", 40 + 8.5 / 60, 35 + 20.5 / 60),
        ("LATS:3520500N04008250E", 40 + 8.25 / 60, 35 + 20.5 / 60),
    ],
)
def test_a_position_is_read_in_each_form(text: str, lon: float, lat: float) -> None:
    area = volume(order(f"CIRCLE/{text}/5NM//")).area
    assert isinstance(area, Circle)
    assert area.centre.lon_deg == pytest.approx(lon, abs=1e-8)
    assert area.centre.lat_deg == pytest.approx(lat, abs=1e-8)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("LATM:3582N04008E", "more than 60 minutes"),
        ("352061N0400830E", "more than 60 minutes or seconds"),
        ("352060.5N0400830E", "more than 60 minutes or seconds"),
        ("355960N0400861E", "more than 60 minutes or seconds"),
        ("896060N0400830E", "more than 60 minutes"),
        ("9060N04008E", "no such latitude"),
        ("9520N04008E", "no such latitude"),
        ("3520N04008", "is no position"),
        ("37SDA1234512345", "is no position"),
        ("520N04008E", "is no position"),
        ("LATM:1510N05909E", "lies outside"),
    ],
)
def test_a_position_that_cannot_be_is_refused_with_its_line_and_reason(text: str, reason: str) -> None:
    found = order(f"CIRCLE/{text}/5NM//")
    assert not found.measures
    (note,) = found.refused
    assert reason in note.reason
    assert (note.line, note.set, note.field, note.measure) == (8, "CIRCLE", "shape", "ONE")


@pytest.mark.parametrize(("text", "nm"), [("8NM", 8), ("9.26KM", 5), ("1852M", 1), ("RADIUS:8NM", 8), ("8", 8)])
def test_a_radius_is_read_in_each_unit(text: str, nm: float) -> None:
    area = volume(order(f"CIRCLE/3520N04008E/{text}//")).area
    assert isinstance(area, Circle)
    assert area.radius_nm == pytest.approx(nm)


def test_a_corridor_has_half_its_width_to_either_side() -> None:
    area = volume(order("CORRIDOR/5NM/LATM:3500N03930E/LATM:3530N04000E/LATM:3522N04030E//")).area
    assert isinstance(area, Corridor)
    assert area.half_width_nm == 2.5
    assert len(area.route) == 3


def test_an_orbit_lies_on_its_leg_or_to_the_left_or_right_of_it() -> None:
    leg = "LATM:3500N04000E/LATM:3600N04000E/10NM"
    west, on, east = (shape_of(volume(order(f"AORBIT/{leg}/{side}//")).area).centroid.x for side in "LCR")
    assert (on - west) / METRES_PER_NM == pytest.approx(5, abs=0.05)
    assert (east - on) / METRES_PER_NM == pytest.approx(5, abs=0.05)
    assert "C, centred, was assumed" in order(f"AORBIT/{leg}//").mended[0].reason


def test_what_the_measure_says_it_is_and_what_follows_may_differ_and_that_is_said() -> None:
    found = order(acmid="ACMID/ACM:ROZ/NAME:ONE/POLYGON/USE:AEW//")
    assert measure(found).shape == "CIRCLE"
    assert "the CIRCLE was taken" in found.mended[0].reason


@pytest.mark.parametrize(
    "shape",
    [
        "POLYGON/3520N04008E/3540N04008E//",
        "POLYGON/3520N04008E/3540N04040E/3520N04040E/3540N04008E//",
        "CIRCLE/3520N04008E//",
        "CIRCLE/3520N04008E/0NM//",
        "CIRCLE/3520N04008E/900NM//",
        "CIRCLE/3520N04008E/FARNM//",
        "CORRIDOR/5NM/3520N04008E//",
        "CORRIDOR//",
        "AORBIT/3520N04008E/3520N04008E/5NM/L//",
        "AORBIT/3520N04008E/3540N04008E/5NM/X//",
        "APOINT/3520N04008E//",
        "RADARC/3520N04008E/300T/060T/0NM/50NM//",
    ],
)
def test_a_shape_that_is_no_area_is_refused_and_nothing_of_its_measure_is_taken(shape: str) -> None:
    found = order(shape)
    assert not found.measures
    assert found.refused
    assert all(note.measure == "ONE" for note in found.refused)


# --- how high


@pytest.mark.parametrize(
    ("text", "lower", "upper"),
    [
        ("RAFL:200AMSL-FL250", 20_000, 25_000),
        ("FLFL:FL100-FL230", 10_000, 23_000),
        ("BRRA:GL-220AMSL", 0, 22_000),
        ("BRFL:MSL-FL230", 0, 23_000),
        ("RARA:050AMSL-100AMSL", 5_000, 10_000),
        ("RARA:000AGL-020AGL", 0, 5_000),
        ("200AMSL-FL250", 20_000, 25_000),
        ("FL250 - UNL", 25_000, 60_000),
        ("SFC-5000FTAMSL", 0, 5_000),
        ("RARA:1500AMSL-4500AMSL", 1_500, 4_500),
        ("FLFL:FL250-FL100", 10_000, 25_000),
        ("FL590-FL660", 59_000, 60_000),
        ("FL660-FL590", 59_000, 60_000),
        ("-FL100", 0, 10_000),
        ("FL100-", 10_000, 60_000),
        ("RARA:100-200", 10_000, 20_000),
    ],
)
def test_heights_are_read_in_each_form(text: str, lower: int, upper: int) -> None:
    found = order(levels=f"EFFLEVEL/{text}//")
    assert (volume(found).lower_ft, volume(found).upper_ft) == (lower, upper)


@pytest.mark.parametrize("text", ["FL600-FL660", "FL610-FL650", "FL650-FL610", "FL610-UNL"])
def test_what_lies_above_all_volumes_is_refused(text: str) -> None:
    assert "lies above 60,000 ft" in reasons(order(levels=f"EFFLEVEL/{text}//"))[0]


def test_of_several_heights_all_air_between_is_reserved_and_that_is_said() -> None:
    found = order(levels="EFFLEVEL/FLFL:FL200-FL250//\nEFFLEVEL/FLFL:FL300-FL350//")
    assert (volume(found).lower_ft, volume(found).upper_ft) == (20_000, 35_000)
    assert "from the lowest floor to the highest ceiling" in found.mended[0].reason


def test_of_several_heights_none_is_taken_when_one_cannot_be_read() -> None:
    assert "no height" in reasons(order(levels="EFFLEVEL/FLFL:FL200-FL250//\nEFFLEVEL/HIGH-LOW//"))[0]


@pytest.mark.parametrize(
    ("text", "assumed"),
    [
        ("RARA:005AGL-020AGL", ["sea level for the floor", "3,000 ft high for the ceiling"]),
        ("FL250-UNL", ["up to 60,000 ft"]),
        ("RARA:100-200", ["mean sea level was assumed", "mean sea level was assumed"]),
        ("RARA:1500AMSL-4500AMSL", ["feet were assumed", "feet were assumed"]),
        ("FLFL:FL250-FL100", ["exchanged"]),
    ],
)
def test_what_is_assumed_of_a_height_is_said(text: str, assumed: list[str]) -> None:
    told = [note.reason for note in order(levels=f"EFFLEVEL/{text}//").mended]
    assert len(told) == len(assumed)
    assert all(part in sentence for part, sentence in zip(assumed, told, strict=True))


def test_without_heights_all_of_them_are_reserved_and_that_is_said() -> None:
    for levels in ("", "EFFLEVEL/-//", "EFFLEVEL//"):
        found = order(levels=levels)
        assert (volume(found).lower_ft, volume(found).upper_ft) == (0, 60_000)
        assert "no heights" in found.mended[0].reason


@pytest.mark.parametrize("text", ["FL250", "HIGH-LOW", "FL250-FL250", "123456AMSL-FL900", "FL-FL"])
def test_heights_that_are_none_are_refused(text: str) -> None:
    found = order(levels=f"EFFLEVEL/{text}//")
    assert not found.measures
    assert [(note.set, note.field) for note in found.refused] == [("EFFLEVEL", "heights")]


# --- what is missing, unknown or damaged


def test_a_set_without_its_end_goes_on_to_the_next_one() -> None:
    found = order(levels=LEVELS.removesuffix("//"))
    assert volume(found) == volume(order())
    assert "no // at its end" in found.mended[0].reason
    cut = order(times=TIMES.removesuffix("//"))
    assert volume(cut) == volume(order())


def test_a_measure_without_name_and_kind_is_taken_and_that_is_said() -> None:
    found = order(acmid="ACMID/CIRCLE//")
    assert measure(found).name == "UNNAMED 1"
    assert [note.field for note in found.mended] == ["name", "kind"]


def test_unknown_sets_are_passed_over_and_listed_and_disturb_nothing() -> None:
    found = order(times=f"FOO/BAR/BAZ//\n{TIMES}\nAMPN/REMEMBER THIS//")
    assert len(found.measures) == 1
    assert found.measures[0].remarks == "REMEMBER THIS"
    assert [(note.line, note.set) for note in found.refused] == [(10, "FOO")]


def test_another_datum_a_missing_exercise_line_and_a_change_of_other_measures_are_said() -> None:
    head = HEAD.replace("WGS 1984", "ED50").replace("EXER/", "OPER/") + "ACMSTAT/DELETE/OLD ONE//\n"
    found = order(head=head)
    told = [note.reason for note in found.mended]
    assert any("no EXER" in reason for reason in told)
    assert any("ED50 was taken as WGS 84" in reason for reason in told)
    assert "not followed" in reasons(found)[0]
    assert len(found.measures) == 1


@pytest.mark.parametrize("text", ["", "hello", "\x00\x01//", "A/B//" * 10, "x" * (MOST_CHARACTERS + 1), "////"])
def test_what_is_no_order_is_refused_in_a_sentence(text: str) -> None:
    found = read_order(text)
    assert not found.measures
    assert found.refused


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300), st.sampled_from([CIRCLE, LEVELS, TIMES, HEAD]))
def test_whatever_stands_in_it_is_read_or_refused_and_nothing_raises(text: str, known: str) -> None:
    for mixed in (text, f"{HEAD}ACMID/{text}//{CIRCLE}", f"{HEAD}ACMID/ACM:ROZ/NAME:X/CIRCLE//{known[:-9]}{text}//"):
        for one in read_order(mixed).measures:
            assert all(area_problem(each.area) is None for each in one.volumes)
