"""A live run of some hours, played once for all tests that read it."""

from pathlib import Path

import pytest

from hotline_services.cli.recording import recording

from .live_run import played


@pytest.fixture(scope="session")
def live_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the services' journals and the monitor's record. Tests copy what they change."""
    folder = tmp_path_factory.mktemp("live-data")
    assert played(folder) > 20
    return folder


@pytest.fixture(scope="session")
def live(live_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recording of it."""
    out = tmp_path_factory.mktemp("live") / "run.jsonl"
    assert recording(record=live_data / "monitor.sqlite3", out=out) == 0
    return out
