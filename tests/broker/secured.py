"""A mosquitto that speaks TLS with a CA of the test's own, and the files of those who connect to it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hotline_services.cli.connection import Reach
from hotline_services.keys.certificates import LIFE, Pair, make_ca, make_client, make_server
from hotline_services.runtime.broker import EmbeddedBroker, free_port
from hotline_services.runtime.wire import BrokerSettings


class Files:
    """Certificates in a folder. ``now`` is when they are made."""

    def __init__(self, folder: Path, *, now: datetime | None = None, life: timedelta = LIFE) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._now, self._life = now or datetime.now(UTC), life
        self._authority = make_ca("test", self._now)
        self.ca = self._write("ca.crt", self._authority.cert)

    def server(self, names: Sequence[str] = ("127.0.0.1", "localhost")) -> tuple[Path, Path]:
        return self._pair("server", make_server(self._authority, names, self._now, self._life))

    def client(self, name: str) -> tuple[Path, Path]:
        return self._pair(name, make_client(self._authority, name, self._now, self._life))

    def shown_by(self, name: str) -> Reach:
        """What a tool is given to connect as this identity."""
        cert, key = self.client(name)
        return Reach(ca=self.ca, cert=cert, cert_key=key)

    def _pair(self, name: str, pair: Pair) -> tuple[Path, Path]:
        return self._write(f"{name}.crt", pair.cert), self._write(f"{name}.key", pair.key)

    def _write(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path


class SecuredBroker:
    """A mosquitto with a plain port and one where each identity shows a certificate, under an access list."""

    def __init__(self, folder: Path, files: Files, acl: str, *, server: tuple[Path, Path] | None = None) -> None:
        cert, key = server or files.server()
        self.port = free_port()
        (folder / "acl").write_text(acl)
        lines = [
            f"acl_file {folder / 'acl'}",
            f"listener {self.port} 127.0.0.1",
            f"cafile {files.ca}",
            f"certfile {cert}",
            f"keyfile {key}",
            "require_certificate true",
            "use_identity_as_username true",
            "use_username_as_clientid true",
        ]
        self.embedded = EmbeddedBroker("mosquitto", folder / "broker", extra="\n".join(lines))

    @property
    def address(self) -> str:
        return f"mqtts://127.0.0.1:{self.port}"

    @property
    def plain(self) -> BrokerSettings:
        return self.embedded.settings
