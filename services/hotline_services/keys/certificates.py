"""A CA, and what it signs: X.509 certificates in PEM, with ECDSA keys on P-256. Pure but for the making of keys."""

import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CA_LIFE: Final = timedelta(days=3_650)
LIFE: Final = timedelta(days=825)  # the longest that common TLS libraries take for a server
SLACK: Final = timedelta(hours=1)  # certificates begin so much earlier: clocks of two machines differ
RENEWED: Final = timedelta(days=30)  # what has less than this left is made anew


class Pair(NamedTuple):
    """A certificate and its private key, both PEM."""

    cert: bytes
    key: bytes


def make_ca(name: str, now: datetime, life: timedelta = CA_LIFE) -> Pair:
    """A CA of this name, which signs itself and may sign end certificates only."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _named(name)
    built = (
        _begun(subject, subject, key.public_key(), now, life)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return _pair(built.sign(key, hashes.SHA256()), key)


def make_server(ca: Pair, names: Sequence[str], now: datetime, life: timedelta = LIFE) -> Pair:
    """A certificate for a server with these host names and IP addresses. Raises ValueError without any."""
    if not names:
        raise ValueError("a server's certificate needs at least one host name or address")
    alternatives = x509.SubjectAlternativeName([_general(name) for name in names])
    return _signed(ca, names[0], ExtendedKeyUsageOID.SERVER_AUTH, now, life, alternatives)


def make_client(ca: Pair, name: str, now: datetime, life: timedelta = LIFE) -> Pair:
    """A client certificate whose common name is this identity, as ``use_identity_as_username`` reads it."""
    return _signed(ca, name, ExtendedKeyUsageOID.CLIENT_AUTH, now, life, None)


def make_crl(ca: Pair, serials: Sequence[int], now: datetime) -> bytes:
    """The list of certificates of this CA that are no longer good, PEM. It is valid as long as the CA."""
    issuer, signer = _loaded(ca)
    built = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(now - SLACK)
        .next_update(now + CA_LIFE)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(x509.CRLNumber(len(serials)), critical=False)
    )
    for serial in serials:
        revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build()
        built = built.add_revoked_certificate(revoked)
    return built.sign(signer, hashes.SHA256()).public_bytes(Encoding.PEM)


def serial_of(cert: bytes) -> int:
    """The serial number of this certificate. Raises ValueError."""
    return x509.load_pem_x509_certificate(cert).serial_number


def names_of(cert: bytes) -> list[str]:
    """The host names and addresses that this certificate is for. Raises ValueError."""
    return sorted(_names_of(x509.load_pem_x509_certificate(cert)))


def is_current(pair: Pair, ca: bytes, now: datetime, names: Sequence[str] = ()) -> bool:
    """Whether this CA signed this certificate, the key is its own, and it is for ``names`` and good for 30 days yet."""
    try:
        shown, signer = x509.load_pem_x509_certificate(pair.cert), x509.load_pem_x509_certificate(ca)
        shown.verify_directly_issued_by(signer)
        key = load_pem_private_key(pair.key, password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != shown.public_key():
            return False
    except (ValueError, TypeError, InvalidSignature):
        return False
    if not shown.not_valid_before_utc <= now <= shown.not_valid_after_utc - RENEWED:
        return False
    return set(names) <= _names_of(shown)


def _names_of(cert: x509.Certificate) -> set[str]:
    try:
        held = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    addresses = {str(address) for address in held.get_values_for_type(x509.IPAddress)}
    return {*held.get_values_for_type(x509.DNSName), *addresses}


def _signed(
    ca: Pair,
    name: str,
    purpose: x509.ObjectIdentifier,
    now: datetime,
    life: timedelta,
    alternatives: x509.SubjectAlternativeName | None,
) -> Pair:
    issuer, signer = _loaded(ca)
    key = ec.generate_private_key(ec.SECP256R1())
    built = (
        _begun(_named(name), issuer.subject, key.public_key(), now, life)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if alternatives is not None:
        built = built.add_extension(alternatives, critical=False)
    return _pair(built.sign(signer, hashes.SHA256()), key)


def _loaded(ca: Pair) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    signer = load_pem_private_key(ca.key, password=None)
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise TypeError("the CA's key is not an ECDSA key")
    return x509.load_pem_x509_certificate(ca.cert), signer


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    serial = x509.random_serial_number()
    built = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key).serial_number(serial)
    return built.not_valid_before(now - SLACK).not_valid_after(now + life)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pair(cert: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Pair:
    written = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Pair(cert.public_bytes(Encoding.PEM), written)
