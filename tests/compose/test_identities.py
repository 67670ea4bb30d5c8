"""At the compose stack's broker nobody can speak as another, and each hears only what is meant for it.

What each may say and hear is read from the access list and asked of the broker itself, for every identity in it;
services connect with the certificates, people with the passwords that the setup service has made.
"""

import json
import re
import ssl
from datetime import UTC, datetime
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest

from hotline_services.keys.certificates import make_ca, make_client

from .conftest import ROOT, Stack
from .speaking import Speaker, is_shut_out

pytestmark = pytest.mark.compose

REFUSED = "Not authorized"
PEOPLE_PORT, SERVICES_PORT = 8883, 8884
ACCESS_LIST = (ROOT / "compose" / "acl").read_text()
IDENTITIES = re.findall(r"^user (\S+)$", ACCESS_LIST, re.MULTILINE)
PEOPLE = [name for name in IDENTITIES if name in {"control", "observer"} or name.endswith("-desk")]
SERVICES = [name for name in IDENTITIES if name not in PEOPLE and name != "probe"]

# a topic of each kind, for each pair of names that matters
NAMES = ["us", "ru", "sky", "director", "monitor", "page", "us-desk", "control"]
TOPICS = [
    "clock",
    *(f"{kind}/{name}" for kind in ("inject", "control", "health", "event", "track") for name in NAMES),
    *(f"{kind}/{one}/{other}" for kind in ("line", "receipt", "order", "control") for one in NAMES for other in NAMES),
    *(f"status/{name}/plan-1" for name in NAMES),
]
# what no identity of another name may ever publish: the topics by which its owner is known
OWNED = re.compile(r"(?:line|receipt|order|status|health|event|track)/([^/]+)(?:/.*)?|control/([^/]+)/.*")


def rights(name: str, verb: str) -> list[str]:
    """The filters that the access list gives this identity."""
    block = re.search(rf"^user {name}\n((?:topic .*\n)*)", ACCESS_LIST, re.MULTILINE)
    assert block is not None
    return re.findall(rf"^topic (?:{verb}|readwrite) (\S+)$", block[1], re.MULTILINE)


def allowed(filters: list[str]) -> set[str]:
    return {topic for topic in TOPICS if any(mqtt.topic_matches_sub(each, f"hotline/v1/{topic}") for each in filters)}


def context(keys: Path, name: str | None = None) -> ssl.SSLContext:
    """TLS as this service speaks it; the address at which the test reaches the broker stands in no certificate."""
    found = ssl.create_default_context(cafile=keys / "ca" / "ca.crt")
    found.check_hostname = False
    if name is not None:
        found.load_cert_chain(keys / name / "client.crt", keys / name / "client.key")
    return found


def passwords(keys: Path) -> dict[str, str]:
    run = json.loads((keys / "people" / "run.json").read_text())
    return {**run["passwords"], "probe": (keys / "us" / "probe.password").read_text().strip()}


def speaker(stack: Stack, keys: Path, name: str) -> Speaker:
    if name in SERVICES:
        found = Speaker(SERVICES_PORT, host=stack.host, tls=context(keys, name), client_id=f"hotline-{name}")
    else:
        found = Speaker(stack.port, name, passwords(keys)[name])
    found.name = name
    return found


def test_every_role_is_an_identity() -> None:
    assert set(SERVICES) == {"us", "ru", "sky", "director", "monitor", "page"}
    assert set(PEOPLE) == {"us-desk", "ru-desk", "control", "observer"}
    assert "probe" in IDENTITIES


@pytest.mark.parametrize("name", IDENTITIES)
def test_an_identity_may_publish_its_own_topics_and_no_other(broker: Stack, keys: Path, name: str) -> None:
    with speaker(broker, keys, name) as client:
        answers = {topic: str(client.publish(f"hotline/v1/{topic}")) for topic in TOPICS}
    granted = {topic for topic, answer in answers.items() if answer != REFUSED}
    assert granted == allowed(rights(name, "write"))
    owners = {owner[1] or owner[2] for owner in map(OWNED.fullmatch, granted) if owner}
    assert owners <= {name}


@pytest.mark.parametrize("name", IDENTITIES)
def test_an_identity_hears_what_is_meant_for_it_and_nothing_else(broker: Stack, keys: Path, name: str) -> None:
    """Each topic is said once by somebody who may; one that is heard comes last, since a broker delivers in order."""
    said = {topic: owner for owner in IDENTITIES for topic in allowed(rights(owner, "write"))}
    wanted = allowed(rights(name, "read")) & set(said)
    last = min(wanted - {topic for topic, owner in said.items() if owner == name})
    heard: set[str] = set()
    with speaker(broker, keys, name) as listener:
        listener.subscribe("hotline/v1/#")
        for owner in sorted(set(said.values())):
            say(broker, keys, owner, {topic for topic, speaks in said.items() if speaks == owner} - {last}, listener)
        say(broker, keys, said[last], {last}, listener)
        while last not in heard:
            heard.add(listener.hear()[0].removeprefix("hotline/v1/"))
    assert heard == wanted


def say(stack: Stack, keys: Path, owner: str, topics: set[str], listener: Speaker) -> None:
    """As this owner, who may be the listener: a service has one connection."""
    if listener.name == owner:
        for topic in topics:
            listener.publish(f"hotline/v1/{topic}")
        return
    with speaker(stack, keys, owner) as client:
        for topic in topics:
            client.publish(f"hotline/v1/{topic}")


@pytest.mark.parametrize("topic", ["hotline/v2/line/us/ru", "somewhere/else", "hotline/v1/line/us/ru/more"])
@pytest.mark.parametrize("name", IDENTITIES)
def test_nobody_publishes_outside_the_protocol(broker: Stack, keys: Path, name: str, topic: str) -> None:
    with speaker(broker, keys, name) as client:
        assert str(client.publish(topic)) == REFUSED


def test_nobody_connects_without_a_name(broker: Stack, keys: Path) -> None:
    with Speaker(broker.port) as stranger:
        assert str(stranger.welcome) == REFUSED
    with Speaker(PEOPLE_PORT, host=broker.host, tls=context(keys)) as stranger:
        assert str(stranger.welcome) == REFUSED


@pytest.mark.parametrize("name", IDENTITIES)
def test_nobody_connects_with_another_password(broker: Stack, keys: Path, name: str) -> None:
    for password in ("guessed", f"exercise-{name}", name, "", *passwords(keys).values()):
        if password != passwords(keys).get(name):
            with Speaker(broker.port, name, password) as stranger:
                assert str(stranger.welcome) == REFUSED


@pytest.mark.parametrize("name", PEOPLE)
def test_people_connect_over_tls_too(broker: Stack, keys: Path, name: str) -> None:
    with Speaker(PEOPLE_PORT, name, passwords(keys)[name], host=broker.host, tls=context(keys)) as person:
        assert str(person.welcome) == "Success"


@pytest.mark.parametrize("name", SERVICES)
def test_nobody_takes_over_the_session_of_a_service(broker: Stack, keys: Path, name: str) -> None:
    """Neither a person who claims its client id, nor another service that names it."""
    other = next(each for each in SERVICES if each != name)
    with speaker(broker, keys, name) as service:
        for person in PEOPLE:
            with Speaker(broker.port, person, passwords(keys)[person], client_id=name) as thief:
                assert str(thief.welcome) == REFUSED
        for claimed in (name, f"hotline-{name}"):
            tls = context(keys, other)
            with Speaker(SERVICES_PORT, host=broker.host, tls=tls, client_id=claimed) as thief:
                thief.subscribe("hotline/v1/#")
        assert service.lost.empty()


def test_a_user_who_is_named_counts_for_nothing_beside_the_certificate(broker: Stack, keys: Path) -> None:
    with Speaker(SERVICES_PORT, "monitor", "x", host=broker.host, tls=context(keys, "us"), client_id="hotline-x") as us:
        assert str(us.publish("hotline/v1/health/us")) != REFUSED
        assert str(us.publish("hotline/v1/health/monitor")) == REFUSED


def test_services_are_served_to_nobody_without_a_certificate_of_this_ca(
    broker: Stack, keys: Path, tmp_path: Path
) -> None:
    assert is_shut_out(broker.host, SERVICES_PORT, context(keys))
    strange = context(keys)
    shown = make_client(make_ca("another", datetime.now(UTC)), "us", datetime.now(UTC))
    pem = tmp_path / "us.pem"
    pem.write_bytes(shown.cert + shown.key)
    strange.load_cert_chain(pem)
    assert is_shut_out(broker.host, SERVICES_PORT, strange)
