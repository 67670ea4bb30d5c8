"""`hotline demo` as a user runs it, when not all of its log is wanted."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from .conftest import need

HOTLINE = [sys.executable, "-c", "from hotline_services.cli.main import main; main()"]
PATIENCE_S = 240
LONGER_S = "600"
SPEED = "20"  # a broker of a busy machine is found too slow for 60


def test_a_demo_of_whose_log_the_rest_is_not_read_stops_and_writes_its_recording(tmp_path: Path) -> None:
    need("mosquitto")
    out = tmp_path / "run.jsonl"
    places = ["--data", str(tmp_path / "var"), "--out", str(out), "--broker", "mosquitto", "--no-page"]
    pace = ["--seconds", LONGER_S, "--speed", SPEED]
    process = subprocess.Popen(
        [*HOTLINE, "demo", "valley-2017", *places, *pace], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert any("plan filed" in line for line in process.stdout)  # by now the monitor has written something down
        process.stdout.close()
        assert process.wait(timeout=PATIENCE_S) == 0
    finally:
        process.kill()
        process.wait(timeout=PATIENCE_S)
        assert process.stderr is not None
        process.stderr.close()
    header, *messages = out.read_text().splitlines()
    assert "valley-2017" in header
    assert messages != []


def test_a_demo_whose_broker_dies_starts_it_again_and_goes_on(tmp_path: Path) -> None:
    need("mosquitto")
    places = ["--data", str(tmp_path / "var"), "--broker", "mosquitto", "--broker-port", "0", "--no-page"]
    process = subprocess.Popen(
        [*HOTLINE, "demo", "valley-2017", *places, "--seconds", LONGER_S, "--speed", SPEED],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        assert any("plan filed" in line for line in process.stdout)
        os.kill(broker_of(process.pid), signal.SIGKILL)
        told = []
        for line in process.stderr:
            told.append(line)
            if "connected again" in line:
                break
        assert any("The broker has ended, exit code -9. It is started again." in line for line in told)
        assert "connected again to the broker" in told[-1]
        assert any("plan " in line for line in process.stdout)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE_S)


def broker_of(demo: int) -> int:
    children = Path(f"/proc/{demo}/task/{demo}/children").read_text().split()
    return next(int(pid) for pid in children if b"broker.conf" in Path(f"/proc/{pid}/cmdline").read_bytes())
