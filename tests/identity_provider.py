"""A small OpenID Connect provider on a loopback port, for tests of the organisation's sign-in.

It signs whoever is named in `person` in at once, without asking anything.
"""

import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID = "quorum"
CLIENT_SECRET = "the provider's secret of the tests"


@dataclass
class IdentityProvider:
    """Where it is, and the claims about the person who signs in next."""

    url: str = ""
    person: dict[str, Any] = field(default_factory=dict)
    _key: Any = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    _codes: dict[str, str] = field(default_factory=dict)  # code: nonce

    def identity_token(self, **claims: Any) -> str:
        """As its token endpoint hands it out."""
        now = int(time.time())
        usual = {"iss": self.url, "aud": CLIENT_ID, "sub": "person", "iat": now, "exp": now + 300}
        return jwt.encode(
            {**usual, **self.person, **claims}, self._key, "RS256", headers={"kid": "tests"}
        )

    def get(self, path: str, query: dict[str, list[str]]) -> tuple[int, dict[str, Any] | str]:
        """The answer: a document, or the address to go on to."""
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/jwks",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
            }
        if path == "/jwks":
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
            return 200, {"keys": [{**public, "kid": "tests", "use": "sig", "alg": "RS256"}]}
        if path == "/authorize" and query["client_id"] == [CLIENT_ID]:
            code = secrets.token_urlsafe()
            self._codes[code] = query["nonce"][0]
            back = urlencode({"code": code, "state": query["state"][0]})
            return 302, f"{query['redirect_uri'][0]}?{back}"
        return 404, {}

    def token(self, asked: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        """Swaps a code, once, for tokens."""
        nonce = self._codes.pop(asked["code"][0], None)
        if nonce is None:
            return 400, {"error": "invalid_grant"}
        return 200, {
            "access_token": secrets.token_urlsafe(),
            "token_type": "Bearer",
            "expires_in": 300,
            "id_token": self.identity_token(nonce=nonce),
        }


@contextmanager
def running_provider() -> Iterator[IdentityProvider]:
    """A provider that answers until the end."""
    provider = IdentityProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            place = urlsplit(self.path)
            self._send(*provider.get(place.path, parse_qs(place.query)))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            self._send(*provider.token(parse_qs(body)))

        def _send(self, status: int, answer: dict[str, Any] | str) -> None:
            body = b"" if isinstance(answer, str) else json.dumps(answer).encode()
            self.send_response(status)
            if isinstance(answer, str):
                self.send_header("Location", answer)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
