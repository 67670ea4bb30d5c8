"""TLS to the broker: the context of a connection, and one sentence about why there is none."""

import socket
import ssl
from pathlib import Path
from typing import Final

from .wire import BrokerSettings

PROBE_S: Final = 2.0

OTHER_CA: Final = frozenset({18, 19, 20, 21})
"""OpenSSL's codes for a chain that does not lead to a known CA."""
EXPIRED: Final = 10
NOT_YET_VALID: Final = 9
OTHER_NAME: Final = frozenset({62, 64})

_NOT_TLS: Final = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"})
_ALERTS: Final = {
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "the broker wants a client certificate: name it with --cert and --cert-key",
    "TLSV1_ALERT_UNKNOWN_CA": "the broker does not know the CA of the client certificate {cert}",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "the client certificate {cert} has expired",
    "SSLV3_ALERT_CERTIFICATE_REVOKED": "the client certificate {cert} has been revoked",
    "SSLV3_ALERT_BAD_CERTIFICATE": "the broker refuses the client certificate {cert}",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "the broker refuses the client certificate {cert}",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "the broker broke off the TLS handshake; perhaps it wants a client certificate",
}


class TlsError(ValueError):
    """The files of a TLS connection cannot be used; the message is one sentence for the user."""


def context_of(settings: BrokerSettings) -> ssl.SSLContext | None:
    """The TLS context for these settings; None for a plain connection. Reads the files anew. Raises TlsError."""
    if not settings.tls:
        return None
    context = _trusting(settings.ca_file)
    context.sslsocket_class = _ClosedWhenRefused
    if settings.cert_file is not None:
        _show_certificate(context, settings.cert_file, settings.key_file)
    elif settings.key_file is not None:
        raise TlsError("--cert-key: name the certificate of this key too, with --cert")
    return context


class _ClosedWhenRefused(ssl.SSLSocket):
    """A socket that closes when its handshake fails: paho leaves such a one open."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002  as the library has it
        """Shake hands, or close and raise OSError."""
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def trouble_with(settings: BrokerSettings) -> str | None:
    """Why no MQTT connection comes about here, if TLS is the reason. Blocking, for at most some seconds.

    Asked after a connection has failed. It makes a connection of its own, which it ends before saying anything of MQTT.
    """
    try:
        context = context_of(settings)
    except TlsError as error:
        return str(error)
    try:
        with socket.create_connection((settings.host, settings.port), timeout=PROBE_S) as plain:
            return _trouble_of_plain(plain) if context is None else _trouble_of_tls(plain, context, settings)
    except OSError:
        return None


def _trusting(ca_file: Path | None) -> ssl.SSLContext:
    if ca_file is None:
        return ssl.create_default_context()
    _readable("--ca", ca_file)
    try:
        return ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError as error:
        raise TlsError(f"--ca: {ca_file} holds no certificate in the PEM format") from error


def _show_certificate(context: ssl.SSLContext, cert: Path, key: Path | None) -> None:
    _readable("--cert", cert)
    if key is not None:
        _readable("--cert-key", key)
    holder = key or cert
    try:
        context.load_cert_chain(cert, key, password=_no_passphrase)
    except _PassphraseWantedError as error:
        raise TlsError(f"--cert-key: {holder} is protected by a passphrase: give a key without one") from error
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise TlsError(f"--cert-key: {holder} is not the key of the certificate in {cert}") from error
        raise TlsError(f"--cert: {cert} and {holder} do not hold a certificate and its key in PEM format") from error


class _PassphraseWantedError(Exception):
    """Whoever made the key has protected it."""


def _no_passphrase() -> str:
    raise _PassphraseWantedError


def _readable(option: str, file: Path) -> None:
    try:
        with file.open("rb"):
            return
    except OSError as error:
        raise TlsError(f"{option}: {file}: {error.strerror}") from error


def _trouble_of_plain(plain: socket.socket) -> str | None:
    """Only whether this port speaks TLS: then a plain connection is what is wrong."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    speaks_tls = "this port speaks TLS: write mqtts:// instead of mqtt://, and name the CA's certificate with --ca"
    try:
        with context.wrap_socket(plain):
            return speaks_tls
    except ssl.SSLEOFError:
        return None
    except ssl.SSLError as error:
        return speaks_tls if "ALERT" in (error.reason or "") else None


def _trouble_of_tls(plain: socket.socket, context: ssl.SSLContext, settings: BrokerSettings) -> str | None:
    no_tls = "this port does not speak TLS: name the broker's TLS port, or write mqtt:// instead of mqtts://"
    try:
        secured = context.wrap_socket(plain, server_hostname=settings.host)
    except ssl.SSLCertVerificationError as error:
        return _not_verified(error, settings)
    except (ssl.SSLEOFError, ConnectionResetError):
        return no_tls  # or a broker that says nothing when it refuses: they cannot be told apart
    except ssl.SSLError as error:
        return no_tls if error.reason in _NOT_TLS else _refused(error, settings)
    with secured:
        try:
            secured.recv(1)  # with TLS 1.3 the broker judges our certificate after the handshake
        except ssl.SSLError as error:
            return _refused(error, settings)
        except TimeoutError:
            return None  # the broker waits for us to begin: TLS is not the trouble
    return None


def _refused(error: ssl.SSLError, settings: BrokerSettings) -> str:
    alert = _ALERTS.get(error.reason or "")
    return alert.format(cert=settings.cert_file or "(none was shown)") if alert else f"TLS failed: {error.reason}"


def _not_verified(error: ssl.SSLCertVerificationError, settings: BrokerSettings) -> str:
    code = error.verify_code
    if code in OTHER_CA:
        known = f"the CA in {settings.ca_file}" if settings.ca_file else "any CA of this system; name its CA with --ca"
        return f"the broker's certificate is not from {known}"
    if code == EXPIRED:
        return "the broker's certificate has expired"
    if code == NOT_YET_VALID:
        return "the broker's certificate is not valid yet: compare the clocks of both machines"
    if code in OTHER_NAME:
        return f"the broker's certificate is for another name than {settings.host}"
    return f"the broker's certificate is refused: {error.verify_message}"
