"""Ed25519 by libsodium, where PyNaCl is installed: it takes two thirds of the time. Else by OpenSSL."""

from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

try:
    from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
    from nacl.exceptions import BadSignatureError

    _found = True
except ImportError:
    _found = False

HAS_SODIUM: Final = _found
SIGNATURE_BYTES: Final = 64

Sign = Callable[[bytes], bytes]
"""The signature of these bytes."""
Verify = Callable[[bytes, bytes], bool]
"""Whether the first is a signature of the second."""


def sign_by(key: Ed25519PrivateKey, *, sodium: bool = HAS_SODIUM) -> Sign:
    """What signs with this key."""
    if not sodium:
        return key.sign
    _, secret = crypto_sign_seed_keypair(key.private_bytes_raw())

    def sign(signed: bytes) -> bytes:
        return bytes(crypto_sign(signed, secret)[:SIGNATURE_BYTES])

    return sign


def verify_by(public: bytes, *, sodium: bool = HAS_SODIUM) -> Verify:
    """What checks signatures by this public key."""
    return _sodium(public) if sodium else _openssl(public)


def _sodium(public: bytes) -> Verify:
    def verify(signature: bytes, signed: bytes) -> bool:
        try:
            crypto_sign_open(signature + signed, public)
        except BadSignatureError:
            return False
        return True

    return verify


def _openssl(public: bytes) -> Verify:
    key = Ed25519PublicKey.from_public_bytes(public)

    def verify(signature: bytes, signed: bytes) -> bool:
        try:
            key.verify(signature, signed)
        except InvalidSignature:
            return False
        return True

    return verify
