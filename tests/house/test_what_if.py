"""The example that forks a run prints the results that its documentation promises."""

import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples/what_if.py"


def test_the_same_day_with_one_more_message_is_another_day() -> None:
    asked = [sys.executable, str(EXAMPLE), "valley-day", "--side", "us"]
    done = subprocess.run(asked, check=True, capture_output=True, text=True, timeout=120)
    title, _, heading, *rows = done.stdout.splitlines()
    assert title == "valley-day from 2017-07-20 04:00Z to 2017-07-20 16:00Z"
    assert heading.split() == ["as", "it", "was", "with", "a", "rescue"]
    agreements = next(row.split() for row in rows if row.startswith("agreements"))
    assert int(agreements[1]) < int(agreements[2])
