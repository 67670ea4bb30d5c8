"""A party that `hotline party add` has added: with the access list and scenario that it has written, three agree."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .stack import ROOT, clock_now, mosquitto

pytestmark = pytest.mark.broker
TREE = Path(__file__).parents[2]
PARTIES = ("us", "ru", "tr")
AT = "2017-07-20T05:00:00Z"


def test_a_plan_that_two_others_have_to_grant_is_agreed_with_the_added_one(tmp_path: Path) -> None:
    for folder in ("compose", "scenarios"):
        shutil.copytree(TREE / folder, tmp_path / folder)
    shutil.copy(TREE / "docker-compose.yml", tmp_path)
    words = [sys.executable, "-m", "hotline_services.cli.main", "party", "add", "tr", "--tree", str(tmp_path)]
    subprocess.run(words, check=True, capture_output=True)
    acl = tmp_path / "compose" / "acl"
    names = re.findall(r"^user (.*)$", acl.read_text(encoding="utf-8"), re.MULTILINE)
    assert {"tr", "tr-desk"} <= set(names)
    passwords = tmp_path / "passwords"
    passwords.write_text("".join(f"{name}:{name}\n" for name in names), encoding="utf-8")
    subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True)
    for path in (passwords, acl):
        path.chmod(0o600)
    with mosquitto(tmp_path, f"allow_anonymous false\npassword_file {passwords}\nacl_file {acl}") as broker:
        where = "mqtt://{0}:{0}@127.0.0.1:" + str(broker.port)
        observer = broker.client("observer")
        clock = clock_now() | {"simulated_start": AT, "time": AT, "speed": 30.0}
        broker.client("director", "setter").say("clock", clock, retain=True)
        for party in PARTIES:
            broker.run(f"aoc {party}", broker=where.format(party), scenario="scenarios/valley-day-parties.toml")
        for party in PARTIES:
            assert observer.is_up(party)
        plan = {
            "plan_id": "ASKS-TR",
            "callsign": "ASKS1",
            "kind": "patrol",
            "area": {"shape": "circle", "centre": [40.35, 35.15], "radius_nm": 4},
            "lower_ft": 22_000,
            "upper_ft": 24_000,
            "start": "2017-07-20T07:00:00Z",
            "end": "2017-07-20T08:00:00Z",
        }
        order = {"type": "submit-plan", "id": "control-1", "source": "control", "seq": 0, "to": "us", "plan": plan}
        broker.client("control").say("order/control/us", order | {"time": AT})
        topic = f"{ROOT}/status/us/ASKS-TR"
        assert observer.hears(lambda at, said: at == topic and said["state"] in {"accepted", "rejected"})
        states = [said["state"] for at, said in observer.heard if at == topic]
        assert states[-1] == "accepted"
        assert observer.says("tr", "ledger-changed")
