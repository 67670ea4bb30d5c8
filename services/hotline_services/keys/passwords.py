"""Passwords: made at random, or given, and hashed as mosquitto's password file has them."""

import base64
import hashlib
import re
import secrets
import string
from collections.abc import Mapping
from typing import Final

LENGTH: Final = 32
SALT_BYTES: Final = 12
ITERATIONS: Final = 101
"""As mosquitto_passwd has it: our own passwords are random, and no number of rounds makes a guessed one safe."""
SHORTEST: Final = 8

_LETTERS: Final = string.ascii_letters + string.digits
_SOUND: Final = re.compile(r"[\x21-\x7e]+")


def new_password() -> str:
    """A password that nobody guesses, of letters and digits: no shell and no address garbles it."""
    return "".join(secrets.choice(_LETTERS) for _ in range(LENGTH))


def sound_password(name: str, password: str) -> str:
    """This password. Raises ValueError for one that a line of a file, or a shell, would garble, or that is short."""
    if not _SOUND.fullmatch(password):
        raise ValueError(f"the password of {name} must be of visible ASCII characters, without blanks")
    if len(password) < SHORTEST:
        raise ValueError(f"the password of {name} is shorter than {SHORTEST} characters")
    return password


def variable_of(name: str) -> str:
    """The variable of the environment that gives the password of this identity: HOTLINE_PASSWORD_US_DESK."""
    return f"HOTLINE_PASSWORD_{name.upper().replace('-', '_')}"


def hashed(password: str, salt: bytes | None = None) -> str:
    """The password as mosquitto 2 keeps it: PBKDF2 with SHA-512."""
    salt = secrets.token_bytes(SALT_BYTES) if salt is None else salt
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return f"$7${ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def password_file(passwords: Mapping[str, str]) -> str:
    """mosquitto's password file for these identities."""
    return "".join(f"{name}:{hashed(password)}\n" for name, password in passwords.items())
