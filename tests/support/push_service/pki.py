"""A throw-away certificate authority, so that the double answers under the real push services' names over real TLS."""

import base64
import datetime as dt
import ipaddress
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = dt.timedelta(days=1)


class Authority:
    """One CA and one server certificate for all `names` (host names, `*.` wildcards and IP addresses).

    `directory` then holds ca.pem, cert.pem and key.pem; nothing of it is meant to outlive a test run.
    """

    def __init__(self, directory: Path, names: list[str]) -> None:
        self.ca_file = directory / "ca.pem"
        self._cert_file, self._key_file = directory / "cert.pem", directory / "key.pem"
        ca_key, self._key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        ca = _ca_certificate(ca_key)
        leaf = _server_certificate(self._key, ca, ca_key, names)
        self.ca_file.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
        self._cert_file.write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
        self._key_file.write_bytes(
            self._key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )

    def server_context(self, *alpn: str) -> ssl.SSLContext:
        """Return a server side TLS context that offers the ALPN protocols, the preferred one first."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._cert_file, self._key_file)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context

    def client_context(self, *alpn: str) -> ssl.SSLContext:
        """Return a client side TLS context that trusts this CA alone."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context

    @property
    def spki_hash(self) -> str:
        """Base64 SHA-256 of the server key, for Chromium's --ignore-certificate-errors-spki-list."""
        digest = hashes.Hash(hashes.SHA256())
        digest.update(
            self._key.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )
        return base64.b64encode(digest.finalize()).decode()


def _builder(common_name: str, issuer: x509.Name | None, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + 30 * DAY)
    )


def _ca_certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    usage = x509.KeyUsage(
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
    return (
        _builder("push service double CA", None, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _server_certificate(
    key: ec.EllipticCurvePrivateKey,
    ca: x509.Certificate,
    ca_key: ec.EllipticCurvePrivateKey,
    names: list[str],
) -> x509.Certificate:
    issuer_key_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    return (
        _builder("push service double", ca.subject, key)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(issuer_key_id, critical=False)
        .sign(ca_key, hashes.SHA256())
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
