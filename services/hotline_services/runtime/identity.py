"""Who we are to the broker."""

from cryptography import x509
from cryptography.x509.oid import NameOID

from .wire import BrokerSettings


def identity_of(settings: BrokerSettings) -> str | None:
    """The name by which the broker knows us: the user's, or that of the client certificate; None when it asks none."""
    if settings.username is not None or not settings.tls or settings.cert_file is None:
        return settings.username
    try:
        certificate = x509.load_pem_x509_certificate(settings.cert_file.read_bytes())
    except (OSError, ValueError):
        return None  # connecting tells what is wrong with it
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else None
