"""A centre whose disk is full, or whose folder cannot be written, ends and says so; and has lost nothing afterwards."""

import resource
from pathlib import Path

import pytest

from .stack import CLOCK, PLAN, ROOT, clock_now, mosquitto, waited

pytestmark = pytest.mark.broker
NO_RESTART_WILL_HELP = 78


def test_a_centre_whose_disk_is_full_ends_and_takes_the_plan_when_there_is_room(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        somebody = broker.client()
        somebody.say("clock", clock_now(), retain=True)
        us = broker.run("aoc us")
        assert somebody.is_up("us")
        resource.prlimit(us.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        order = {"type": "submit-plan", "id": "typed-1", "source": "somebody", "seq": 0, "to": "us", "plan": PLAN}
        somebody.say("inject/us", order | {"time": CLOCK["time"]})
        assert waited(lambda: us.poll() is not None), "it goes on without its journal"
        assert us.returncode != 0
        assert not [said for topic, said in somebody.heard if topic.startswith(f"{ROOT}/status/us/")]
        broker.run("aoc us")
        assert somebody.hears(lambda at, said: at.startswith(f"{ROOT}/status/us/") and said["state"] == "accepted")


def test_a_folder_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        us = broker.run("aoc us", data="/proc/nothing")
        assert waited(lambda: us.poll() is not None)
        assert us.returncode == NO_RESTART_WILL_HELP
        log = (tmp_path / "us.log").read_text(encoding="utf-8")
        assert "Traceback" not in log
        assert "/proc/nothing" in log
