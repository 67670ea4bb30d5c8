"""Recordings on the page in the theatre and with the values that they were played with."""

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from hotline_protocol.theatre import default_theatre, theatre_now
from hotline_services.cli.replay import replay
from hotline_services.cli.report import report
from hotline_services.cli.simulate import simulate
from hotline_services.director.scenario import read_scenario
from hotline_services.runtime.store import StoreError
from hotline_services.web.sources import Sources

from .conftest import served

ISLAND = Path(__file__).parents[2] / "examples/island/island-day.toml"
NO_MODEL = ("parties.us.strain.model=none", "parties.ru.strain.model=none")


@pytest.fixture(scope="module")
def island(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("island") / "island.jsonl"
    assert simulate(str(ISLAND), days=0.1, out=out) == 0
    return out


@pytest.fixture(scope="module")
def valley(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("valley") / "valley.jsonl"
    assert simulate("valley-day", days=0.05, out=out) == 0
    return out


async def test_a_recording_of_a_file_is_shown_in_its_own_theatre_without_being_told(island: Path) -> None:
    async with served(island) as server:
        setting = await server.json("/api/v1/a/setting")
    assert setting["bounds_deg"] == [-30.0, -24.0, -22.0, -17.0]  # type: ignore[index]
    assert setting["line"] is not None  # type: ignore[index]
    assert "not known" not in setting["note"]  # type: ignore[index]


def test_recordings_of_two_theatres_are_refused_on_one_page_in_a_sentence(
    island: Path, valley: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert replay([valley, island], port=0) == 2
    assert "was played in the theatre training-islands" in capsys.readouterr().err
    assert theatre_now() == default_theatre()


async def test_a_recording_that_is_uploaded_does_not_move_the_theatre_of_what_is_shown(
    valley: Path, tmp_path: Path
) -> None:
    sources = Sources(read_scenario(ISLAND))
    with closing(sources):
        own = tmp_path / "own.jsonl"
        assert await asyncio.to_thread(simulate, str(ISLAND), days=0.02, out=own) == 0
        sources.add(own, "own")
        with pytest.raises(StoreError, match="theatre syria, and what is shown already in training-islands"):
            sources.add(valley, "valley", uploaded=True)
        assert theatre_now().name == "training-islands"
        assert [shown.name for shown in sources] == ["a"]


async def test_a_run_without_a_model_of_tension_is_shown_as_one(tmp_path: Path) -> None:
    out = tmp_path / "run.jsonl"
    assert await asyncio.to_thread(simulate, "valley-day", days=0.05, set=NO_MODEL, out=out) == 0
    async with served(out) as server:
        setting = await server.json("/api/v1/a/setting")
    assert setting["tension"] is False  # type: ignore[index]


def test_a_report_has_the_map_of_the_theatre_that_was_played_in(island: Path, tmp_path: Path) -> None:
    of_itself, as_told = tmp_path / "itself.html", tmp_path / "told.html"
    assert report(island, out=of_itself) == 0
    assert report(island, out=as_told, scenario=str(ISLAND)) == 0
    assert of_itself.read_bytes() == as_told.read_bytes()
