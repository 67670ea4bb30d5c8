"""The notebook in examples: it runs as it stands, in an empty folder, and answers what it asks."""

from pathlib import Path
from typing import Any

import pytest

from hotline_services.cli.simulate import simulate

nbformat = pytest.importorskip("nbformat", reason="nbformat reads the notebook")
nbclient = pytest.importorskip("nbclient", reason="nbclient runs the notebook")
pytest.importorskip("ipykernel", reason="ipykernel is what the notebook runs in")
pytest.importorskip("polars", reason="the notebook's tables are polars'")

NOTEBOOK = Path(__file__).parents[2] / "examples" / "recording_as_table.ipynb"


def notebook() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)


def results(ran: Any) -> list[str]:
    """What each code cell shows, as text."""
    return [
        "".join(str(out.get("text") or out.get("data", {}).get("text/plain", "")) for out in cell.outputs)
        for cell in ran.cells
        if cell.cell_type == "code"
    ]


def test_it_is_kept_without_its_outputs() -> None:
    for cell in notebook().cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


# What Jupyter's client leaves to the garbage collector is not ours to close.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_it_runs_and_answers_its_questions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_RUN", str(tmp_path / "day.jsonl"))
    assert simulate("valley-2017", seed=1, days=1, out=tmp_path / "day.jsonl") == 0
    ran = nbclient.NotebookClient(
        notebook(), timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    tables, used, reasons, agreed, chain, crossed = results(ran)
    assert "'calls'" in tables
    assert "erlang" in used
    assert "line-check" in reasons
    assert "agreed-as-filed" in agreed
    assert "escalated" in chain
    assert "outbound" in crossed
