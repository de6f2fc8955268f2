"""The example server, and what a client needs to be its user.

Needs the example to be built: cargo build -p onboarding.
"""

import base64
import hashlib
import http.client
import json
import os
import secrets
import signal
import subprocess
import tempfile
import threading
import time
import unittest
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from dfns_sdk import DfnsClient, DfnsClientConfig, DfnsDelegatedClient, DfnsDelegatedClientConfig, KeySigner

TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or Path(__file__).parents[3] / "target")

KINDS_OF_KEY = {
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "secp256k1": lambda: ec.generate_private_key(ec.SECP256K1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "RSA-2048": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
}


class Example:
    """The example on a free port, in a process of its own."""

    def __init__(self, *flags):
        self._folder = tempfile.TemporaryDirectory(prefix="onboarding-")
        setup = Path(self._folder.name) / "setup.json"
        arguments = ["--port", "0", "--setup-file", setup, "--relaxed-limits", *flags]
        self._process = subprocess.Popen([TARGET / "debug/onboarding", *arguments], stdout=subprocess.DEVNULL)
        try:
            self._wait_for(setup)
            self.setup = json.loads(setup.read_text())
        except BaseException:
            self._process.kill()
            self._process.wait()
            self._folder.cleanup()
            raise

    def _wait_for(self, setup):
        # The server listens before it writes the file. The file appears whole.
        deadline = time.monotonic() + 30
        while not setup.exists():
            if self._process.poll() is not None:
                raise AssertionError(f"the example ended with {self._process.returncode}")
            if time.monotonic() > deadline:
                raise AssertionError("the example did not start")
            time.sleep(0.02)

    def stop(self):
        """Stops this process alone, by asking it to end."""
        self._process.send_signal(signal.SIGINT)
        try:
            code = self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._folder.cleanup()
        assert code == 0, f"Ctrl-C ends the server cleanly, and not with {code}"


class TestCase(unittest.TestCase):
    """Tests against an example of their own, as published clients expect it."""

    @classmethod
    def setUpClass(cls):
        example = Example("--approval", "none")
        cls.addClassCleanup(example.stop)
        cls.setup = example.setup

    def client(self, signer=None, token=None, base=None):
        """Returns a client that signs with `signer`, or not at all."""
        token, base = token or self.setup["token"], base or self.setup["base"]
        client = DfnsClient(DfnsClientConfig(auth_token=token, base_url=base, signer=signer))
        self.addCleanup(client.close)
        return client

    def seeded(self, **options):
        """Returns a client that signs with the key that the user has from the beginning."""
        return self.client(self.seeded_signer(), **options)

    def delegated(self):
        """Returns a client that leaves the signing to others."""
        config = DfnsDelegatedClientConfig(auth_token=self.setup["token"], base_url=self.setup["base"])
        client = DfnsDelegatedClient(config)
        self.addCleanup(client.close)
        return client

    def seeded_signer(self):
        return KeySigner(self.setup["credId"], self.setup["privateKey"])

    def create(self, dfns, name="A new key", kind="P-256"):
        """Adds a key by `dfns` without a code. Returns the key and its credential."""
        key = NewKey(kind)
        challenge = dfns.auth.create_credential_challenge({"kind": "Key"})
        return key, dfns.auth.create_credential(key.answer(challenge, name))

    def listed(self, dfns, credential):
        """Returns the credential as the user's list has it, or nothing."""
        items = dfns.auth.list_credentials()["items"]
        found = [item for item in items if item["credentialUuid"] == credential["credentialUuid"]]
        return found[0] if found else None


class NewKey:
    """A key pair that answers a challenge. The SDK leaves that to its callers."""

    def __init__(self, kind="P-256"):
        self._private = KINDS_OF_KEY[kind]()
        self._id = base64url(secrets.token_bytes(32))

    def answer(self, challenge, name="A new key"):
        """Returns the body that registers this key."""
        spki = serialization.PublicFormat.SubjectPublicKeyInfo
        pem = self._private.public_key().public_bytes(serialization.Encoding.PEM, spki).decode()
        client_data = compact({"type": "key.create", "challenge": challenge["challenge"]})
        fingerprint = compact({"clientDataHash": hashlib.sha256(client_data).hexdigest(), "publicKey": pem})
        signature = self._sign(fingerprint).hex()
        attestation = compact({"publicKey": pem, "signature": signature, "algorithm": "SHA256"})
        return {
            "credentialKind": "Key",
            "credentialName": name,
            "challengeIdentifier": challenge["challengeIdentifier"],
            "credentialInfo": {
                "credId": self._id,
                "clientData": base64url(client_data),
                "attestationData": base64url(attestation),
            },
        }

    def signer(self):
        """Returns the SDK's signer of user actions, with this key."""
        form, encryption = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        pem = self._private.private_bytes(serialization.Encoding.PEM, form, encryption)
        return KeySigner(self._id, pem.decode())

    def _sign(self, data):
        match self._private:
            case ed25519.Ed25519PrivateKey():
                return self._private.sign(data)
            case rsa.RSAPrivateKey():
                return self._private.sign(data, padding.PKCS1v15(), hashes.SHA256())
            case _:
                return self._private.sign(data, ec.ECDSA(hashes.SHA256()))


def in_a_minute():
    return (datetime.now(timezone.utc) + timedelta(seconds=60)).isoformat()


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode()


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(challenge, signer):
    """Returns the body that a delegated client sends once somebody else has signed."""
    return {"challengeIdentifier": challenge["challengeIdentifier"], "firstFactor": signer.sign(challenge)}


@dataclass(frozen=True)
class Sent:
    """One request, as it came over the wire."""

    method: str
    path: str
    headers: http.client.HTTPMessage
    body: bytes


class Recorder:
    """A proxy before the example, under its own path. It keeps the requests of the SDK."""

    PATH = "/behind/a/proxy"

    def __init__(self, base):
        self.sent = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(urlsplit(base)))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.base = f"http://127.0.0.1:{self._server.server_port}{self.PATH}"

    def _handler(self, upstream):
        sent = self.sent

        class Handler(BaseHTTPRequestHandler):
            def forward(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                sent.append(Sent(self.command, self.path, self.headers, body))
                headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
                connection = http.client.HTTPConnection(upstream.hostname, upstream.port, timeout=30)
                connection.request(self.command, self.path.removeprefix(Recorder.PATH), body or None, headers)
                answer = connection.getresponse()
                content = answer.read()
                connection.close()
                self.send_response(answer.status)
                self.send_header("content-type", answer.headers["content-type"])
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_DELETE = do_GET = do_POST = do_PUT = forward

            def log_message(self, *_):
                pass

        return Handler

    def stop(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
