"""More than two parties on the page: each has a frame, a colour and lines of its own, and none is called unknown."""

import io
import runpy
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hotline_services.director.scenario import read_scenario
from hotline_services.runtime.recording import Header, RecordingWriter
from hotline_services.world import build

from .browsing import Visit, site

WRITE: Any = runpy.run_path(str(Path(__file__).parents[2] / "examples" / "many_parties.py"))["write"]
HOURS = 1
TOLD = """() => {
  const seen = [...document.querySelectorAll('.legend ul:first-of-type li')].map((line) => {
    const tag = line.querySelector('.side');
    const frame = tag?.querySelector('.frame');
    const picture = line.querySelector('canvas');
    return {
      name: tag?.textContent ?? '', frame: tag?.dataset.frame ?? '', colour: tag ? getComputedStyle(tag).color : '',
      shape: frame ? getComputedStyle(frame).clipPath + getComputedStyle(frame).borderRadius : '',
      picture: picture.toDataURL(), text: line.textContent,
    };
  });
  return seen;
}"""
PATTERNS = """async () => {
  const {LINES} = await import('./static/map/frames.js');
  const {Sides} = await import('./static/sides.js');
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  const sides = new Sides({parties: Object.fromEntries(names.map((name) => [name, name]))});
  return names.map((name) => JSON.stringify(LINES[sides.frame(name)] ?? []));
}"""


def played(folder: Path, count: int) -> Path:
    """A recording of the first hour of this many parties."""
    scenario = read_scenario(str(WRITE(folder, count, "pair")))
    simulation, file = build(scenario, 1, 1), io.BytesIO()
    header = Header(scenario=scenario.name, seed=1, start=simulation.start, days=1, agreement=scenario.agreement.digest)
    simulation.run(simulation.start + timedelta(hours=HOURS), RecordingWriter(file, header).write)
    path = folder / "run.jsonl"
    path.write_bytes(file.getvalue())
    return path


def distinct(told: Sequence[dict[str, str]], what: str) -> int:
    return len({each[what] for each in told})


@pytest.mark.parametrize("count", [4, 8])
async def test_each_party_has_a_frame_a_colour_and_a_name_of_its_own_in_both_themes(
    count: int, tmp_path: Path, visit: Visit
) -> None:
    async with site(played(tmp_path, count)) as served:
        page = await visit(served.address)
        await page.wait_for_selector(".legend", state="attached")
        for _ in range(2):
            *parties, nobody = await page.evaluate(TOLD)
            assert len(parties) == count
            for what in ("name", "frame", "colour", "shape", "text"):
                assert distinct(parties, what) == count, what
            assert distinct([*parties, nobody], "picture") == count + 1
            assert not any("unknown" in party["frame"] + party["text"] for party in parties)
            assert "no line" in nobody["text"]
            await page.evaluate("import('./static/theme.js').then(({theme}) => theme.toggle())")


async def test_the_air_of_eight_parties_has_eight_patterns(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.address)
        assert len(set(await page.evaluate(PATTERNS))) == 8
