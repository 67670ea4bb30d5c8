"""Builds the wheel and plays the demo from it: alone, in an empty environment, outside the checkout.

What is forgotten in the wheel (scenarios, geography, a dependency) shows here and nowhere else.
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import venv
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
WANTED = ["ring", "answer", "proposal", "hang-up"]  # words of the call log, one a line, in this order
PLAY_S = 60.0
STOP_S = 3.0


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="hotline-wheel-") as folder:
        place = Path(folder)
        hotline = install(build(place / "wheel"), place / "environment")
        play(hotline, place / "elsewhere")


def build(folder: Path) -> Path:
    """The wheel, built with what is locked for it."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT))
    (wheel,) = folder.glob("*.whl")
    print(f"built {wheel.name}, {wheel.stat().st_size / 1e6:.1f} MB", flush=True)
    return wheel


def install(wheel: Path, folder: Path) -> Path:
    """The command `hotline` of an environment that holds the wheel, its locked dependencies and nothing else."""
    venv.create(folder, with_pip=True)
    pip = [str(folder / "bin/python"), "-m", "pip", "--disable-pip-version-check", "--quiet"]
    run(*pip, "install", "--require-hashes", "-r", str(ROOT / "requirements/runtime.txt"))
    run(*pip, "install", "--no-deps", str(wheel))
    run(*pip, "check")
    return folder / "bin/hotline"


def play(hotline: Path, folder: Path) -> None:
    """The demo until it has shown a whole call, and then Ctrl-C. Fails unless all of it ends, quietly, in 3 s."""
    folder.mkdir()
    # no mosquitto on this PATH: the broker has to come out of the wheels too
    only = {"PATH": f"{hotline.parent}:/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8"}
    command = [str(hotline), "demo"]
    with subprocess.Popen(
        command, cwd=folder, env=only, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, process_group=0
    ) as demo:
        alarm = threading.Timer(PLAY_S, demo.kill)
        alarm.daemon = True
        alarm.start()
        lines = read_until(demo, WANTED)
        alarm.cancel()
        family = [psutil.Process(demo.pid), *psutil.Process(demo.pid).children(recursive=True)]
        os.killpg(demo.pid, signal.SIGINT)
        asked = time.monotonic()
        rest, _ = demo.communicate(timeout=30)
        took = time.monotonic() - asked
    _, alive = psutil.wait_procs(family, timeout=0)
    check(took <= STOP_S, f"it took {took:.1f} s to stop", lines)
    check(not alive, f"still running: {alive}", lines)
    check("Traceback" not in "".join([*lines, rest]), "a traceback was shown", [*lines, rest])
    print(f"played a call from the wheel alone, {len(family)} processes, all gone {took:.1f} s after Ctrl-C")


def read_until(demo: "subprocess.Popen[str]", wanted: list[str]) -> list[str]:
    """What it shows, up to where all of these have been shown."""
    lines: list[str] = []
    rest = list(wanted)
    for line in demo.stdout or ():
        lines.append(line)
        if rest[0] in line:
            rest.pop(0)
        if not rest:
            return lines
    check(ok=False, complaint=f"the demo ended, or {PLAY_S:g} s were over, before {rest[0]!r} was shown", lines=lines)
    return lines


def check(ok: bool, complaint: str, lines: list[str]) -> None:
    """Exits with the complaint and what was shown, unless it is ok."""
    if not ok:
        sys.exit("".join(lines) + f"wheel test: {complaint}")


def run(*command: str) -> None:
    """Exits when it fails, having shown why."""
    if subprocess.run(command, check=False).returncode:
        sys.exit(f"wheel test: failed: {' '.join(command)}")


if __name__ == "__main__":
    main()
