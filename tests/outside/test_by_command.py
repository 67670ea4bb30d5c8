"""What must hold is tried from outside: services by their command, everything else by MQTT, HTTP and files."""

import json
from pathlib import Path

import pytest

from .stack import CLOCK, PLAN, ROOT, clock_now, mosquitto, waited

pytestmark = pytest.mark.broker


def test_a_service_that_waits_for_the_clock_hears_it_behind_a_small_window(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:  # which sends twenty messages at a time, as a mosquitto does unless told
        broker.run("aoc us")
        assert broker.logged("broker", "Sending SUBACK to hotline-us\n")
        somebody = broker.client()
        for number in range(1, 31):
            said = {"type": "hang-up", "id": f"ru-e1-{number}", "source": "ru", "seq": number, "epoch": "e1"}
            said |= {"to": "us", "call_id": f"ru-us-{number}", "outcome": "completed", "time": CLOCK["time"]}
            somebody.say("line/ru/us", said)
            somebody.say("health/ru", b"neither is this anything", retain=True)
        somebody.say("clock", clock_now(), retain=True)
        assert somebody.is_up("us")
        everything = {f"ru-e1-{number}" for number in range(1, 31)}
        receipts = [said for topic, said in somebody.heard if topic == f"{ROOT}/receipt/us/ru"]
        while not everything <= {name for said in receipts for name in said["ids"]}:
            assert somebody.hears(lambda at, _: at == f"{ROOT}/receipt/us/ru", len(somebody.heard))
            receipts = [said for topic, said in somebody.heard if topic == f"{ROOT}/receipt/us/ru"]


def test_a_retained_plan_is_refused_with_the_reason(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        somebody = broker.client()
        somebody.say("clock", clock_now(), retain=True)
        order = {"type": "submit-plan", "id": "typed-1", "source": "somebody", "seq": 0, "to": "us", "plan": PLAN}
        somebody.say("inject/us", order | {"time": CLOCK["time"]}, retain=True)
        broker.run("aoc us")
        answers = {"input-rejected", "plan-status"}
        assert somebody.hears(lambda _, said: said["type"] in answers)
        answer = next(said for _, said in somebody.heard if said["type"] in answers)
        assert answer["type"] == "input-rejected", "it was taken, and would be at each connect"
        assert "retained" in json.dumps(answer)


def test_a_trace_of_one_point_does_not_end_the_sky(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        somebody = broker.client()
        somebody.say("clock", clock_now(), retain=True)
        sky = broker.run("sky")
        assert somebody.is_up("sky")
        for side in ("us", "ru"):
            moved = {"type": "line-moved", "id": f"{side}-e1-1", "source": side, "seq": 1, "epoch": "e1"}
            moved |= {"time": CLOCK["time"], "review_id": "r", "agreement": "73f2863ada91e07b", "trace": [[39.4, 35.7]]}
            somebody.say(f"event/{side}", moved)
        somebody.say("inject/sky", b"{")
        assert somebody.hears(lambda at, said: at == f"{ROOT}/event/sky" and said["type"] == "input-rejected")
        assert sky.poll() is None


def test_the_later_of_two_services_of_one_name_gives_up(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        somebody = broker.client()
        somebody.say("clock", clock_now(), retain=True)
        broker.run("aoc us")
        assert somebody.is_up("us")
        later = broker.run("aoc us", data="other")
        assert waited(lambda: later.poll() is not None), "they throw each other off the broker for ever"
        assert later.returncode == 78


def test_a_clock_that_was_emptied_is_said_again(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        somebody = broker.client()
        broker.run("director", "--speed", "1")
        assert somebody.hears(lambda at, _: at == f"{ROOT}/clock")
        since = len(somebody.heard)
        somebody.say("clock", b"", retain=True)
        assert somebody.hears(lambda at, _: at == f"{ROOT}/clock", since), "nobody says the clock again"
