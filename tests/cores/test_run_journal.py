"""The journal of an experiment's runs: a run is written down whole, or the experiment stops and says why."""

import errno
import os
from pathlib import Path

import pytest

from hotline_services.cli import experiment as command
from hotline_services.experiment.analysis.running import Finished
from hotline_services.experiment.finished_runs import NAME, JournalError, RunJournal

RUN = Finished(key="0" * 8, levels={"line": "on"}, replication=1, seed=7, values={"calls_per_day": 3.5, "erlang": None})


def test_a_line_that_the_disk_takes_in_parts_is_written_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda file, line: write(file, line[:7]))
        journal = RunJournal(tmp_path)
        journal.add(RUN)
        journal.close()
    again = RunJournal(tmp_path)
    assert again.done == {RUN.key: RUN}
    again.close()


def test_a_full_disk_is_told_with_the_path_and_the_run_counts_as_not_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_file: int, _line: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    journal = RunJournal(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(JournalError, match=rf"{NAME}: No space left on device"):
            journal.add(RUN)
    assert journal.done == {}
    journal.close()


def test_a_disk_that_is_full_when_results_are_written_is_told_with_their_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(command, "_conduct", full)
    assert command.experiment("outage", out=tmp_path) == 2
    assert capsys.readouterr().err == f"hotline experiment: --out: {tmp_path}: No space left on device\n"
