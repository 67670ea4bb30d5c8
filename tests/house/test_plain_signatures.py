"""The example's signatures and ours are the same bytes, and it refuses what we refuse."""

import json
import runpy
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hotline_protocol.examples import examples
from hotline_protocol.message import Message
from hotline_protocol.roster import Roster, write_roster
from hotline_protocol.service import Clock
from hotline_protocol.topics import TOPICS, address_of, encode, topic_of
from hotline_services.runtime.signing import Signer, Verifier, private_pem

EXAMPLE = Path(__file__).parents[2] / "examples/plain_signatures.py"
MODULE = runpy.run_path(str(EXAMPLE))
SOURCES = sorted({message.source for message in examples()})
KEYS = {name: Ed25519PrivateKey.generate() for name in SOURCES}
SIGNERS = {name: Signer(key) for name, key in KEYS.items()}
ROSTER = Roster(keys={name: (signer.public,) for name, signer in SIGNERS.items()})


@pytest.fixture
def theirs(tmp_path: Path) -> Any:
    """The example's, with the key of ``ru``."""
    (tmp_path / "ru.pem").write_bytes(private_pem(KEYS["ru"]))
    (tmp_path / "roster.toml").write_text(write_roster(ROSTER))
    return MODULE["Signatures"](str(tmp_path / "ru.pem"), str(tmp_path / "roster.toml"))


def test_it_signs_the_same_topics_in_the_same_bytes(theirs: Any) -> None:
    assert MODULE["SIGNED"] == {topic.template.split("/")[2] for topic in TOPICS if topic.signed}
    for message in examples():
        address = address_of(message)
        assert theirs.sign(address, encode(message).decode()) == SIGNERS["ru"].sign(address, encode(message))


@pytest.mark.parametrize("message", [m for m in examples() if topic_of(m).signed], ids=lambda m: type(m).__name__)
def test_it_believes_what_we_sign_and_nothing_else(theirs: Any, message: Message) -> None:
    address = address_of(message)
    payload = SIGNERS[message.source].encode(address, message)
    assert theirs.fault(address, payload) == ""
    other = SIGNERS["us" if message.source != "us" else "ru"].encode(address, message)
    for forged in (encode(message), other, payload.replace(b'"time":"20', b'"time":"21'), payload + b" "):
        assert theirs.fault(address, forged)
        assert Verifier(ROSTER).problem(address, forged)


def test_it_refuses_an_older_clock_and_a_number_that_says_two_things(theirs: Any) -> None:
    clock = next(message for message in examples() if isinstance(message, Clock))
    older = msgspec.structs.replace(clock, real_start=clock.real_start.replace(year=2001))
    assert [bool(theirs.replay(json.loads(encode(each)))) for each in (clock, clock, older)] == [False, False, True]
    said = json.loads(encode(next(message for message in examples() if message.seq)))
    assert [bool(theirs.replay(each)) for each in (said, said, said | {"time": "x"})] == [False, False, True]
