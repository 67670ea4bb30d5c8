"""The roster: public keys by name, read strictly."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from hotline_protocol.line import Answer
from hotline_protocol.message import Author
from hotline_protocol.roster import Roster, RosterError, read_roster, write_roster
from hotline_protocol.topics import address_of
from hotline_services.runtime.signing import KeyFileError, Signer, Verifier, load_roster, load_signing, private_pem

ANSWER = Author("us", "e1").say(Answer, datetime(2020, 1, 1, tzinfo=UTC), to="ru", call_id="c")
TOPIC = address_of(ANSWER)
ONE = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
OTHER = "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw"


def test_what_is_written_is_read_again() -> None:
    roster = read_roster(f'[keys]\nus = ["{ONE}"]\nru-desk = ["{OTHER}"]\n')
    assert read_roster(write_roster(roster)) == roster
    assert [len(key) for keys in roster.keys.values() for key in keys] == [32, 32]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "keys"),
        ('keys = "x"', "keys"),
        ("[keys]\nus = []", "keys"),
        (f'[keys]\nus = "{ONE}"', "keys"),
        (f'[keys]\nus = ["{ONE}"]\n[more]\nx = 1', "more"),
        (f'[keys]\nUS = ["{ONE}"]', "keys"),
        (f'[keys]\nus = ["{ONE[:-1]}"]', "keys.us"),
        (f'[keys]\nus = ["{ONE}="]', "keys.us"),
        (f'[keys]\nus = ["{ONE[:-1]}p"]', "keys.us"),  # bits left over: another spelling of the same key
        (f'[keys]\nus = ["{ONE}", "{ONE}"]', "keys.us: the same key"),
        ("[keys", "end of"),
    ],
)
def test_a_roster_that_is_not_right_is_refused_with_its_place(text: str, told: str) -> None:
    with pytest.raises(RosterError, match=told):
        read_roster(text)


def test_a_name_that_cannot_be_one_is_not_written() -> None:
    with pytest.raises(RosterError, match="'Us'"):
        write_roster(Roster(keys={"Us": (b"x" * 32,)}))


def test_the_key_of_a_service_must_be_in_the_roster_that_it_is_given(tmp_path: Path) -> None:
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    (tmp_path / "us.pem").write_bytes(private_pem(key))
    roster = tmp_path / "roster.toml"
    roster.write_text(write_roster(Roster(keys={"us": (Signer(other).public, Signer(key).public)})))
    signing = load_signing(tmp_path / "us.pem", roster)
    assert signing.fault("us") == ""
    assert "under ru" in signing.fault("ru")
    assert signing.check is not None
    assert signing.check(TOPIC, signing.encode(TOPIC, ANSWER)) is None
    roster.write_text(write_roster(Roster(keys={"us": (Signer(other).public,)})))
    assert "under us" in load_signing(tmp_path / "us.pem", roster).fault("us")
    assert "no key" in load_signing(None, roster).fault("us")
    assert load_signing(tmp_path / "us.pem", None).fault("us") == ""


def test_a_roster_that_has_changed_is_read_again_within_seconds(tmp_path: Path) -> None:
    """A key is changed without a pause: the new one is added, then the old one removed."""
    old, new = Signer(Ed25519PrivateKey.generate()), Signer(Ed25519PrivateKey.generate())
    file, now_s = tmp_path / "roster.toml", [0.0]
    file.write_text(write_roster(Roster(keys={"us": (old.public,)})))
    verifier = Verifier(load_roster(file), file, lambda: now_s[0])

    def believed() -> list[bool]:
        return [verifier.problem(TOPIC, signer.encode(TOPIC, ANSWER)) is None for signer in (old, new)]

    def change(text: str) -> list[bool]:
        file.write_text(text)
        os.utime(file, ns=(0, int(now_s[0] * 1e9) + 1))
        now_s[0] += 6
        return believed()

    assert believed() == [True, False]
    assert change(write_roster(Roster(keys={"us": (old.public, new.public)}))) == [True, True]
    assert change("half a ros") == [True, True]
    assert change(write_roster(Roster(keys={"us": (new.public,)}))) == [False, True]
    file.unlink()
    now_s[0] += 6
    assert believed() == [False, True]


def test_a_file_that_holds_no_key_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "us.pem"
    with pytest.raises(KeyFileError, match="cannot be read"):
        load_signing(path, None)
    path.write_text("no key")
    with pytest.raises(KeyFileError, match="holds no private key"):
        load_signing(path, None)
    curve = generate_private_key(SECP256R1())
    path.write_bytes(curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(KeyFileError, match="another kind"):
        load_signing(path, None)
    with pytest.raises(KeyFileError, match="cannot be read"):
        load_signing(None, tmp_path / "no-roster.toml")
