"""The folder of keys of a stack: what is made, for whom to read, and what stays when it is made again."""

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hotline_protocol.roster import Roster, read_roster, write_roster
from hotline_services.cli.keys import make, run_file
from hotline_services.cli.runfile import NAME, read_run_file
from hotline_services.delivery.payloads import Signing
from hotline_services.keys.certificates import (
    LIFE,
    RENEWED,
    Pair,
    is_current,
    make_ca,
    make_client,
    make_server,
    names_of,
)
from hotline_services.keys.folder import KeysError, Wanted, make_missing, passwords_in
from hotline_services.runtime.signing import load_signing

NOW = datetime(2026, 3, 1, tzinfo=UTC)
WANTED = Wanted(services=["us", "ru"], people=["control", "us-desk"], server_names=["broker", "127.0.0.1"])
ACL = "user us\ntopic read a\n\nuser us-desk\n\nuser control\n\nuser sky\n\nuser probe\n"


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_each_identity_gets_a_part_of_its_own_and_nobody_the_key_of_another(tmp_path: Path) -> None:
    make_missing(tmp_path, WANTED, NOW)
    made = files(tmp_path)
    own = {"ca.crt", "client.crt", "client.key", "probe.password", "signing.key", "roster.toml"}
    assert {name for name in made if name.startswith("us/")} == {f"us/{each}" for each in own}
    assert {name for name in made if name.startswith("people/")} == {
        "people/ca.crt",
        "people/control.password",
        "people/control.signing.key",
        "people/roster.toml",
        "people/us-desk.password",
        "people/us-desk.signing.key",
    }
    secrets = [content for name, content in made.items() if name.endswith((".key", ".password"))]
    probes = len([name for name in made if name.endswith("probe.password")])
    assert len(set(secrets)) == len(secrets) - probes + 1  # only the probe's is told to several


def test_secrets_are_for_their_owner_alone(tmp_path: Path) -> None:
    make_missing(tmp_path, WANTED, NOW)
    for path in tmp_path.rglob("*"):
        if path.suffix in {".key", ".password"} or path.name == "passwords":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_the_broker_is_told_hashes_and_no_password_but_that_of_its_own_probe(tmp_path: Path) -> None:
    make_missing(tmp_path, WANTED, NOW)
    passwords = passwords_in(tmp_path / "people")
    for name, content in files(tmp_path / "broker").items():
        assert not [each for each in passwords.values() if each.encode() in content], name
    lines = (tmp_path / "broker" / "passwords").read_text().splitlines()
    assert [line.split(":")[0] for line in lines] == ["control", "us-desk", "probe"]
    assert all(line.split(":")[1].startswith("$7$") for line in lines)


def test_made_again_it_leaves_what_is_good(tmp_path: Path) -> None:
    make_missing(tmp_path, WANTED, NOW)
    before = files(tmp_path)
    assert make_missing(tmp_path, WANTED, NOW + timedelta(days=1)) == []
    after = files(tmp_path)
    anew = {"broker/passwords", "broker/revoked.crl"}  # salted and signed anew
    assert {name: after[name] for name in after if name not in anew} == {
        name: before[name] for name in before if name not in anew
    }


def test_what_is_about_to_expire_or_broken_is_made_anew(tmp_path: Path) -> None:
    make_missing(tmp_path, WANTED, NOW)
    due = NOW + LIFE - RENEWED + timedelta(hours=1)
    made = make_missing(tmp_path, WANTED, due)
    assert {"the certificate of us", "the certificate of ru"} < set(made)
    (tmp_path / "ru" / "client.key").write_bytes((tmp_path / "us" / "client.key").read_bytes())
    (tmp_path / "us" / "client.crt").write_text("garbage")
    assert set(make_missing(tmp_path, WANTED, due)) == {"the certificate of us", "the certificate of ru"}


def test_a_renewed_certificate_is_another_and_the_old_one_is_revoked(tmp_path: Path) -> None:
    make_missing(tmp_path, WANTED, NOW)
    old = x509.load_pem_x509_certificate((tmp_path / "ru" / "client.crt").read_bytes())
    renewed = Wanted(**{**{field: getattr(WANTED, field) for field in WANTED.__struct_fields__}, "renew": {"ru"}})
    assert make_missing(tmp_path, renewed, NOW) == ["the certificate of ru", "the signing key of ru"]
    new = x509.load_pem_x509_certificate((tmp_path / "ru" / "client.crt").read_bytes())
    revoked = x509.load_pem_x509_crl((tmp_path / "broker" / "revoked.crl").read_bytes())
    assert revoked.get_revoked_certificate_by_serial_number(old.serial_number) is not None
    assert revoked.get_revoked_certificate_by_serial_number(new.serial_number) is None


def test_the_names_of_the_broker_are_kept_unless_others_are_asked_for(tmp_path: Path) -> None:
    unnamed = Wanted(services=["us"], people=[], server_names=[])
    make_missing(tmp_path, WANTED, NOW)
    assert make_missing(tmp_path, unnamed, NOW) == []
    assert names_of((tmp_path / "broker" / "server.crt").read_bytes()) == ["127.0.0.1", "broker"]
    more = Wanted(services=["us"], people=[], server_names=["broker.example"])
    assert make_missing(tmp_path, more, NOW) == ["the broker's certificate, for broker.example"]


def test_a_given_password_is_taken_and_one_that_is_none_is_refused(tmp_path: Path) -> None:
    given = Wanted(services=["us"], people=["control"], server_names=["broker"], given={"control": "chosen-by-us"})
    make_missing(tmp_path, given, NOW)
    assert passwords_in(tmp_path / "people") == {"control": "chosen-by-us"}
    bad = Wanted(services=["us"], people=["control"], server_names=["broker"], given={"control": "x"})
    with pytest.raises(KeysError, match="the password of control is shorter") as caught:
        make_missing(tmp_path, bad, NOW)
    assert "chosen" not in str(caught.value)


def test_who_is_gone_from_the_access_list_has_no_password_any_more(tmp_path: Path) -> None:
    make_missing(tmp_path, WANTED, NOW)
    make_missing(tmp_path, Wanted(services=["us"], people=["control"], server_names=["broker"]), NOW)
    assert set(passwords_in(tmp_path / "people")) == {"control"}
    assert "us-desk" not in (tmp_path / "broker" / "passwords").read_text()


@pytest.mark.parametrize("name", ["ca", "broker", "people"])
def test_nobody_is_called_like_a_part_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(KeysError, match="no identity may be called so"):
        make_missing(tmp_path, Wanted(services=[name], people=[], server_names=["broker"]), NOW)


def test_a_certificate_is_current_for_its_ca_its_names_and_its_time() -> None:
    ca, other = make_ca("one", NOW), make_ca("other", NOW)
    server, client = make_server(ca, ["broker", "127.0.0.1", "::1"], NOW), make_client(ca, "us", NOW)
    assert is_current(server, ca.cert, NOW, ["::1", "broker"])
    assert not is_current(server, ca.cert, NOW, ["elsewhere"])
    assert not is_current(server, other.cert, NOW)
    assert not is_current(Pair(server.cert, client.key), ca.cert, NOW)
    assert not is_current(client, ca.cert, NOW - timedelta(days=1))
    assert not is_current(client, ca.cert, NOW + LIFE)
    with pytest.raises(ValueError, match="at least one host name"):
        make_server(ca, [], NOW)


def test_the_command_makes_keys_for_the_users_of_an_access_list(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    acl, folder = tmp_path / "acl", tmp_path / "keys"
    acl.write_text(ACL)
    monkeypatch.setenv("HOTLINE_PASSWORD_US_DESK", "chosen-by-us")
    assert make(folder, acl=acl, people_at="mqtts://broker:8883") == 0
    told = capsys.readouterr().out
    assert "keys of us, sky, us-desk, control" in told
    run = read_run_file(folder / "people")
    assert run is not None
    assert run.settings_of("us-desk").password == "chosen-by-us"  # noqa: S105
    assert run.settings_of("control").ca_file == folder / "people" / "ca.crt"
    assert run_file(folder / "people", broker="mqtt://127.0.0.1:1883") == 0
    assert '"us-desk": "chosen-by-us"' in capsys.readouterr().out
    for password in run.passwords.values():
        assert password not in told


def test_what_the_command_cannot_do_is_told_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    acl, empty = tmp_path / "acl", tmp_path / "empty"
    acl.write_text(ACL)
    empty.write_text("")
    shut = tmp_path / "file"
    shut.write_text("")
    cases = [
        (make(tmp_path / "keys", acl=tmp_path / "none"), f"{tmp_path / 'none'}: No such file or directory"),
        (make(tmp_path / "keys", acl=empty), "the access list names no user"),
        (make(shut / "keys", acl=acl), "Not a directory"),
        (make(tmp_path / "keys", acl=acl, renew=("tr",)), "tr: nobody of that name has keys here"),
        (run_file(tmp_path / "nobody", broker="mqtt://127.0.0.1"), "no passwords are here"),
        (run_file(tmp_path / "keys" / "people", broker="http://x"), "mqtt:// or mqtts://"),
    ]
    told = capsys.readouterr().err.splitlines()
    assert len(told) == len(cases)
    for (code, sentence), line in zip(cases, told, strict=True):
        assert code == 2
        assert sentence in line
    assert not (tmp_path / "keys" / NAME).exists()


def test_readable_keys_are_for_volumes_and_the_key_of_the_ca_stays_shut(tmp_path: Path) -> None:
    acl = tmp_path / "acl"
    acl.write_text(ACL)
    mask = os.umask(0o077)
    try:
        assert make(tmp_path / "keys", acl=acl, readable=True) == 0
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "keys" / "us" / "client.key").stat().st_mode) == 0o644
    assert stat.S_IMODE((tmp_path / "keys" / "ca" / "ca.key").stat().st_mode) == 0o600


def signing(folder: Path, part: str, file: str = "signing.key") -> Signing:
    return load_signing(folder / part / file, folder / part / "roster.toml")


def test_each_signs_with_a_key_of_its_own_and_the_roster_names_all(tmp_path: Path) -> None:
    make_missing(tmp_path, WANTED, NOW)
    assert signing(tmp_path, "us").fault("us") == ""
    assert signing(tmp_path, "us").fault("ru") != ""
    assert signing(tmp_path, "people", "us-desk.signing.key").fault("us-desk") == ""
    rosters = {content for name, content in files(tmp_path).items() if name.endswith("roster.toml")}
    (roster,) = rosters
    assert set(read_roster(roster.decode()).keys) == {"us", "ru", "control", "us-desk"}


def test_a_damaged_signing_key_is_made_anew_and_the_others_stay(tmp_path: Path) -> None:
    make_missing(tmp_path, WANTED, NOW)
    before = files(tmp_path)
    (tmp_path / "us" / "signing.key").write_text("half a k")
    assert make_missing(tmp_path, WANTED, NOW) == ["the signing key of us"]
    assert signing(tmp_path, "us").fault("us") == ""
    assert files(tmp_path)["ru/signing.key"] == before["ru/signing.key"]


def test_a_key_that_is_kept_elsewhere_stands_in_the_roster_beside_ours(tmp_path: Path) -> None:
    make_missing(tmp_path, WANTED, NOW)
    key = Ed25519PrivateKey.generate()
    others = tmp_path / "ca" / "others.toml"
    others.write_text(write_roster(Roster(keys={"ru": (key.public_key().public_bytes_raw(),)})))
    assert make_missing(tmp_path, WANTED, NOW) == []
    keys = read_roster((tmp_path / "us" / "roster.toml").read_text()).keys
    assert len(keys["ru"]) == 2
    others.write_text("[keys]\nru = ['short']\n")
    with pytest.raises(KeysError, match=r"others.toml: keys.ru"):
        make_missing(tmp_path, WANTED, NOW)


def test_the_run_file_has_peoples_tools_sign(tmp_path: Path) -> None:
    acl = tmp_path / "acl"
    acl.write_text(ACL)
    assert make(tmp_path / "keys", acl=acl, people_at="mqtts://broker:8883") == 0
    run = read_run_file(tmp_path / "keys" / "people")
    assert run is not None
    assert run.settings_of("control").signing.fault("control") == ""
    assert run.settings_of("us-desk").signing.fault("us") != ""
