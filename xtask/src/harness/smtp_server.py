"""A real SMTP server for tests: aiosmtpd with STARTTLS and with TLS from the first byte.

Prints `host:port,starttls port,certificate file` when it is ready and stops when its input ends.
Needs the packages aiosmtpd and cryptography.
"""

import datetime
import ipaddress
import ssl
import sys
import tempfile
import warnings
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOST = "127.0.0.1"
USER = b"cresset"
PASSWORD = b"correct horse"


def write_certificate(folder):
    """A key and a self-signed certificate for this machine, valid for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(HOST))]
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = Path(folder) / "certificate.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path = Path(folder) / "key.pem"
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, key_path)
    return path, context


def authenticate(_server, _session, _envelope, _mechanism, data):
    """Without `handled`, aiosmtpd itself answers 235 or 535."""
    good = data.login == USER and data.password == PASSWORD
    return AuthResult(success=good, handled=False)


class Handler:
    """Takes mail, but not for everybody."""

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if address.startswith("nobody@"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):
        if any(address.startswith("later@") for address in envelope.rcpt_tos):
            return "451 4.3.0 try later"
        if b"X-Cresset-Notification: " not in envelope.content:
            return "554 5.6.0 no notification"
        return "250 OK"


def free_port():
    import socket

    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def main():
    # With TLS from the first byte aiosmtpd does not know that the session is protected, and warns.
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        certificate, context = write_certificate(folder)
        common = {"hostname": HOST, "auth_required": True, "authenticator": authenticate}
        tls = Controller(
            Handler(), port=free_port(), ssl_context=context, auth_require_tls=False, **common
        )
        starttls = Controller(
            Handler(), port=free_port(), tls_context=context, require_starttls=True, **common
        )
        tls.start()
        starttls.start()
        print(f"{HOST}:{tls.port},{starttls.port},{certificate}", flush=True)
        sys.stdin.read()
        tls.stop()
        starttls.stop()


if __name__ == "__main__":
    main()
