"""Make the authority's certificate and those of Twilio's hosts."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_DAYS = 3650
HOST_DAYS = 90
_EARLY = timedelta(days=1)  # for clients whose clocks are behind
_DOMAINS = ("twilio.com", "twil.io")


def new_key() -> ec.EllipticCurvePrivateKey:
    """Make a private key."""
    return ec.generate_private_key(ec.SECP256R1())


def authority_certificate(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    """Make the authority's own certificate, good for Twilio's names and no others.

    Whoever trusts it trusts it for *.twilio.com and *.twil.io: name constraints rule out every
    other domain and all addresses.
    """
    constraints = x509.NameConstraints(
        permitted_subtrees=[x509.DNSName(domain) for domain in _DOMAINS],
        excluded_subtrees=[
            x509.IPAddress(ipaddress.ip_network(network)) for network in ("0.0.0.0/0", "::/0")
        ],
    )
    name = _name("Twilio emulator (this machine only)")
    builder = (
        _builder(name, name, key, now, timedelta(days=AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(constraints, critical=True)
    )
    return builder.sign(key, hashes.SHA256())


def host_certificate(
    host: str,
    key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    now: datetime,
) -> x509.Certificate:
    """Make the certificate of one host, signed by the authority."""
    # The name stands in the alternative names, which is where clients look; a common name is
    # limited to 64 characters.
    builder = (
        _builder(_name("Twilio emulator"), authority.subject, key, now, timedelta(days=HOST_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
    )
    return builder.sign(authority_key, hashes.SHA256())


def pem(*parts: x509.Certificate | ec.EllipticCurvePrivateKey) -> bytes:
    """Write certificates and keys as PEM, one after the other."""
    return b"".join(
        part.public_bytes(serialization.Encoding.PEM)
        if isinstance(part, x509.Certificate)
        else part.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        for part in parts
    )


def read_pair(content: bytes) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """Read a key and its certificate.

    Raises: ValueError when the content holds no such pair.
    """
    key = serialization.load_pem_private_key(content, password=None)
    certificate = x509.load_pem_x509_certificate(content)
    if isinstance(key, ec.EllipticCurvePrivateKey) and certificate.public_key() == key.public_key():
        return key, certificate
    raise ValueError("its key and its certificate are no pair of an elliptic curve")


def now() -> datetime:
    """Tell the machine's time: clients judge certificates by it, not by the emulator's clock."""
    return datetime.now(UTC)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    moment: datetime,
    length: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - _EARLY)
        .not_valid_after(moment + length)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )
