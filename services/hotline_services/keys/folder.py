"""The folder of keys of a stack: who is who at its broker, and what each of them shows.

Each part of the folder is for one reader, and can be a volume of its own:

    ca/ca.crt ca.key revoked   the CA; its key makes others, and is read by nobody but `hotline keys make`
    broker/ca.crt              whose client certificates the broker takes
    broker/server.crt .key     what the broker shows
    broker/revoked.crl         client certificates that it takes no longer
    broker/passwords           the hashed passwords of people, as mosquitto reads them
    broker/probe.password      by which the broker's own health check asks
    NAME/ca.crt                whom this service trusts
    NAME/client.crt .key       what it shows: the certificate's common name is NAME
    NAME/probe.password        by which its health check asks the broker, as the user probe
    NAME/signing.key           what it signs its messages with
    NAME/roster.toml           the public parts of everybody's keys, by which it checks messages; also in people
    people/ca.crt              whom people's tools trust
    people/NAME.password       of each person: control, observer, us-desk, ...
    people/NAME.signing.key    what their tools sign with
    ca/others.toml             public keys of those who keep their own to themselves; written by hand, if at all

Making it again makes what is missing, what expires within 30 days and what is asked to be renewed, and leaves the rest.
"""

import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from hotline_protocol.names import PROBE
from hotline_services.runtime.signing import FORMER
from hotline_services.text_files import read_text
from hotline_services.whole import write_secret

from .certificates import Pair, is_current, make_ca, make_client, make_crl, make_server, names_of, serial_of
from .passwords import new_password, password_file, sound_password
from .signing import KEY, OTHERS, ROSTER, is_key, new_key, roster_of, with_former

CA, BROKER, PEOPLE = "ca", "broker", "people"
THIS_MACHINE: Final = ("localhost", "127.0.0.1", "::1")
OWN: Final = frozenset({CA, BROKER, PEOPLE})
"""Parts of the folder that no identity may be called."""


class KeysError(Exception):
    """The folder cannot be made or read; the message is a sentence for the user."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Who is to be in the folder: ``services`` with certificates, ``people`` with passwords.

    ``server_names`` are those by which the broker is reached; without any, those that its certificate is for count.
    ``given`` are passwords that are not to be made at random. ``renew`` names whose keys are to be made anew. With
    ``readable``, whoever sees a file may read it: for volumes that one container each sees.
    """

    services: Sequence[str]
    people: Sequence[str]
    server_names: Sequence[str]
    given: Mapping[str, str] = {}
    renew: frozenset[str] = frozenset()
    readable: bool = False


class Files(NamedTuple):
    """Files of one part of the folder, by name."""

    secret: Mapping[str, bytes]
    public: Mapping[str, bytes]


def identity_folder(name: str, ca: Pair, probe_password: str, now: datetime) -> Files:
    """What a service of this name gets. Pure but for the making of keys: to be extended by further kinds of keys."""
    shown = make_client(ca, name, now)
    return Files(
        secret={"client.key": shown.key, "probe.password": _line(probe_password)},
        public={"ca.crt": ca.cert, "client.crt": shown.cert},
    )


def make_missing(folder: Path, wanted: Wanted, now: datetime) -> list[str]:
    """Make what is missing or due; returns what was made, a line each, without any secret. Raises KeysError."""
    try:
        return _Maker(folder, wanted, now).make()
    except OSError as error:
        raise KeysError(f"{error.filename}: {error.strerror}") from error
    except ValueError as error:
        raise KeysError(str(error)) from error


def passwords_in(people: Path) -> dict[str, str]:
    """The passwords in the part of the folder that is for people, by name. Raises KeysError."""
    try:
        files = sorted(people.glob("*.password"))
        return {file.name.removesuffix(".password"): read_text(file).strip() for file in files}
    except OSError as error:
        raise KeysError(f"{error.filename}: {error.strerror}") from error


class _Maker:
    """Makes one folder, once."""

    def __init__(self, folder: Path, wanted: Wanted, now: datetime) -> None:
        self._folder = folder
        self._wanted = wanted
        self._now = now
        self._made: list[str] = []

    def make(self) -> list[str]:
        for name in (*self._wanted.services, *self._wanted.people):
            if name in OWN:
                raise ValueError(f"{name} is a part of the folder of keys: no identity may be called so")
        unknown = self._wanted.renew - {*self._wanted.services, *self._wanted.people, BROKER}
        if unknown:
            raise ValueError(f"{', '.join(sorted(unknown))}: nobody of that name has keys here")
        ca = self._authority()
        self._make_server(ca)
        passwords = {name: self._password(name) for name in (*self._wanted.people, PROBE)}
        for name in self._wanted.services:
            self._make_service(name, ca, passwords[PROBE])
        self._make_people(ca)
        self._make_signing()
        self._tell_broker(ca, passwords)
        return self._made

    def _authority(self) -> Pair:
        cert, key = self._read(CA, "ca.crt"), self._read(CA, "ca.key")
        if cert is not None and key is not None:
            return Pair(cert, key)
        made = make_ca("Hotline exercise CA", self._now)
        self._write(CA, Files(secret={"ca.key": made.key}, public={"ca.crt": made.cert}))
        self._made.append("the CA")
        return made

    def _make_server(self, ca: Pair) -> None:
        held = self._read(BROKER, "server.crt")
        names = self._wanted.server_names or (names_of(held) if held else THIS_MACHINE)
        key = self._read(BROKER, "server.key")
        current = held is not None and key is not None and is_current(Pair(held, key), ca.cert, self._now, names)
        if current and BROKER not in self._wanted.renew:
            return
        shown = make_server(ca, names, self._now)
        public = {"ca.crt": ca.cert, "server.crt": shown.cert}
        self._write(BROKER, Files(secret={"server.key": shown.key}, public=public))
        self._made.append(f"the broker's certificate, for {', '.join(names)}")

    def _make_service(self, name: str, ca: Pair, probe_password: str) -> None:
        held = self._read(name, "client.crt")
        key = self._read(name, "client.key")
        current = held is not None and key is not None and is_current(Pair(held, key), ca.cert, self._now)
        if current and name not in self._wanted.renew:
            self._write(name, Files(secret={"probe.password": _line(probe_password)}, public={}))
            return
        if held is not None:
            self._revoke(held)
        self._write(name, identity_folder(name, ca, probe_password, self._now))
        self._made.append(f"the certificate of {name}")

    def _revoke(self, cert: bytes) -> None:
        revoked = (self._read(CA, "revoked") or b"").decode()
        with contextlib.suppress(ValueError):  # what is no certificate lets nobody in
            self._write(CA, Files(secret={"revoked": f"{revoked}{serial_of(cert)}\n".encode()}, public={}))

    def _password(self, name: str) -> str:
        where, file = (BROKER, "probe.password") if name == PROBE else (PEOPLE, f"{name}.password")
        held = self._read(where, file)
        given = self._wanted.given.get(name)
        if given:
            password = sound_password(name, given)
        elif held is not None and name not in self._wanted.renew:
            password = held.decode().strip()
        else:
            password = new_password()
        if held is None or held.decode().strip() != password:
            self._write(where, Files(secret={file: _line(password)}, public={}))
            self._made.append(f"the password of {name}")
        return password

    def _make_people(self, ca: Pair) -> None:
        self._write(PEOPLE, Files(secret={}, public={"ca.crt": ca.cert}))
        for kind in (".password", f".{KEY}"):
            for file in (self._folder / PEOPLE).glob(f"*{kind}"):
                if file.name.removesuffix(kind) not in self._wanted.people:
                    file.unlink()

    def _make_signing(self) -> None:
        """A key for each, and for all the roster of its public parts, and of those of former keys."""
        places = {name: (name, KEY) for name in self._wanted.services}
        places |= {name: (PEOPLE, f"{name}.{KEY}") for name in self._wanted.people}
        held: dict[str, bytes] = {}
        for name, (part, file) in places.items():
            key = self._read(part, file)
            if key is None or not is_key(key) or name in self._wanted.renew:
                if key is not None and is_key(key):
                    retired = with_former(self._read(CA, FORMER), name, key)
                    self._write(CA, Files(secret={}, public={FORMER: retired}))
                key = new_key()
                self._write(part, Files(secret={file: key}, public={}))
                self._made.append(f"the signing key of {name}")
            held[name] = key
        public = {ROSTER: roster_of(held, self._read(CA, OTHERS))}
        if (former := self._read(CA, FORMER)) is not None:
            public[FORMER] = former
        for part in (*self._wanted.services, PEOPLE):
            self._write(part, Files(secret={}, public=public))

    def _tell_broker(self, ca: Pair, passwords: Mapping[str, str]) -> None:
        revoked = [int(serial) for serial in (self._read(CA, "revoked") or b"").split()]
        public = {"revoked.crl": make_crl(ca, revoked, self._now)}
        self._write(BROKER, Files(secret={"passwords": password_file(passwords).encode()}, public=public))

    def _read(self, part: str, name: str) -> bytes | None:
        file = self._folder / part / name
        return file.read_bytes() if file.exists() else None

    def _write(self, part: str, files: Files) -> None:
        where = self._folder / part
        if not where.exists():
            where.mkdir(parents=True, mode=0o755 if self._wanted.readable else 0o700)
        for name, content in files.secret.items():
            write_secret(where / name, content, 0o644 if self._wanted.readable and part != CA else 0o600)
        for name, content in files.public.items():
            write_secret(where / name, content, 0o644)


def _line(password: str) -> bytes:
    return f"{password}\n".encode()
