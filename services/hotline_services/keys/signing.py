"""Keys that messages are signed with (Ed25519) in the folder of keys, and the roster of their public parts."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hotline_protocol.roster import MOST_KEYS, Roster, RosterError, read_roster, write_roster
from hotline_services.runtime.signing import FORMER, KeyFileError, Signer, private_key, private_pem, read_private_key

KEY: Final = "signing.key"
ROSTER: Final = "roster.toml"
OTHERS: Final = "others.toml"
"""Public keys of those who keep their private key elsewhere: written by hand, in the form of a roster."""


def new_key() -> bytes:
    """A private key as PEM."""
    return private_pem(Ed25519PrivateKey.generate())


def is_key(held: bytes | None) -> bool:
    """Whether this is a private key that can sign."""
    try:
        return held is not None and private_key(held) is not None
    except KeyFileError:
        return False


def roster_of(held: Mapping[str, bytes], others: bytes | None) -> bytes:
    """The roster of these private keys by name, and of the others. Raises ValueError when those cannot be read."""
    keys = {name: (Signer(private_key(pem)).public,) for name, pem in held.items()}
    try:
        added: Mapping[str, tuple[bytes, ...]] = read_roster(others.decode()).keys if others is not None else {}
    except (RosterError, UnicodeDecodeError) as error:
        raise ValueError(f"{OTHERS}: {error}") from error
    merged = {name: tuple(dict.fromkeys(keys.get(name, ()) + added.get(name, ()))) for name in [*keys, *added]}
    return write_roster(Roster(keys=merged)).encode()


def with_former(held: bytes | None, name: str, pem: bytes) -> bytes:
    """The former keys as they are ``held``, and this one of this name, which is replaced. Raises ValueError.

    Of one name the latest eight are kept.
    """
    try:
        former = dict(read_roster(held.decode()).keys) if held is not None else {}
    except (RosterError, UnicodeDecodeError) as error:
        raise ValueError(f"{FORMER}: {error}") from error
    public = Signer(private_key(pem)).public
    former[name] = (*(key for key in former.get(name, ()) if key != public), public)[-MOST_KEYS:]
    return write_roster(Roster(keys=former)).encode()


def keys_in(people: Path, names: Iterable[str]) -> dict[str, str]:
    """The private keys of these people in the part of the folder that is theirs, as PEM. Raises ValueError."""
    files = {name: people / f"{name}.{KEY}" for name in names}
    found = {name: file for name, file in files.items() if file.exists()}
    for file in found.values():
        read_private_key(file)
    return {name: file.read_text(encoding="ascii") for name, file in found.items()}
