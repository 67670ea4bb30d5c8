"""How a command reaches the broker: from its options, from the environment, or from the run file of a run here."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import msgspec
from cyclopts import Parameter

from hotline_services.delivery.payloads import UNSIGNED, Signing
from hotline_services.runtime.tls import TlsError, context_of
from hotline_services.runtime.wire import BrokerSettings
from hotline_services.text_files import read_text

from .folders import data_folder
from .runfile import read_run_file

VARIABLE: Final = "HOTLINE_BROKER"
CA_VARIABLE: Final = "HOTLINE_CA"
CERT_VARIABLE: Final = "HOTLINE_CERT"
KEY_VARIABLE: Final = "HOTLINE_CERT_KEY"
PASSWORD_VARIABLE: Final = "HOTLINE_PASSWORD_FILE"  # noqa: S105  where it is found, not what it is
SIGNING_VARIABLE: Final = "HOTLINE_KEY"
ROSTER_VARIABLE: Final = "HOTLINE_ROSTER"
DEFAULT: Final = "mqtt://127.0.0.1:1883"


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Security:
    """Options of every command that connects to the broker.

    Parameters
    ----------
    ca
        For mqtts://: the certificate of the CA that signed the broker's, a PEM file; by default HOTLINE_CA of the
        environment, else the CAs of this system.
    cert
        For mqtts://: the client certificate to show, a PEM file; by default HOTLINE_CERT of the environment.
    cert_key
        The private key of that certificate; by default HOTLINE_CERT_KEY of the environment, else it is in the same
        file.
    password_file
        A file that holds the password of the user in the broker's address; by default HOTLINE_PASSWORD_FILE of the
        environment, for the address in HOTLINE_BROKER.
    key
        The private key (Ed25519, a PEM file) to sign with what is said; by default HOTLINE_KEY of the environment.
    roster
        The public keys of all, a TOML file: what is not signed by whom it names as its source is refused; by default
        HOTLINE_ROSTER of the environment.
    """

    ca: Path | None = None
    cert: Path | None = None
    cert_key: Path | None = None
    password_file: Path | None = None
    key: Path | None = None
    roster: Path | None = None


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Reach(Security):
    """Options of every tool that looks for a running stack.

    Parameters
    ----------
    data
        The folder of the run: where neither --broker nor HOTLINE_BROKER names a broker, that of its run file
        (run.json) is taken, with the password that stands there. By default HOTLINE_DATA of the environment, else var.
    """

    data: Path | None = None


FROM_ENVIRONMENT: Final = Security()
FROM_HERE: Final = Reach()


def tool_settings(address: str | None, reach: Reach, identity: str) -> BrokerSettings:
    """How a tool reaches the broker: as given, by HOTLINE_BROKER, by the run file as ``identity``, or on this machine.

    Raises ValueError with a sentence for the user.
    """
    return found_run(address, reach, identity) or broker_settings(address, reach)


def found_run(address: str | None, reach: Reach, identity: str) -> BrokerSettings | None:
    """The broker of the run file here, as ``identity``; None where a broker is named, or there is no run file.

    Raises ValueError.
    """
    if address or os.environ.get(VARIABLE):
        return None
    run = read_run_file(data_folder(reach.data))
    return _settled(run.settings_of(identity), reach) if run is not None else None


def broker_settings(address: str | None, security: Security = FROM_ENVIRONMENT) -> BrokerSettings:
    """As given, or from HOTLINE_BROKER, or on this machine; see :mod:`~.runtime.addresses`.

    Raises ValueError with a sentence for the user, also when a file of TLS is missing or does not fit.
    """
    usual = os.environ.get(VARIABLE) or DEFAULT
    settings = _settled(BrokerSettings.from_url(address or usual), security)
    # The environment's password is that of the user in the environment's address.
    return _with_password(settings, security, os.environ if address in {None, "", usual} else {})


def _settled(plain: BrokerSettings, security: Security) -> BrokerSettings:
    """These settings, with what the options or the environment say of TLS and signatures. Raises ValueError."""
    signing = signatures(security)
    return msgspec.structs.replace(
        _with_tls(plain, security, os.environ), signing=plain.signing if signing is UNSIGNED else signing
    )


def _with_tls(plain: BrokerSettings, security: Security, environment: Mapping[str, str]) -> BrokerSettings:
    if not plain.tls:
        named = [option for option in ("ca", "cert", "cert_key") if getattr(security, option)]
        if named:
            option = named[0].replace("_", "-")
            raise TlsError(f"--{option} is for TLS: write mqtts:// instead of mqtt:// in the broker's address")
        return plain
    secured = msgspec.structs.replace(
        plain,
        ca_file=security.ca or plain.ca_file or _file(environment, CA_VARIABLE),
        cert_file=security.cert or _file(environment, CERT_VARIABLE),
        key_file=security.cert_key or _file(environment, KEY_VARIABLE),
    )
    context_of(secured)  # reads the files: what is wrong with them is told before anything is done
    return secured


def _file(environment: Mapping[str, str], variable: str) -> Path | None:
    return Path(environment[variable]) if environment.get(variable) else None


def _with_password(plain: BrokerSettings, security: Security, environment: Mapping[str, str]) -> BrokerSettings:
    file = security.password_file or _file(environment, PASSWORD_VARIABLE)
    if file is None or plain.username is None or plain.password is not None:
        return plain
    try:
        return msgspec.structs.replace(plain, password=read_text(file).strip())
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"--password-file: {file}: {getattr(error, 'strerror', 'not UTF-8')}") from error


def signatures(security: Security, environment: Mapping[str, str] = os.environ) -> Signing:
    """What the options or the environment name to sign with and check by. Raises ValueError."""
    key = security.key or _file(environment, SIGNING_VARIABLE)
    roster = security.roster or _file(environment, ROSTER_VARIABLE)
    if key is None and roster is None:
        return UNSIGNED
    from hotline_services.runtime.signing import load_signing

    return load_signing(key, roster)


def address_with(settings: BrokerSettings) -> str:
    """The broker's address with user and password in it: for an environment, never for a command line."""
    address = str(settings)
    if settings.username is None:
        return address
    scheme, _, place = address.partition("://")
    password = "" if settings.password is None else f":{quote(settings.password, safe='')}"
    return f"{scheme}://{quote(settings.username, safe='')}{password}@{place}"
