"""What lies outside the theatre is refused when a scenario is read, with its line and field, and not at run time."""

from pathlib import Path

import pytest

from hotline_services.director.scenario import ScenarioError, read_scenario
from hotline_services.resources import scenarios_folder

from .test_scenario import PATROL, SKY, SMALL, TRAFFIC

FAR = "[179.99, 35.63]"
OUTSIDE = "179.99, 35.63 (longitude, latitude) lies outside 34 to 44 E, 31 to 39 N"
NAMED = SMALL.replace("[38.0, 34.0]", FAR)
SIGHTING = """
[[timeline]]
at = "+00:10"
action = "report-sighting"
to = "us"
by = "ru"
kind = "show-of-force"
where = "Somewhere"
"""
UNANNOUNCED = PATROL.replace("submit-plan", "fly-unannounced").replace('to = "us"', 'side = "us"')
DEVIATION = """
[[timeline]]
at = "+00:10"
action = "deviate"
side = "us"
plan_id = "EXER01"
kind = "retasked"
where = "Somewhere"
"""
ADVICE = (
    SIGHTING.replace("report-sighting", "pass-advice")
    .replace('by = "ru"', 'peer = "ru"')
    .replace("show-of-force", "operation")
)
POLYGON = '{ shape = "polygon", vertices = [[38, 34], [39, 34], "Somewhere"] }'
FAR_CIRCLE = f'{{ shape = "circle", centre = {FAR}, radius_nm = 5 }}'
CIRCLE = '{ shape = "circle", centre = "Somewhere", radius_nm = 5 }'


def refused(tmp_path: Path, text: str) -> ScenarioError:
    path = tmp_path / "far.toml"
    path.write_text(text)
    with pytest.raises(ScenarioError) as caught:
        read_scenario(path)
    return caught.value


@pytest.mark.parametrize(
    ("text", "field", "where"),
    [
        (NAMED + PATROL, "timeline[0].plan.area.centre", "area = "),
        (NAMED + SKY + UNANNOUNCED, "timeline[0].plan.area.centre", "area = "),
        (NAMED + PATROL.replace(CIRCLE, POLYGON), "timeline[0].plan.area.vertices[2]", "area = "),
        (NAMED + PATROL.replace("action", "happens = false\naction"), "timeline[0].plan.area.centre", "area = "),
        (NAMED + TRAFFIC, "traffic[0].areas[0].centre", "areas = "),
        (NAMED + SIGHTING, "timeline[0].where", "where = "),
        (NAMED + ADVICE, "timeline[0].where", "where = "),
        (NAMED + SKY + DEVIATION, "timeline[0].where", "where = "),
    ],
)
def test_air_outside_the_theatre_is_refused_with_line_and_field(
    text: str, field: str, where: str, tmp_path: Path
) -> None:
    error = refused(tmp_path, text)
    assert (error.field, error.reason) == (field, OUTSIDE)
    line = next(number for number, line in enumerate(text.splitlines(), start=1) if line.startswith(where))
    assert f"line {line}: " in str(error)


def test_a_place_that_nothing_uses_as_air_may_lie_outside(tmp_path: Path) -> None:
    path = tmp_path / "base.toml"
    path.write_text(NAMED + PATROL.replace('"Somewhere"', "[38.0, 34.0]"))
    assert read_scenario(path).places["Somewhere"].lon_deg == 179.99


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("trace = [\n", f"trace = [\n  {FAR},\n", "line"),
        (
            "[[altitude_blocks]]",
            f'[[zones]]\nname = "Far"\narea = {FAR_CIRCLE}\n\n[[altitude_blocks]]',
            "zones",
        ),
    ],
)
def test_a_line_or_zone_outside_is_refused_with_the_agreement_s_own_file_and_line(
    old: str, new: str, field: str, tmp_path: Path
) -> None:
    agreement = (scenarios_folder() / "agreements" / "valley.toml").read_text(encoding="utf-8")
    assert old in agreement
    (tmp_path / "mine.toml").write_text(agreement.replace(old, new, 1))
    error = refused(tmp_path, SMALL.replace('"valley"', '"mine.toml"'))
    assert (error.file, error.field) == ("mine.toml", field)
    assert OUTSIDE in error.reason
    assert str(error).startswith("mine.toml, line ")
