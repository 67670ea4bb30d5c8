"""Keys and passwords of the compose stack: who sees which, what a restart and a renewal change, and what is logged."""

import json
from pathlib import Path

import pytest

from .conftest import Stack
from .speaking import Speaker, is_shut_out
from .test_identities import SERVICES, SERVICES_PORT, context, passwords

pytestmark = pytest.mark.compose

CONTAINERS = {"us": "us-aoc", "ru": "ru-aoc"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_sees_its_own_keys_and_no_others(stack: Stack, name: str) -> None:
    service = CONTAINERS.get(name, name)
    mounted = json.loads(stack.docker("inspect", stack.compose("ps", "--quiet", service).strip()))[0]["Mounts"]
    keys = {mount["Name"].partition("_")[2]: mount for mount in mounted if mount["Name"].endswith("-keys")}
    assert set(keys) == {f"{name}-keys"}
    assert not keys[f"{name}-keys"]["RW"]
    seen = stack.compose("exec", "-T", service, "python", "-c", "import os; print(*sorted(os.listdir('/identity')))")
    assert {"ca.crt", "client.crt", "client.key", "probe.password"} <= set(seen.split())
    assert "ca.key" not in seen


def test_the_key_of_the_ca_and_peoples_passwords_are_mounted_where_they_are_made_and_used_alone(stack: Stack) -> None:
    config = json.loads(stack.compose("--profile", "tools", "config", "--format", "json"))
    seen = {
        volume: {
            name
            for name, service in config["services"].items()
            for mount in service.get("volumes", ())
            if mount["source"] == volume
        }
        for volume in ("ca-keys", "people-keys", "broker-keys")
    }
    assert seen == {"ca-keys": {"setup"}, "people-keys": {"setup", "tools"}, "broker-keys": {"setup", "broker"}}


def test_setup_has_neither_a_network_nor_a_capability(stack: Stack) -> None:
    config = json.loads(stack.compose("config", "--format", "json"))["services"]["setup"]
    assert config["network_mode"] == "none"
    assert config["cap_drop"] == ["ALL"]
    assert config["read_only"]


def test_no_password_is_logged_and_none_stands_in_an_environment(stack: Stack, tmp_path: Path) -> None:
    secrets = [*passwords(stack.keys(tmp_path / "keys")).values()]
    told = stack.compose("logs", "--no-color")
    inspected = stack.docker("inspect", *stack.compose("ps", "--all", "--quiet").split())
    assert not [secret for secret in secrets if secret in told or secret in inspected]


def test_a_tool_in_a_container_reaches_the_stack_with_peoples_passwords(stack: Stack) -> None:
    told = stack.compose("run", "--rm", "-T", "tools", "status", "--json")
    assert {"us", "ru", "monitor", "director", "sky"} <= {service["key"] for service in json.loads(told)["services"]}


def test_the_run_file_for_this_machine_lets_its_tools_in(stack: Stack) -> None:
    address = f"mqtt://127.0.0.1:{stack.port}"
    told = stack.compose("run", "--rm", "-T", "tools", "keys", "run-file", "/identity", "--broker", address)
    run = json.loads(told)
    with Speaker(stack.port, "observer", run["passwords"]["observer"]) as observer:
        assert str(observer.welcome) == "Success"


def test_a_second_start_keeps_all_and_a_renewal_shuts_the_old_certificate_out(broker: Stack, tmp_path: Path) -> None:
    before = broker.keys(tmp_path / "before")
    broker.compose("run", "--rm", "-T", "setup", timeout=120)
    broker.compose("restart", "broker")
    broker.compose("up", "--detach", "--wait", "broker")
    after = broker.keys(tmp_path / "after")
    for name in SERVICES:
        assert (after / name / "client.crt").read_bytes() == (before / name / "client.crt").read_bytes()
    assert passwords(after) == passwords(before)
    make = ["keys", "make", "/keys", "--acl", "/hotline/acl", "--readable", "--server", "broker"]
    broker.compose("run", "--rm", "-T", "setup", *make, "--renew", "ru", timeout=120)
    broker.compose("restart", "broker")
    broker.compose("up", "--detach", "--wait", "broker")
    renewed = broker.keys(tmp_path / "renewed")
    with Speaker(SERVICES_PORT, host=broker.host, tls=context(renewed, "ru"), client_id="hotline-ru") as ru:
        assert str(ru.welcome) == "Success"
    assert is_shut_out(broker.host, SERVICES_PORT, context(before, "ru"))
    assert not is_shut_out(broker.host, SERVICES_PORT, context(before, "us"))
