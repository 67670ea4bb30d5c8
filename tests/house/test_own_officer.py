"""The example that puts an officer of one's own at a desk prints the results that its documentation promises."""

import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples/own_officer.py"


def test_another_officer_decides_otherwise_on_the_same_day() -> None:
    asked = [sys.executable, str(EXAMPLE), "valley-day", "--side", "us", "--hours", "12"]
    done = subprocess.run(asked, check=True, capture_output=True, text=True, timeout=120)
    title, _, heading, *rows = done.stdout.splitlines()
    assert title == "valley-day, 12 hours, at the desk of us"
    assert heading.split() == ["automatic", "generous"]
    counts = {" ".join(name): (int(automatic), int(own)) for *name, automatic, own in map(str.split, rows)}
    assert counts["granted as filed"][0] < counts["granted as filed"][1]
    assert counts["seconds until the phone is answered"][1] == 5
