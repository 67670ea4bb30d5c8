"""Files that appear when they are whole, and what is no file."""

import os
from pathlib import Path

import pytest

from hotline_services.whole import whole_file


def test_what_stood_there_stays_until_the_new_file_is_whole_and_after_an_error(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with whole_file(path) as file:
        file.write(b"old")
        assert not path.exists()
    with pytest.raises(TypeError), whole_file(path) as file:
        file.write("no bytes")  # type: ignore[call-overload]
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_of_a_link_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    path, target = tmp_path / "link", tmp_path / "target"
    path.symlink_to(target)
    with whole_file(path) as file:
        file.write(b"new")
    assert path.is_symlink()
    assert target.read_bytes() == b"new"


def test_a_pipe_is_written_to_and_stays_one(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDWR)
    with whole_file(path) as file:
        file.write(b"new")
    assert os.read(reader, 10) == b"new"
    os.close(reader)
    assert path.is_fifo()


def test_a_folder_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError), whole_file(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []
