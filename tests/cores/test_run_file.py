"""The run file: what tools find by it, and what is said when it is of no use."""

import subprocess
import sys
from pathlib import Path

import pytest

from hotline_services.cli.access import access
from hotline_services.cli.connection import Reach, Security, broker_settings, tool_settings
from hotline_services.cli.runfile import NAME, RunFile, read_run_file, write_run_file
from hotline_services.keys.passwords import hashed, new_password, sound_password
from hotline_services.runtime.users import User, mosquitto_files, nats_authorization

RUN = RunFile(broker="mqtt://127.0.0.1:4711", passwords={"control": "secret/1"})


@pytest.fixture(autouse=True)
def _no_broker_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOTLINE_BROKER", "HOTLINE_DATA", "HOTLINE_PASSWORD_FILE"):
        monkeypatch.delenv(name, raising=False)


def ended_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_what_was_written_is_read_by_a_tool(tmp_path: Path) -> None:
    file = write_run_file(tmp_path, RUN)
    assert file.stat().st_mode & 0o777 == 0o600
    found = tool_settings(None, Reach(data=tmp_path), "control")
    assert (found.host, found.port, found.username, found.password) == ("127.0.0.1", 4711, "control", "secret/1")


def test_a_run_whose_process_has_ended_is_none(tmp_path: Path) -> None:
    write_run_file(tmp_path, RunFile(broker=RUN.broker, passwords=RUN.passwords, pid=ended_process()))
    assert read_run_file(tmp_path) is None
    assert tool_settings(None, Reach(data=tmp_path), "control").port == 1883


def test_a_folder_without_one_leaves_this_machine(tmp_path: Path) -> None:
    assert tool_settings(None, Reach(data=tmp_path / "nothing"), "control").username is None


def test_what_cannot_be_used_is_told_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_run_file(tmp_path, RUN)
    assert access(as_="us-desk", reach=Reach(data=tmp_path)) == 2
    (tmp_path / NAME).write_text("{}")
    assert access(reach=Reach(data=tmp_path)) == 2
    assert access(reach=Reach(data=tmp_path / "nowhere")) == 2
    told = capsys.readouterr().err.splitlines()
    assert "has no password for us-desk, only for control" in told[0]
    assert "is no run file" in told[1]
    assert "nothing runs in" in told[2]


def test_an_address_for_other_clients_survives_any_password(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_run_file(tmp_path, RUN)
    assert access(reach=Reach(data=tmp_path)) == 0
    address = capsys.readouterr().out.strip()
    assert address == "mqtt://control:secret%2F1@127.0.0.1:4711"
    assert broker_settings(address).password == "secret/1"  # noqa: S105


def test_a_password_file_is_for_an_address_with_a_user_and_no_password(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("from-the-file\n")
    security = Security(password_file=file)
    assert broker_settings("mqtt://control@127.0.0.1", security).password == "from-the-file"  # noqa: S105
    assert broker_settings("mqtt://control:typed@127.0.0.1", security).password == "typed"  # noqa: S105
    assert broker_settings("mqtt://127.0.0.1", security).password is None
    with pytest.raises(ValueError, match=r"--password-file: .*No such file"):
        broker_settings("mqtt://control@127.0.0.1", Security(password_file=tmp_path / "none"))


def test_the_environments_password_is_for_the_environments_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "password").write_text("of-the-probe")
    monkeypatch.setenv("HOTLINE_BROKER", "mqtt://probe@broker")
    monkeypatch.setenv("HOTLINE_PASSWORD_FILE", str(tmp_path / "password"))
    assert broker_settings(None).password == "of-the-probe"  # noqa: S105
    assert broker_settings("mqtt://probe@broker").password == "of-the-probe"  # noqa: S105
    assert broker_settings("mqtt://us@broker").password is None


def test_settings_that_are_shown_show_no_password() -> None:
    assert "secret" not in repr(broker_settings("mqtt://control:secret@127.0.0.1"))


def test_passwords_are_random_and_given_ones_are_sound() -> None:
    assert len({new_password() for _ in range(100)}) == 100
    assert sound_password("us", "long-enough!") == "long-enough!"
    for bad in ("short", "with blank", "line\nbreak", ""):
        with pytest.raises(ValueError, match="the password of us"):
            sound_password("us", bad)


def test_a_password_is_hashed_as_mosquitto_passwd_does() -> None:
    """The hash of `mosquitto_passwd -b` for this password and salt."""
    assert hashed("secret", b"123456789012").startswith("$7$101$MTIzNDU2Nzg5MDEy$")
    assert hashed("secret") != hashed("secret")


def test_rights_are_written_in_each_brokers_own_form() -> None:
    users = {"us": User("pw", ["hotline/v1/line/us/+"], ["hotline/v1/#", "$SYS/broker/uptime"])}
    acl = mosquitto_files(users)["acl"]
    assert acl.splitlines() == [
        "user us",
        "topic write hotline/v1/line/us/+",
        "topic read hotline/v1/#",
        "topic read $SYS/broker/uptime",
    ]
    written = nats_authorization(users)
    assert '"publish": {"allow": ["hotline.v1.line.us.*"]}' in written
    assert '"subscribe": {"allow": ["hotline.v1", "hotline.v1.>", "$MQTT.sub.>"]}' in written


def test_who_may_publish_nothing_may_not_publish_everything_on_nats() -> None:
    """An empty list of what is allowed leaves a user of NATS without limits."""
    written = nats_authorization({"observer": User("pw", [], ["hotline/v1/#"])})
    assert '"publish": {"allow": ["hotline.nothing"]}' in written
