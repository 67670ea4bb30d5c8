"""At the compose stack's broker nobody can speak as another, and each hears only what is meant for it."""

import pytest

from .conftest import Stack
from .speaking import Speaker

pytestmark = pytest.mark.compose

PASSWORDS = {name: f"exercise-{name}" for name in ("us", "ru", "monitor", "sky", "director", "page")} | {
    "exercise": "exercise"
}
REFUSED = "Not authorized"

# what each may say
OWN = {
    "us": [
        "line/us/ru",
        "receipt/us/ru",
        "receipt/us/sky",
        "receipt/us/director",
        "status/us/plan-1",
        "event/us",
        "health/us",
    ],
    "ru": [
        "line/ru/us",
        "receipt/ru/us",
        "receipt/ru/sky",
        "receipt/ru/director",
        "status/ru/plan-1",
        "event/ru",
        "health/ru",
    ],
    "monitor": ["control/us", "control/ru", "control/sky", "control/director", "event/monitor", "health/monitor"],
    "sky": ["inject/us", "inject/ru", "receipt/sky/director", "event/sky", "track/sky", "health/sky"],
    "director": [
        "clock",
        "inject/us",
        "inject/ru",
        "inject/sky",
        "control/director",
        "event/director",
        "health/director",
    ],
    "page": ["inject/us", "inject/ru", "inject/sky"],
    "exercise": ["inject/us", "inject/ru", "inject/sky"],
}
SAID_BY = {topic: name for name, topics in OWN.items() for topic in topics}

# what each hears of all that; the monitor and people hear everything
PUBLIC = {"clock", "health/us", "health/ru", "health/monitor", "health/sky", "health/director"}
STATUS = {"status/us/plan-1", "status/ru/plan-1"}
HEARS = {
    "us": PUBLIC | {"inject/us", "line/ru/us", "receipt/ru/us", "control/us"},
    "ru": PUBLIC | {"inject/ru", "line/us/ru", "receipt/us/ru", "control/ru"},
    "sky": PUBLIC
    | STATUS
    | {"inject/us", "inject/ru", "inject/sky", "receipt/us/sky", "receipt/ru/sky", "control/sky"}
    | {"event/us", "event/ru", "event/monitor", "event/sky", "event/director"},
    "director": PUBLIC
    | STATUS
    | {"receipt/us/director", "receipt/ru/director", "receipt/sky/director", "control/director"},
    "page": PUBLIC | {"track/sky"},
    "monitor": set(SAID_BY),
    "exercise": set(SAID_BY),
}


def speaker(stack: Stack, name: str) -> Speaker:
    return Speaker(stack.port, name, PASSWORDS[name])


def test_nobody_connects_without_a_name(broker: Stack) -> None:
    with Speaker(broker.port) as stranger:
        assert str(stranger.welcome) == REFUSED


@pytest.mark.parametrize("name", ["us", "exercise"])
def test_nobody_connects_with_another_password(broker: Stack, name: str) -> None:
    with Speaker(broker.port, name, "guessed") as stranger:
        assert str(stranger.welcome) == REFUSED


@pytest.mark.parametrize("name", OWN)
def test_an_identity_may_publish_its_own_topics_and_no_other(broker: Stack, name: str) -> None:
    with speaker(broker, name) as client:
        answers = {topic: str(client.publish(f"hotline/v1/{topic}")) for topic in SAID_BY}
    refused = {topic for topic, answer in answers.items() if answer == REFUSED}
    assert refused == set(SAID_BY) - set(OWN[name])


@pytest.mark.parametrize("topic", ["hotline/v2/line/us/ru", "somewhere/else", "hotline/v1/line/us/ru/more"])
def test_nobody_publishes_outside_the_protocol(broker: Stack, topic: str) -> None:
    with speaker(broker, "us") as client:
        assert str(client.publish(topic)) == REFUSED


@pytest.mark.parametrize("name", HEARS)
def test_an_identity_hears_what_is_meant_for_it_and_nothing_else(broker: Stack, name: str) -> None:
    last = "clock"
    heard = set()
    with speaker(broker, name) as listener:
        listener.subscribe("hotline/v1/#")
        for topic in sorted(SAID_BY, key=last.__eq__):
            with speaker(broker, SAID_BY[topic]) as client:
                client.publish(f"hotline/v1/{topic}")
        while last not in heard:  # a broker delivers in order: after this one nothing is to come
            heard.add(listener.hear()[0].removeprefix("hotline/v1/"))
    assert heard == HEARS[name]
