"""`hotline replay` and `hotline run page` as processes: one clear sentence for what is wrong, and a clean end."""

import contextlib
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from hotline_services.cli.demo import demo
from hotline_services.cli.replay import replay
from hotline_services.cli.run import run as run_service
from hotline_services.records.record import Record
from hotline_services.web.serving import PortError, listen

HOTLINE = (sys.executable, "-m", "hotline_services.cli.main")
NOBODY = "mqtt://127.0.0.1:1"
BAD_INPUT = 2
LONGEST_S = 90.0


@contextlib.contextmanager
def started(*arguments: str | Path) -> Iterator[tuple["subprocess.Popen[str]", str, list[str]]]:
    """The process, its page's address with the token, and the lines that it had printed by then."""
    with subprocess.Popen([*HOTLINE, *map(str, arguments)], stderr=subprocess.PIPE, text=True) as process:
        alarm = threading.Timer(LONGEST_S, process.kill)
        alarm.start()
        lines: list[str] = []
        assert process.stderr is not None
        for line in process.stderr:
            lines.append(line)
            if "#token=" in line:
                break
        try:
            assert "#token=" in lines[-1], lines
            yield process, next(word for word in lines[-1].split() if word.startswith("http")), lines
        finally:
            process.terminate()
            process.communicate(timeout=LONGEST_S)
            alarm.cancel()


def page(address: str) -> str:
    """Without the token."""
    return address.partition("#")[0]


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_page_ends_cleanly_with_streams_open(how: signal.Signals, tmp_path: Path) -> None:
    path = tmp_path / "monitor.sqlite3"
    Record(path).close()
    arguments = ("run", "page", "--record", path, "--port", "0", "--broker", NOBODY)
    with (
        started(*arguments) as (process, address, _),
        httpx.stream("GET", f"{page(address)}api/v1/live/stream", timeout=LONGEST_S) as stream,
    ):
        assert stream.status_code == 200
        process.send_signal(how)
        assert process.wait(LONGEST_S) == 0


def test_a_page_is_served_without_a_broker_and_before_there_is_a_record(tmp_path: Path) -> None:
    arguments = ("run", "page", "--record", tmp_path / "later.sqlite3", "--port", "0", "--broker", NOBODY)
    with started(*arguments) as (_, address, _):
        assert httpx.get(f"{page(address)}api/v1/live/picture", timeout=LONGEST_S).json()["n"] == 0
        setting = httpx.get(f"{page(address)}api/v1/live/setting", timeout=LONGEST_S).json()
        assert "no monitor has written a record there yet" in setting["note"]


def test_a_replay_takes_the_next_free_port_and_says_so(run: Path, taken: int) -> None:
    with started("replay", run, "--port", str(taken)) as (_, address, lines):
        assert lines[0] == f"Port {taken} is in use; this is the next free one.\n"
        assert f":{taken}/" not in address
        assert httpx.get(page(address), timeout=LONGEST_S).status_code == 200


def test_the_token_that_is_printed_is_the_one_that_is_taken(run: Path) -> None:
    with started("replay", run, "--port", "0") as (_, address, _):
        for token, status in ((address.partition("#token=")[2], 400), ("another", 401)):
            headers = {"Authorization": f"Bearer {token}"}
            answer = httpx.post(f"{page(address)}api/v1/sources", content=b"x", headers=headers, timeout=LONGEST_S)
            assert answer.status_code == status


def test_a_page_says_which_port_is_in_use_and_what_to_do(
    taken: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_service("page", data=tmp_path, port=taken, broker=NOBODY) == BAD_INPUT
    assert demo(data=tmp_path / "var", page_port=taken) == BAD_INPUT
    first, second = capsys.readouterr().err.splitlines()
    assert first == (
        f"hotline run: port {taken} of 127.0.0.1 is in use. Name another with --port, or any free one with --port 0."
    )
    assert second == (
        f"hotline demo: port {taken} of 127.0.0.1 is in use. "
        "Name another with --page-port, or any free one with --page-port 0."
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a Hotline recording"),
        (b"hello\n", "not a Hotline recording"),
        (b'{"hotline_recording": 3}\n', "has format 3; this program reads formats 1 and 2"),
        (b"SQLite format 3\x00 and no more", "not a monitor's record"),
    ],
)
def test_a_wrong_file_is_told_in_one_sentence(
    content: bytes, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "wrong.jsonl"
    path.write_bytes(content)
    assert replay([path], port=0) == BAD_INPUT
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"hotline replay: {path}")
    assert reason in line


def test_what_is_not_there_is_told_in_one_sentence(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert replay([tmp_path / "missing.jsonl"], port=0) == BAD_INPUT
    assert replay([run, run, run], port=0) == BAD_INPUT
    assert replay([run], port=0, scenario="nowhere") == BAD_INPUT
    assert replay([run], port=0, token="two words") == BAD_INPUT  # noqa: S106  that is what is wrong with it
    assert replay([run], host="203.0.113.1", port=0) == BAD_INPUT
    assert replay([run], port=70_000) == BAD_INPUT
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 6
    assert all(line.startswith("hotline replay: ") for line in lines)


def test_a_port_that_nobody_may_have_is_not_one_that_is_in_use() -> None:
    with pytest.raises(PortError, match=r"203\.0\.113\.1"):
        listen("203.0.113.1", 0)
