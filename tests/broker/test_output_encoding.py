"""A demo, and who looks at it, on a terminal that has no arrow."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from hotline_services.runtime.children import die_with_parent

from .conftest import need

ROOT = Path(__file__).parents[2]
HOTLINE = [sys.executable, "-m", "hotline_services.cli.main"]
PATIENCE_S = 240
ENCODING = "koi8-r"
HERE = {"PYTHONIOENCODING": ENCODING, "PYTHONUTF8": "0", "COLUMNS": "150"}


class Started:
    """A command, and its lines so far."""

    def __init__(self, *words: str, data: Path, reads: bool = False) -> None:
        self.process = subprocess.Popen(
            [*HOTLINE, *words, "--data", str(data)],
            env=os.environ | HERE,
            stdin=subprocess.PIPE if reads else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent(),  # noqa: PLW1509
        )
        self.lines: list[str] = []
        self._news = threading.Condition()
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                with self._news:
                    self.lines.append(line.decode(ENCODING).rstrip("\n"))
                    self._news.notify_all()

    def until(self, text: str) -> None:
        with self._news:
            found = self._news.wait_for(lambda: any(text in line for line in self.lines), timeout=PATIENCE_S)
        assert found, (text, self.lines[-20:])

    def write(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode(ENCODING))
        self.process.stdin.flush()

    def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_S)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)
        self._reading.join(10)
        if self.process.stdin is not None:
            self.process.stdin.close()


def test_a_demo_and_who_follows_it_go_on_where_there_is_no_arrow(tmp_path: Path) -> None:
    need("mosquitto")
    data = tmp_path / "var"
    places = ["--broker", "mosquitto", "--broker-port", "0", "--no-page"]
    demo = Started("demo", "valley-2017", *places, "--seconds", "600", "--speed", "20", data=data)
    others: list[Started] = []
    try:
        demo.until("plan filed")
        watch = Started("watch", data=data)
        desk = Started("console", "--as", "ru", "--plain", "--log", data=data, reads=True)
        plan = Started("inject", "examples/plans/orbit.json", "--to", "us", "--force", data=data)
        others = [watch, desk, plan]
        watch.until("DESK TAKEN")
        desk.write("ask 40.5,35.5 who is there?\nlook\n")
        for follower in (demo, watch, desk):
            follower.until("RU -> US")
        assert plan.process.wait(PATIENCE_S) in {0, 1, 2}
        desk.write("leave\n")
        assert desk.process.wait(PATIENCE_S) == 0
        assert watch.end() in {0, 130}
        assert demo.end() == 0
    finally:
        for started in (demo, *others):
            started.kill()
    assert " -> " in (data / "logs" / "monitor.log").read_text(ENCODING)
    for each in (demo, *others):
        assert not [line for line in each.lines if "can't encode" in line or "Traceback" in line]
