"""The run file: where the broker of a run is, and the passwords by which its tools are let in.

The demo writes it into its data folder; for the compose stack `hotline keys run-file` does. It is readable to its owner
alone, and what was started in the same folder finds the run by it.
"""

import os
from pathlib import Path
from typing import Final

import msgspec

from hotline_services.delivery.payloads import UNSIGNED, Signing
from hotline_services.runtime.wire import BrokerSettings
from hotline_services.text_files import read_bytes
from hotline_services.whole import write_secret

NAME: Final = "run.json"
CONTROL: Final = "control"
OBSERVER: Final = "observer"
DESK: Final = "-desk"


class RunFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is in it. ``pid`` is whose run it is: when that process has ended, so has the run.

    ``passwords`` are those of control, observer and the desks, by name; ``ca`` is for mqtts://, a path from the file.
    Where messages are signed, ``keys`` are people's private keys, as PEM, and ``roster`` is the text of the roster.
    """

    broker: str
    passwords: dict[str, str]
    ca: str | None = None
    keys: dict[str, str] = {}
    roster: str | None = None
    pid: int | None = None

    def settings_of(self, name: str) -> BrokerSettings:
        """How this person reaches the broker. Raises ValueError when the file has no password for them."""
        if name not in self.passwords:
            known = ", ".join(sorted(self.passwords))
            raise ValueError(
                f"the run file has no password for {name}, only for {known}: be one of these, or name the broker "
                "with a user and password of your own (--broker)"
            )
        settings = BrokerSettings.from_url(self.broker, ca_file=Path(self.ca) if self.ca else None)
        return msgspec.structs.replace(
            settings, username=name, password=self.passwords[name], signing=self._signing_of(name)
        )

    def _signing_of(self, name: str) -> Signing:
        if self.roster is None:
            return UNSIGNED
        from hotline_services.runtime.signing import signing_from

        return signing_from(self.keys[name].encode() if name in self.keys else None, self.roster)

    @property
    def has_ended(self) -> bool:
        """Whether the process whose run this was is gone."""
        if self.pid is None:
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False


def read_run_file(data: Path) -> RunFile | None:
    """What the run file in this folder says; None without one, or when the run is over. Raises ValueError."""
    file = data / NAME
    try:
        found = msgspec.json.decode(read_bytes(file), type=RunFile)
        if found.ca is not None:
            found = msgspec.structs.replace(found, ca=str(data / found.ca))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ValueError(f"{file}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise ValueError(f"{file} is no run file: {error}; remove it, or name the broker with --broker") from error
    return None if found.has_ended else found


def write_run_file(data: Path, run: RunFile) -> Path:
    """Write it for its owner alone; returns where. Raises OSError."""
    file = data / NAME
    write_secret(file, run_file_text(run))
    return file


def run_file_text(run: RunFile) -> str:
    """The run file as it is written."""
    return msgspec.json.format(msgspec.json.encode(run), indent=2).decode() + "\n"
