"""Airspace Control Orders as other programs round and mistype them: each repair is read, and said with its line."""

from pathlib import Path

import pytest

from hotline_protocol.airspace import Area, Circle, Position
from hotline_protocol.intake import read_plans
from hotline_services.aco.order import Order
from hotline_services.aco.reading import read_order
from hotline_services.cli.aco import read

from .orders import CIRCLE, HEAD, LEVELS, START, TIMES, order, volume

POLYGON = "POLYGON/LATS:352900N0393000E/LATS:353000N0394500E/LATS:351500N0394500E//"
CORRIDOR = "CORRIDOR/5NM/3500N03930E/3530N04000E//"
ORBIT = "AORBIT/3500N04000E/3530N04000E/10NM/L//"


def area_of(found: Order) -> Area:
    return volume(found).area


@pytest.mark.parametrize(
    ("text", "same", "carried"),
    [
        ("352860N0393000E", "352900N0393000E", "60 seconds were carried to the next minute"),
        ("352900N0392960E", "352900N0393000E", "60 seconds were carried to the next minute"),
        ("355960N0393000E", "360000N0393000E", "60 minutes were carried to the next degree"),
        ("3560N03930E", "3600N03930E", "60 minutes were carried to the next degree"),
        ("3530N03960E", "3530N04000E", "60 minutes were carried to the next degree"),
        ("3560000N03930000E", "3600N03930E", "60 minutes were carried to the next degree"),
        ("352860.0N0393000E", "352900N0393000E", "60 seconds were carried to the next minute"),
    ],
)
@pytest.mark.parametrize(
    "shape",
    [
        "POLYGON/LATS:{}/LATS:353000N0394500E/LATS:351500N0394500E//",
        "CIRCLE/{}/8NM//",
        "CORRIDOR/5NM/{}/3530N04030E//",
        "AORBIT/{}/3530N04030E/10NM/L//",
    ],
)
def test_sixty_seconds_or_minutes_are_carried_and_that_is_said(shape: str, text: str, same: str, carried: str) -> None:
    found = order(shape.format(text))
    assert area_of(found) == area_of(order(shape.format(same)))
    notes = {note.reason: note for note in found.mended}
    assert (notes[carried].line, notes[carried].measure) == (8, "ONE")


@pytest.mark.parametrize("shape", [POLYGON, CIRCLE, CORRIDOR, ORBIT])
@pytest.mark.parametrize("slash", ["//", "///", "//\n", " //"])
def test_a_slash_too_many_after_the_name_of_a_shape_is_put_right(shape: str, slash: str) -> None:
    name, _, rest = shape.partition("/")
    found = order(f"{name}{slash}{rest}", acmid=f"ACMID/ACM:ROZ/NAME:ONE/{name}/USE:AEW//")
    assert area_of(found) == area_of(order(shape))
    assert [(note.line, note.set) for note in found.mended] == [(8, name)]
    assert found.mended[0].reason == "the set was empty, and went on after one slash too many"


@pytest.mark.parametrize(
    ("whole", "cut"),
    [
        (POLYGON, POLYGON.replace("000E/LATS:3515", "000E//LATS:3515").replace("4500E/LATS:3515", "4500E//LATS:3515")),
        (CIRCLE, CIRCLE.replace("E/8NM", "E//8NM")),
        (CORRIDOR, CORRIDOR.replace("E/3530N", "E//3530N")),
    ],
)
def test_a_slash_too_many_between_two_fields_is_put_right(whole: str, cut: str) -> None:
    found = order(cut)
    assert whole != cut
    assert area_of(found) == area_of(order(whole))
    assert [note.reason for note in found.mended] == ["the set went on after one slash too many"]


def test_a_slash_too_many_in_heights_times_and_heads_is_put_right() -> None:
    levels, times = LEVELS.replace("EFFLEVEL/", "EFFLEVEL//"), TIMES.replace("APERIOD/", "APERIOD//")
    found = order(CIRCLE, levels, times, acmid="ACMID/ACM:ROZ//NAME:ONE/CIRCLE/USE:AEW//")
    assert volume(found) == volume(order())
    assert found.measures[0].name == "ONE"
    assert [note.set for note in found.mended] == ["ACMID", "EFFLEVEL", "APERIOD"]
    plain = order(levels="EFFLEVEL//FL200-FL250//")
    assert volume(plain) == volume(order())


@pytest.mark.parametrize(
    ("whole", "cut"),
    [
        (POLYGON, POLYGON.replace("POLYGON/", "POLYGON ")),
        (POLYGON, POLYGON.replace("POLYGON/", "POLYGON")),
        (POLYGON, POLYGON.replace("E/LATS:3530", "E LATS:3530")),
        (POLYGON, POLYGON.replace("E/LATS:3530", "ELATS:3530")),
        (CIRCLE, CIRCLE.replace("CIRCLE/", "CIRCLE ")),
        (CORRIDOR, CORRIDOR.replace("CORRIDOR/", "CORRIDOR ")),
        (CORRIDOR, CORRIDOR.replace("E/3530N", "E 3530N")),
        (ORBIT, ORBIT.replace("E/3530N", "E 3530N")),
    ],
)
def test_a_missing_slash_is_put_right(whole: str, cut: str) -> None:
    found = order(cut, acmid=f"ACMID/ACM:ROZ/NAME:ONE/{whole.partition('/')[0]}/USE:AEW//")
    assert whole != cut
    assert area_of(found) == area_of(order(whole))
    assert [note.line for note in found.mended] == [8]
    assert "slash" in found.mended[0].reason


def test_an_unknown_set_behind_a_shape_is_no_field_of_it() -> None:
    found = order(times=f"{TIMES}\nFOO/BAR//")
    assert [note.set for note in found.refused] == ["FOO"]
    assert len(found.measures) == 1
    behind = order(f"{CIRCLE}\nFOO/BAR//")
    assert isinstance(behind.measures[0].volumes[0].area, Circle)


LINE = "GEOLINE/LATS:352900N0393000E/LATS:353500N0394500E/LATS:353000N0400000E//"


def test_a_line_is_listed_and_reserves_no_air(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "order.aco"
    path.write_text(f"{HEAD}ACMID/ACM:FSCL/NAME:CEDAR/GEOLINE/USE:FSCL//\n{LINE}\n{LEVELS}\n{TIMES}\n")
    assert read(path, to="us", out=tmp_path / "plans.json") == 0
    told = capsys.readouterr().out
    for part in (
        "taken: 0",
        "CEDAR",
        "FSCL",
        "352900N0393000E",
        "FL200-250",
        "18 1530Z JUN to 18 1730Z JUN",
        "refused: 0",
    ):
        assert part in told
    assert read_plans((tmp_path / "plans.json").read_bytes(), START)[0] == []


def test_a_line_beside_a_measure_disturbs_nothing() -> None:
    found = order(times=f"{TIMES}\nACMID/ACM:FSCL/NAME:CEDAR/GEOLINE/USE:FSCL//\n{LINE}\n{LEVELS}\n{TIMES}")
    assert volume(found) == volume(order())
    (line,) = found.lines
    assert (line.name, line.lines, line.positions[1]) == ("CEDAR", (11, 14), Position(39.75, 35.58333333))
    assert (line.lower_ft, line.upper_ft) == (20_000, 25_000)


@pytest.mark.parametrize("shape", ["GEOLINE/LATS:352900N0393000E//", f"{LINE}\n{CIRCLE}", "APOINT/3520N04008E//"])
def test_a_line_of_one_position_a_line_with_an_area_and_a_point_are_refused(shape: str) -> None:
    found = read_order(f"{HEAD}ACMID/ACM:FSCL/NAME:CEDAR/GEOLINE/USE:FSCL//\n{shape}\n{LEVELS}\n{TIMES}\n")
    assert not found.measures
    assert not found.lines
    assert [note.measure for note in found.refused] == ["CEDAR"]
