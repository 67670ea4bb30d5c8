"""Commands with files that begin with a byte order mark end as with the same files without it."""

from pathlib import Path

import pytest

from hotline_services.cli.queries import calls
from hotline_services.cli.query import Query
from hotline_services.cli.simulate import simulate

MARK = b"\xef\xbb\xbf"
DAY = Path(__file__).parents[2] / "scenarios/valley-2017.toml"


def test_a_scenario_and_its_recording_may_begin_with_the_mark(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario, plain, marked = tmp_path / "day.toml", tmp_path / "plain.jsonl", tmp_path / "marked.jsonl"
    scenario.write_bytes(MARK + DAY.read_bytes())
    assert simulate(str(DAY), days=1, seed=1, out=plain) == 0
    assert simulate(str(scenario), days=1, seed=1, out=marked) == 0
    assert plain.read_bytes().splitlines()[1:] == marked.read_bytes().splitlines()[1:]
    marked.write_bytes(MARK + marked.read_bytes())
    capsys.readouterr()
    assert calls(query=Query(record=plain)) == 0
    listed = capsys.readouterr().out
    assert calls(query=Query(record=marked)) == 0
    assert capsys.readouterr().out == listed
