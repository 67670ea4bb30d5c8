"""Signs what goes out and checks what comes in, where keys were given. The protocol's ``signature`` states the form."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import structlog
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from hotline_protocol.flightplan import Problem
from hotline_protocol.message import Message
from hotline_protocol.roster import Roster, RosterError, read_roster
from hotline_protocol.seal import seal_own
from hotline_protocol.signature import SignatureError, place, signable, signed_bytes, take_off
from hotline_protocol.topics import ORDER, UNDECODABLE, encode, signed_topic
from hotline_services.delivery.payloads import UNSIGNED, Signing
from hotline_services.text_files import read_bytes, read_text

from .ed25519 import Verify, sign_by, verify_by
from .sealing import Seals

BAD_SIGNATURE: Final = "bad-signature"
FIELD: Final = "signature"
REMEMBERED: Final = 1_000
LOOK_AGAIN_S: Final = 5.0
FORMER: Final = "former.toml"
"""Beside a roster, and of the same form: keys that sign no message any more, and have sealed entries of ledgers."""
NOBODY: Final = Roster(keys={})

log = structlog.get_logger(__name__)


class KeyFileError(ValueError):
    """A key or a roster cannot be used; the message names the file and what is wrong with it."""


class Signer:
    """Signs with one private key. It keeps the last 1,000 payloads: a message sent again is not signed again."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self.signature: Final = sign_by(key)
        """Of any bytes, by this key."""
        self._payloads: Final[dict[str, tuple[Message, bytes]]] = {}
        self.public: Final = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def encode(self, address: str, message: Message) -> bytes:
        """The payload of this message on its topic: signed, unless messages of this topic go unsigned."""
        if signed_topic(address) is None:
            return encode(message)
        said, payload = self._payloads.get(message.id, (None, b""))
        if said is not message:
            payload = self.sign(address, encode(seal_own(message, self.signature)))
            self._payloads[message.id] = (message, payload)
            if len(self._payloads) > REMEMBERED:
                del self._payloads[next(iter(self._payloads))]
        return payload

    def sign(self, address: str, unsigned: bytes) -> bytes:
        """These bytes with their signature, or as they stand where messages of this topic go unsigned.

        Raises SignatureError when they cannot bear one.
        """
        if signed_topic(address) is None:
            return unsigned
        return place(unsigned, self.signature(signed_bytes(address, signable(unsigned))))


class _Said(msgspec.Struct, frozen=True):
    source: str


class _Named(msgspec.Struct, frozen=True):
    id: str


_source: Final = msgspec.json.Decoder(_Said)
_named: Final = msgspec.json.Decoder(_Named)


class Verifier:
    """Checks signatures by a roster. One from a ``file`` is read again when that has changed, a few seconds later.

    ``former`` keys count for seals only.
    """

    def __init__(
        self,
        roster: Roster,
        file: Path | None = None,
        now_s: Callable[[], float] = time.monotonic,
        former: Roster = NOBODY,
    ) -> None:
        self._file: Final = file
        self._now_s: Final = now_s
        self._look_at_s = now_s() + LOOK_AGAIN_S
        self._read_at = _changed_at(file)
        self._take(roster, former)

    def _take(self, roster: Roster, former: Roster) -> None:
        self.roster = roster
        self._keys = _verifiers(roster)
        self._former = _verifiers(former)

    def keys_of(self, name: str) -> tuple[Verify, ...]:
        """What checks by the keys of this name, former ones too."""
        self._look_if_due()
        return self._keys.get(name, ()) + self._former.get(name, ())

    def _look_if_due(self) -> None:
        if self._file is not None and self._now_s() >= self._look_at_s:
            self._look_again(self._file)

    def _look_again(self, file: Path) -> None:
        """What cannot be read changes nothing: the roster that is known still holds."""
        self._look_at_s = self._now_s() + LOOK_AGAIN_S
        changed_at = _changed_at(file)
        if changed_at == self._read_at:
            return
        self._read_at = changed_at
        try:
            self._take(load_roster(file), load_former(file))
        except KeyFileError as error:
            log.warning("roster-unusable", reason=str(error), hint="the one that was read before still counts")
        else:
            log.info("roster-read", file=str(file), names=sorted(self.roster.keys))

    def problem(self, address: str, payload: bytes) -> Problem | None:
        """Why this is not to be believed, or None: it is signed by its source, or messages of its topic go unsigned."""
        topic = signed_topic(address)
        if topic is None:
            return None
        self._look_if_due()
        try:
            unsigned, signature = take_off(payload)
            source = topic.source_in(address) or _source.decode(unsigned).source
        except SignatureError as error:
            return bad_signature(str(error))
        except UNDECODABLE:
            return bad_signature("it does not say who its source is")
        signed = signed_bytes(address, unsigned)
        if any(verify(signature, signed) for verify in self._keys.get(source, ())):
            return None if topic is not ORDER else _without_id(unsigned)
        if source not in self._keys:
            return bad_signature(f"the roster has no key of {source[:40]!r}")
        return bad_signature(f"{source} has not signed this for this topic")


def _verifiers(roster: Roster) -> dict[str, tuple[Verify, ...]]:
    return {name: tuple(verify_by(key) for key in keys) for name, keys in roster.keys.items()}


def _changed_at(file: Path | None) -> int:
    try:
        return 0 if file is None else file.stat().st_mtime_ns
    except OSError:
        return 0


def _without_id(unsigned: bytes) -> Problem | None:
    """What is wrong with an order that bears no id: it would be another one each time that somebody says it again."""
    try:
        _named.decode(unsigned)
    except UNDECODABLE:
        return bad_signature("a signed order wants an id, or anybody could give it again")
    return None


def bad_signature(reason: str) -> Problem:
    """What is wrong with a message whose signature is missing, wrong or somebody else's."""
    return Problem(code=BAD_SIGNATURE, field=FIELD, reason=reason)


def load_signing(key: Path | None, roster: Path | None) -> Signing:
    """What these files hold. Raises KeyFileError."""
    signer = None if key is None else Signer(read_private_key(key))
    verifier = None if roster is None else Verifier(load_roster(roster), roster, former=load_former(roster))
    return signing_of(signer, verifier)


def signing_from(pem: bytes | None, roster: str) -> Signing:
    """What a key as PEM, if there is one, and the text of a roster make. Raises KeyFileError."""
    try:
        verifier = Verifier(read_roster(roster))
    except RosterError as error:
        raise KeyFileError(f"the roster: {error}") from error
    return signing_of(None if pem is None else Signer(private_key(pem, "the key")), verifier)


def signing_of(signer: Signer | None, verifier: Verifier | None) -> Signing:
    """Both, either or neither."""
    signing = UNSIGNED if verifier is None else Signing(check=verifier.problem, roster=verifier.roster)
    if signer is not None:
        signing = signing._replace(encode=signer.encode, sign=signer.sign, public=signer.public)
    if signing is UNSIGNED:
        return signing
    own = None if signer is None else verify_by(signer.public)
    return signing._replace(unproven=(Seals(own) if verifier is None else Seals(own, verifier.keys_of)).problem)


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """The Ed25519 key in this PEM file. Raises KeyFileError."""
    try:
        return private_key(read_bytes(path), str(path))
    except OSError as error:
        raise KeyFileError(f"{path} cannot be read: {error.strerror}") from error


def private_key(pem: bytes, where: str = "this") -> Ed25519PrivateKey:
    """The Ed25519 key in this PEM text. Raises KeyFileError, which says that it came from ``where``."""
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyFileError(f"{where} holds no private key in PEM without a password") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{where} holds a key of another kind: Ed25519 is wanted")
    return key


def private_pem(key: Ed25519PrivateKey) -> bytes:
    """The key as PEM text (PKCS 8), as ``openssl genpkey -algorithm ed25519`` writes it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def load_former(roster: Path) -> Roster:
    """The former keys in the file beside this roster; nobody's, when there is none. Raises KeyFileError."""
    file = roster.with_name(FORMER)
    return load_roster(file) if file.exists() else NOBODY


def load_roster(path: Path) -> Roster:
    """The roster in this file. Raises KeyFileError."""
    try:
        return read_roster(read_text(path))
    except OSError as error:
        raise KeyFileError(f"{path} cannot be read: {error.strerror}") from error
    except (RosterError, UnicodeDecodeError) as error:
        raise KeyFileError(f"{path}: {error}") from error
