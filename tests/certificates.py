"""Certificates for a server on this machine: one authority, and what can be wrong."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Authority:
    """Issues certificates that a context of `trusting` takes for true."""

    def __init__(self, folder: Path, name: str = "Authority of this test") -> None:
        self._folder, self.name = folder, name
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._sign(_name(name), self._key.public_key(), is_ca=True)

    def trusting(self) -> ssl.SSLContext:
        """A client's context that knows this authority and no other."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        pem = self.certificate.public_bytes(serialization.Encoding.PEM)
        context.load_verify_locations(cadata=pem.decode())
        return context

    def server(
        self,
        host: str = "127.0.0.1",
        days: tuple[int, int] = (-1, 1),
        *,
        is_self_signed: bool = False,
    ) -> ssl.SSLContext:
        """A server's context, valid for `host` from the first day to the second."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        path = self.server_file(host, days, is_self_signed=is_self_signed)
        context.load_cert_chain(path)
        return context

    def server_file(
        self,
        host: str = "127.0.0.1",
        days: tuple[int, int] = (-1, 1),
        *,
        is_self_signed: bool = False,
    ) -> Path:
        """The same as a file: a server's key and its certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._sign(
            _name(host),
            key.public_key(),
            host=host,
            days=days,
            signer=key if is_self_signed else None,
        )
        path = self._folder / f"{len(list(self._folder.iterdir()))}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + made.public_bytes(serialization.Encoding.PEM)
        )
        return path

    def _sign(
        self, subject, public, *, host=None, days=(-1, 1), is_ca=False, signer=None
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject if signer else _name(self.name))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + timedelta(days=days[0]))
            .not_valid_after(now + timedelta(days=days[1]))
            .add_extension(x509.BasicConstraints(is_ca, None), critical=True)
            # Without them a default context believes none.
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(public), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    (signer or self._key).public_key()
                ),
                critical=False,
            )
        )
        if host is not None:
            try:
                other = x509.IPAddress(ipaddress.ip_address(host))
            except ValueError:
                other = x509.DNSName(host)
            names = x509.SubjectAlternativeName([other])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(signer or self._key, hashes.SHA256())
