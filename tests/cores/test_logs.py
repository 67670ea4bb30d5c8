"""A log that nobody reads, or whose disk is full, holds up no service."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import structlog
from hotline_services.runtime.logs import set_up_logs
set_up_logs("test", as_json=True)
log = structlog.get_logger()
for number in range(2_000):
    log.warning("something", number=number, filler="x" * 200)
print("done", flush=True)
input()
log.warning("the last")
"""
PATIENCE_S = 90


def test_a_log_that_nobody_reads_loses_lines_and_counts_them() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "done\n"
        os.set_blocking(process.stderr.fileno(), False)
        early = process.stderr.read()
        os.set_blocking(process.stderr.fileno(), True)
        process.stdin.write("\n")
        process.stdin.flush()
        late = process.stderr.read()
        assert process.wait(PATIENCE_S) == 0
    assert '"number": 0' in early
    assert '"event": "log-lines-lost"' in late
    assert '"event": "the last"' in late


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this machine has no /dev/full")
def test_a_log_on_a_full_disk_ends_nothing() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], input="\n", stdout=subprocess.PIPE, stderr=full, text=True, check=False
        )
    assert done.stdout == "done\n"
