"""The test vector of docs/join.md, checked without anything of Hotline's, and then with it."""

import base64
import re
import tomllib
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hotline_protocol.roster import read_roster
from hotline_protocol.topics import decode
from hotline_services.runtime.signing import Signer, Verifier

PAGE = (Path(__file__).parents[2] / "docs/join.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## 7. Sign what you say")[2].partition("\n## ")[0]
UNSIGNED, PUBLISHED = (block.encode() for block in re.findall(r"```json\n(.*)\n```", SECTION))
ROSTER = "\n".join(line[3:] for line in SECTION.partition("```toml\n")[2].partition("   ```")[0].splitlines())
TOPIC = "hotline/v1/line/ru/us"


def base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def key() -> Ed25519PrivateKey:
    named = re.search(r"with the private key `([\w-]{43})`", SECTION)
    assert named is not None
    assert f"The topic is `{TOPIC}`" in SECTION
    return Ed25519PrivateKey.from_private_bytes(base64url(named[1]))


def test_what_the_page_says_in_words_makes_what_it_shows() -> None:
    signature = base64.urlsafe_b64encode(key().sign(TOPIC.encode() + b"\n" + UNSIGNED)).rstrip(b"=")
    assert len(signature) == 86
    assert UNSIGNED[:-1] + b',"signature":"' + signature + b'"}' == PUBLISHED


def test_what_the_page_says_of_checking_accepts_it() -> None:
    tail = PUBLISHED[-102:]
    assert (tail[:14], tail[-2:]) == (b',"signature":"', b'"}')
    (text,) = tomllib.loads(ROSTER)["keys"]["ru"]
    assert base64url(text) == key().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    key().public_key().verify(base64url(tail[14:-2].decode()), TOPIC.encode() + b"\n" + PUBLISHED[:-102] + b"}")


def test_the_public_part_is_what_openssls_output_ends_with() -> None:
    public = key().public_key()
    assert public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)[-32:] == public.public_bytes_raw()


def test_hotline_makes_and_takes_the_same_bytes() -> None:
    assert Signer(key()).sign(TOPIC, UNSIGNED) == PUBLISHED
    verifier = Verifier(read_roster(ROSTER))
    assert verifier.problem(TOPIC, PUBLISHED) is None
    assert verifier.problem(TOPIC, UNSIGNED) is not None
    assert decode(TOPIC, PUBLISHED) == decode(TOPIC, UNSIGNED)
