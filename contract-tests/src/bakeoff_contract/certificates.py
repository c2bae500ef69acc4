"""Certificates for a server of a test's own: one that is right, and those that must be refused."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)
# An authority may sign, and do nothing else.
_SIGNS = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A server's certificate and the key to it, as PEM."""

    certificate: bytes
    key: bytes


class Authority:
    """Signs certificates; whoever trusts `pem` trusts them."""

    def __init__(self, name: str) -> None:
        """`name` is the authority's common name."""
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _common_name(name)
        self._certificate = (
            _builder(self._name, issuer=self._name, key=self._key, days=(-1, 1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_SIGNS, critical=True)
            .sign(self._key, SHA256())
        )
        self.pem = self._certificate.public_bytes(Encoding.PEM)

    def write(self, file: Path) -> Path:
        """Write the certificate of the authority, for those who trust it."""
        file.write_bytes(self.pem)
        return file

    def sign(self, host: str, *, days: tuple[int, int] = (-1, 1)) -> Certificate:
        """Sign a certificate for a host name or an IP address.

        It is good from the first to the second of `days`, counted from now.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        certificate = (
            _builder(_common_name(host), issuer=self._name, key=key, days=days)
            .add_extension(_names(host), critical=False)
            .add_extension(issuer, critical=False)
            .sign(self._key, SHA256())
        )
        return _pair(certificate, key)


def self_signed(host: str) -> Certificate:
    """A certificate with the right name in it, which nobody but its owner has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _common_name(host)
    certificate = (
        _builder(name, issuer=name, key=key, days=(-1, 1))
        .add_extension(_names(host), critical=False)
        .sign(key, SHA256())
    )
    return _pair(certificate, key)


def _builder(
    subject: x509.Name,
    *,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    days: tuple[int, int],
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + days[0] * DAY)
        .not_valid_after(now + days[1] * DAY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _names(host: str) -> x509.SubjectAlternativeName:
    try:
        return x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
    except ValueError:
        return x509.SubjectAlternativeName([x509.DNSName(host)])


def _pair(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Certificate:
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Certificate(certificate.public_bytes(Encoding.PEM), secret)
