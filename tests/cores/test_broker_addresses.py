"""How a broker's address is read: strictly, and never showing a password."""

import pytest

from hotline_services.cli.connection import broker_settings
from hotline_services.cli.console import console
from hotline_services.cli.exits import BAD_INPUT
from hotline_services.cli.following import watch
from hotline_services.cli.inject import inject
from hotline_services.cli.run import run
from hotline_services.cli.standing import status
from hotline_services.runtime.wire import BrokerSettings

SECRET = "se-cret"  # noqa: S105
ENVIRONMENT = "HOTLINE_BROKER"


@pytest.mark.parametrize(
    ("text", "host", "port", "shown"),
    [
        ("mqtt://[::1]:18901", "::1", 18901, "mqtt://[::1]:18901"),
        ("[::1]", "::1", 1883, "mqtt://[::1]:1883"),
        ("mqtts://u:p@[FE80::1]", "fe80::1", 8883, "mqtts://[fe80::1]:8883"),
        ("  mqtt://127.0.0.1:18901\t", "127.0.0.1", 18901, "mqtt://127.0.0.1:18901"),
        ("mqtt://Broker.Example:1884/", "broker.example", 1884, "mqtt://broker.example:1884"),
        ("MQTT://broker_1:65535", "broker_1", 65535, "mqtt://broker_1:65535"),
    ],
)
def test_an_address_is_shown_as_it_can_be_pasted(text: str, host: str, port: int, shown: str) -> None:
    settings = BrokerSettings.from_url(text)
    assert (settings.host, settings.port, str(settings)) == (host, port, shown)
    assert str(BrokerSettings.from_url(shown)) == shown


@pytest.mark.parametrize(
    ("text", "username", "password"),
    [
        ("mqtt://us:p@ss@host", "us", "p@ss"),
        ("mqtt://us:p:ss@host", "us", "p:ss"),
        ("mqtt://us:p%23%2F%3F%2C%20ss@host", "us", "p#/?, ss"),
        ("mqtt://us@host", "us", None),
        ("us:pass@host", "us", "pass"),
        ("mqtt://host", None, None),
    ],
)
def test_a_user_and_a_password_may_hold_any_character(text: str, username: str | None, password: str | None) -> None:
    settings = BrokerSettings.from_url(text)
    assert (settings.username, settings.password, settings.host) == (username, password, "host")


@pytest.mark.parametrize(
    "text",
    [
        f"mqtt://u:{SECRET}#ss@127.0.0.1:18901",
        f"mqtt://u:{SECRET}/ss@127.0.0.1:18901",
        f"mqtt://u:{SECRET}?ss@127.0.0.1:18901",
        f"mqtt://u:#{SECRET}@127.0.0.1:18901",
        f"mqtt://u:{SECRET} ss@127.0.0.1:18901",
        f"mqtt://u:{SECRET},ss@127.0.0.1:18901",
        f"mqtt://u:{SECRET}",
        f"u:{SECRET}@://host",
    ],
)
@pytest.mark.parametrize("by", ["option", "environment"])
def test_a_password_that_is_not_escaped_is_refused_and_not_shown(
    text: str, by: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(ENVIRONMENT, text)
    assert status(broker=text if by == "option" else None) == BAD_INPUT
    captured = capsys.readouterr()
    assert SECRET not in captured.err + captured.out
    assert "%23 %2F %3F" in captured.err or "begins with mqtt://" in captured.err


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("mqtt://127.0.0.1:0", "port is not a number from 1 to 65535"),
        ("mqtt://127.0.0.1:65536", "port is not a number from 1 to 65535"),
        ("mqtt://127.0.0.1:1e3", "port is not a number from 1 to 65535"),
        ("mqtt://127.0.0.1:\u0661", "port is not a number from 1 to 65535"),
        ("mqtt://127.0.0.1:", "port is not a number from 1 to 65535"),
        ("mqtt://::1", r"written in brackets: mqtt://\[::1\]"),
        ("mqtt://[::1]18901", "no IPv6 address in the brackets"),
        ("mqtt://[localhost]:1", "no IPv6 address in the brackets"),
        ("mqtt://host/path", "ends after the port"),
        ("mqtt://@host", "no user's name before the @"),
        ("mqtt://u:p@", "no host"),
        ("http://host", "begins with mqtt:// or mqtts://, not http://"),
        (" , ", "is empty"),
        ("mqtt://a,mqtts://b", "one kind of address"),
        ("mqtt://u:p@a,mqtt://v:p@b", "written in the first address and hold for all"),
        ("mqtt://a,mqtt://v:p@b", "written in the first address and hold for all"),
        ("mqtt://a,mqtt://b:0", "port is not a number"),
    ],
)
def test_what_is_no_address_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        BrokerSettings.from_url(text)


def test_every_command_refuses_port_zero_as_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    text = "mqtt://127.0.0.1:0"
    assert run("aoc", "us", broker=text) == BAD_INPUT
    assert inject([], to="us", broker=text) == BAD_INPUT
    assert console(party="us", broker=text, plain=True) == BAD_INPUT
    assert status(broker=text) == BAD_INPUT
    assert watch(broker=text) == BAD_INPUT
    assert capsys.readouterr().err.count("port is not a number from 1 to 65535") == 5


@pytest.mark.parametrize(
    "text",
    ["mqtt://us:p@a:1,mqtt://b:2,c:3", "mqtt://us:p@a:1 b:2\nmqtt://c:3", "mqtt://us:p@a:1, us:p@b:2 ,, c:3,a:1"],
)
def test_several_addresses_are_the_nodes_of_one_cluster_for_one_user(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENVIRONMENT, text)
    settings = broker_settings(None)
    assert [(node.host, node.port) for node in settings.nodes] == [("a", 1), ("b", 2), ("c", 3)]
    assert {(node.username, node.password) for node in settings.nodes} == {("us", "p")}
    assert str(settings) == "mqtt://a:1,mqtt://b:2,mqtt://c:3"
