"""Real servers for tests: aiosmtpd with STARTTLS and with TLS from the first byte, and an HTTPS server.

Prints `host:port,starttls port,https port,certificate file,mail folder` when it is ready and stops when
its input ends. Each mail that it takes is a file of the folder. Needs the packages aiosmtpd and
cryptography.
"""

import datetime
import ipaddress
import ssl
import sys
import tempfile
import threading
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOST = "127.0.0.1"
USER = b"cresset"
PASSWORD = b"correct horse"
# Everybody else is refused at once, one of them with every mail.
KNOWN = {"soc@example.org", "b@example.org", "later@example.org"}


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

    def __init__(self, folder):
        self.folder = folder

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if address not in KNOWN:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):
        if any(address.startswith("later@") for address in envelope.rcpt_tos):
            return "451 4.3.0 try later"
        if b"X-Cresset-Notification: " not in envelope.content:
            return "554 5.6.0 no notification"
        with tempfile.NamedTemporaryFile(dir=self.folder, suffix=".eml", delete=False) as mail:
            mail.write(envelope.content)
        return "250 OK"


class Hook(BaseHTTPRequestHandler):
    """Takes every notification."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(204 if self.headers["webhook-id"] else 400)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def start_https(context, host, port):
    server = ThreadingHTTPServer((host, port), Hook)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


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
        mails = Path(folder) / "mails"
        mails.mkdir()
        common = {"hostname": HOST, "auth_required": True, "authenticator": authenticate}
        tls = Controller(
            Handler(mails), port=free_port(), ssl_context=context, auth_require_tls=False, **common
        )
        starttls = Controller(
            Handler(mails), port=free_port(), tls_context=context, require_starttls=True, **common
        )
        tls.start()
        starttls.start()
        https = start_https(context, HOST, 0)
        # The same under an address that the certificate does not have.
        stranger = start_https(context, "127.0.0.2", https.server_port)
        ports = f"{tls.port},{starttls.port},{https.server_port}"
        print(f"{HOST}:{ports},{certificate},{mails}", flush=True)
        sys.stdin.read()
        https.shutdown()
        stranger.shutdown()
        tls.stop()
        starttls.stop()


if __name__ == "__main__":
    main()
