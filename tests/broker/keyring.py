"""Keys for the services of a test, as files and in its own hands."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hotline_protocol.message import Message
from hotline_protocol.roster import Roster, write_roster
from hotline_protocol.topics import address_of, encode
from hotline_services.runtime.signing import Signer, Verifier, private_pem, signing_of
from hotline_services.runtime.wire import BrokerSettings


class Keyring:
    """A key of its own for each name, and one that the roster does not know."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        folder.mkdir()
        self.folder = folder
        self.signers: dict[str, Signer] = {}
        for name in names:
            key = Ed25519PrivateKey.generate()
            self.signers[name] = Signer(key)
            (folder / f"{name}.pem").write_bytes(private_pem(key))
        self.roster = Roster(keys={name: (signer.public,) for name, signer in self.signers.items()})
        (folder / "roster.toml").write_text(write_roster(self.roster))
        self.stranger = Signer(Ed25519PrivateKey.generate())

    def environment(self, name: str) -> dict[str, str]:
        """What tells a service of this name where its key and the roster are."""
        return {"HOTLINE_KEY": str(self.folder / f"{name}.pem"), "HOTLINE_ROSTER": str(self.folder / "roster.toml")}

    def forgeries(self, message: Message, other: str) -> list[bytes]:
        """This message unsigned, signed with a key that nobody knows, and with the key of another."""
        address = address_of(message)
        signed = [signer.encode(address, message) for signer in (self.stranger, self.signers[other])]
        return [encode(message), *signed]

    def settings(self, broker: BrokerSettings, name: str) -> BrokerSettings:
        """How the tool of this name reaches the broker: signed, and as this user where the broker asks for none."""
        signing = signing_of(self.signers[name], Verifier(self.roster))
        return msgspec.structs.replace(broker, username=name, signing=signing)
