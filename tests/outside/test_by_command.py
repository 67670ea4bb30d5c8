"""What must hold is tried from outside: services by their command, everything else by MQTT, HTTP and files."""

import json
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import psutil
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from .stack import CLOCK, PATIENCE_S, PLAN, ROOT, SCENARIO, clock_now, free_port, mosquitto, real, waited

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
        reviewed = SCENARIO.replace('"valley"', '"valley-2017"')  # where the line can be moved
        (tmp_path / "reviewed.toml").write_text(reviewed, encoding="utf-8")
        sky = broker.run("sky", scenario="reviewed.toml")
        assert somebody.is_up("sky")
        at_the_line = PLAN | {"start": CLOCK["time"]}
        at_the_line["area"] = {"shape": "circle", "centre": [39.42, 35.67], "radius_nm": 5}
        flies = {"type": "fly-unannounced", "id": "typed-1", "source": "somebody", "seq": 0, "to": "sky"}
        somebody.say("inject/sky", flies | {"time": CLOCK["time"], "plan": at_the_line, "side": "us"})
        assert somebody.says("sky", "flight-began")
        for side in ("us", "ru"):
            moved: dict[str, Any] = {
                "type": "line-moved",
                "id": f"{side}-e1-1",
                "source": side,
                "seq": 1,
                "epoch": "e1",
            }
            moved |= {"time": CLOCK["time"], "review_id": "r", "agreement": "73f2863ada91e07b"}
            moved["trace"] = [[39.4, 35.7]]
            somebody.say(f"event/{side}", moved)
        somebody.say("inject/sky", b"{")
        assert somebody.says("sky", "input-rejected"), "it is dead"
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


def test_nobody_in_the_access_list_takes_the_desks_of_both_sides(tmp_path: Path) -> None:
    acl = Path(__file__).parents[2] / "compose" / "acl"
    people = re.findall(r"^user (.*)$", acl.read_text(encoding="utf-8"), re.MULTILINE)
    passwords = tmp_path / "passwords"
    passwords.write_text("".join(f"{name}:{name}\n" for name in people), encoding="utf-8")
    subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True)
    for path in (passwords, shutil.copy(acl, tmp_path / "acl")):
        Path(path).chmod(0o600)
    extra = f"allow_anonymous false\npassword_file {passwords}\nacl_file {tmp_path / 'acl'}\n"
    with mosquitto(tmp_path, extra + "use_username_as_clientid false") as broker:
        where = "mqtt://{0}:{0}@127.0.0.1:" + str(broker.port)
        monitor = broker.client("monitor")
        broker.client("director", "setter").say("clock", clock_now(), retain=True)
        for side in ("us", "ru"):
            broker.run(f"aoc {side}", broker=where.format(side))
            assert monitor.is_up(side)
        for name in people:
            insider = broker.client(name, f"insider-{name}")
            for side in ("us", "ru"):
                for topic, source in ((f"inject/{side}", f"typed-by-{name}"), (f"order/{name}/{side}", name)):
                    order = {
                        "type": "take-desk",
                        "id": f"typed-{name}-{len(topic)}",
                        "source": source,
                        "seq": 0,
                        "to": side,
                    }
                    order |= {"sitting": f"sitting-{name}", "operator": name, "lease_s": 1.0}
                    insider.say(topic, order | {"time": CLOCK["time"]})
        for side in ("us", "ru"):  # it has taken in everything when it has taken in this
            since = len(monitor.heard)
            for topic in (f"order/director/{side}", f"inject/{side}"):
                broker.client("director", f"last-{topic}").say(topic, b"{")
            assert monitor.says(side, "input-rejected", since)
        taken = [(said["by"]["operator"], said["source"]) for _, said in monitor.heard if said["type"] == "desk-taken"]
        assert taken, "not even a side's own desk was taken"
        assert not [name for name in people if {(name, "us"), (name, "ru")} <= set(taken)]


def test_who_has_no_password_is_not_let_in_to_the_broker_of_a_demo(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as other:
        demo = other.hotline("demo", "--data", str(tmp_path / "var"), "--broker", "mosquitto", "--no-page")

        def ports() -> list[int]:
            brokers = [one for one in psutil.Process(demo.pid).children(recursive=True) if "mosquitto" in one.name()]
            listening = [found for one in brokers for found in one.net_connections() if found.status == "LISTEN"]
            return [found.laddr.port for found in listening]

        assert waited(lambda: bool(ports()))
        stranger = mqtt.Client(CallbackAPIVersion.VERSION2)
        answers: list[bool] = []
        stranger.on_connect = lambda _client, _data, _flags, reason, _properties: answers.append(reason.is_failure)
        stranger.connect("127.0.0.1", ports()[0])
        stranger.loop_start()
        assert waited(lambda: bool(answers))
        stranger.loop_stop()
        demo.terminate()
        assert answers[0], "the broker is open"


def test_a_machine_that_is_an_hour_off_says_so_and_takes_no_part(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        somebody = broker.client()
        somebody.say("clock", clock_now(3_600), retain=True)
        broker.run("aoc us")
        health = {"type": "health", "source": "director", "seq": 0, "session": "s", "presence": "up", "lag_ms": 0.0}
        health |= {"inbox": 0, "outbox": 0, "restarts": 0, "time": CLOCK["time"]}

        def told() -> bool:
            sign = health | {"id": f"sign-{time.monotonic_ns()}", "sent": real(3_600)}
            causes = [said["id"] for at, said in somebody.heard if at == f"{ROOT}/health/us"]
            somebody.say("health/director", sign | ({"cause": causes[-1]} if causes else {}), retain=True)
            notes = [said for at, said in somebody.heard if at == f"{ROOT}/health/us"]
            return any(re.search("clock is 3,[56]", said["note"]) and said["presence"] == "down" for said in notes)

        assert waited(told)


def test_half_a_request_to_the_page_is_given_up(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        broker.client().say("clock", clock_now(), retain=True)
        broker.run("monitor")
        assert waited((tmp_path / "data" / "monitor.sqlite3").exists)
        port = free_port()
        broker.run("page", "--port", str(port))

        def answers() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        assert waited(answers)
        with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as half:
            half.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
            try:
                given_up = half.recv(1_000)
            except TimeoutError:
                given_up = b"never"
        assert given_up != b"never"


def test_an_answer_that_is_over_the_limit_of_the_broker_holds_up_no_other(tmp_path: Path) -> None:
    with mosquitto(tmp_path, "allow_anonymous true\nmax_packet_size 1500") as broker:
        somebody = broker.client()
        somebody.say("clock", clock_now(), retain=True)
        broker.run("aoc us")
        assert somebody.is_up("us")
        somebody.say("inject/us", b"\0" * 600)  # the answer quotes it, and needs six characters for each
        somebody.say("inject/us", b"{")
        assert somebody.says("us", "input-rejected"), "the answer to the second input does not come"
        since = len(somebody.heard)
        assert somebody.is_up("us", since)
        log = (tmp_path / "broker.log").read_text(encoding="utf-8", errors="replace")
        assert log.count("oversize packet") == 0


def test_a_service_speaks_tls_to_a_broker_whose_ca_it_is_told(tmp_path: Path) -> None:
    port, cert, key = free_port(), tmp_path / "server.crt", tmp_path / "server.key"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test"]
    files = ["-keyout", str(key), "-out", str(cert), "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*make, *files], check=True, capture_output=True)
    tls = f"listener {port} 127.0.0.1\ncafile {cert}\ncertfile {cert}\nkeyfile {key}"
    with mosquitto(tmp_path, f"allow_anonymous true\n{tls}") as broker:
        somebody = broker.client()
        somebody.say("clock", clock_now(), retain=True)
        us = broker.run("aoc us", "--ca", str(cert), broker=f"mqtts://127.0.0.1:{port}")
        assert somebody.is_up("us"), us.poll()
