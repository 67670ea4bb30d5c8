"""Ed25519 by libsodium (PyNaCl), which takes two thirds of OpenSSL's time. Keys are cryptography's, read from PEM."""

from collections.abc import Callable
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import BadSignatureError

SIGNATURE_BYTES: Final = 64

Sign = Callable[[bytes], bytes]
"""The signature of these bytes."""
Verify = Callable[[bytes, bytes], bool]
"""Whether the first is a signature of the second."""


def sign_by(key: Ed25519PrivateKey) -> Sign:
    """What signs with this key."""
    _, secret = crypto_sign_seed_keypair(key.private_bytes_raw())

    def sign(signed: bytes) -> bytes:
        return bytes(crypto_sign(signed, secret)[:SIGNATURE_BYTES])

    return sign


def verify_by(public: bytes) -> Verify:
    """What checks signatures by this public key."""

    def verify(signature: bytes, signed: bytes) -> bool:
        try:
            crypto_sign_open(signature + signed, public)
        except BadSignatureError:
            return False
        return True

    return verify
