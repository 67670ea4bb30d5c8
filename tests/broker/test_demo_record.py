"""What a demo leaves: a record that is one file, which opens wherever it is copied to."""

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from hotline_services.cli.queries import calls
from hotline_services.cli.query import Query
from hotline_services.monitor.reading import RecordSource

from .conftest import need

HOTLINE = [sys.executable, "-c", "from hotline_services.cli.main import main; main()"]
PATIENCE_S = 60
LONGER_S = "180"


def test_the_record_of_a_demo_with_a_page_that_was_interrupted_opens_where_it_alone_is_copied_to(
    tmp_path: Path,
) -> None:
    need("mosquitto")
    (elsewhere := tmp_path / "elsewhere").mkdir()
    places = ["--data", str(tmp_path / "var"), "--broker", "mosquitto", "--broker-port", "0", "--page-port", "0"]
    process = subprocess.Popen(
        [*HOTLINE, "demo", "euphrates-2017-06-18", *places, "--seconds", LONGER_S, "--speed", "20"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert any("plan filed" in line for line in process.stdout), process.communicate()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0
    finally:
        process.kill()
        process.communicate(timeout=10)
    named = re.search(r"What was said is in (\S+): hotline calls --record (\S+)", told)
    assert named is not None, told
    assert named[1] == named[2]
    with RecordSource(Path(named[1])) as source:
        count = source.count
    shutil.copy(named[1], elsewhere)
    shutil.rmtree(tmp_path / "var")
    with RecordSource(elsewhere / "monitor.sqlite3") as source:
        assert source.count == count > 3
    assert calls(query=Query(record=elsewhere / "monitor.sqlite3")) == 0
