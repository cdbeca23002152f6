"""A small OpenID Connect provider on loopback, which tells what it is told to tell: OpenID Connect Core 1.0 §3.1."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "city-labs", "a secret of the client, long enough to sign"


@dataclass
class Provider:
    """What it says of whoever signs in (`person`), how it signs, and what it was asked."""

    issuer: str = ""
    # As EU Login: no `email_verified`, the name in two parts.
    person: dict[str, Any] = field(default_factory=dict)
    # Claims in place of those that are right; None leaves one out.
    wrong: dict[str, Any] = field(default_factory=dict)
    description: dict[str, Any] = field(default_factory=dict)
    user_info: dict[str, Any] | None = None
    algorithm: str = "RS256"
    signs_with: Any = None
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    status: int = 200

    def __post_init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def authorize(self, address: str) -> dict[str, str]:
        """Sign somebody in who was sent to this address; return the parameters of the way back."""
        query = dict(parse_qsl(urlsplit(address).query))
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return {"code": code, "state": query["state"], "iss": self.issuer}

    def id_token(self, query: dict[str, str]) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": query["client_id"], "iat": now, "exp": now + 300}
        claims |= {"nonce": query["nonce"], **self.person, **self.wrong}
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(claims, self.signs_with or self.key, self.algorithm, headers={"kid": "one"})

    def answer(self, path: str, body: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """Return what an address answers; None for a refusal."""
        if path == "/idp/.well-known/openid-configuration":
            names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
            found = {name: f"{self.issuer}/{end}" for name, end in names.items()}
            found |= {"issuer": self.issuer, "userinfo_endpoint": f"{self.issuer}/userinfo"}
            return found | self.description
        if path == "/idp/keys":
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
            return {"keys": [public | {"kid": "one", "use": "sig", "alg": "RS256"}]}
        if path == "/idp/userinfo":
            return self.user_info if authorization == "Bearer access" else None
        if path == "/idp/token" and self.is_client(body, authorization):
            query = self.codes.pop(body["code"], None)  # once
            proof = base64.urlsafe_b64encode(hashlib.sha256(body["code_verifier"].encode()).digest())
            if query and query["code_challenge"] == proof.rstrip(b"=").decode():
                return {"id_token": self.id_token(query), "access_token": "access", "token_type": "Bearer"}
        return None

    def is_client(self, body: dict[str, str], authorization: str) -> bool:
        """Tell whether the client proves who it is, in one of three ways."""
        if assertion := body.get("client_assertion"):
            said = jwt.decode(assertion, SECRET, ["HS256"], audience=f"{self.issuer}/token", issuer=CLIENT)
            return bool(said["sub"] == CLIENT)
        if authorization.startswith("Basic "):
            pair = base64.b64decode(authorization.removeprefix("Basic ")).decode()
            return [unquote(one) for one in pair.split(":")] == [CLIENT, SECRET]
        return (body.get("client_id"), body.get("client_secret")) == (CLIENT, SECRET)


@contextmanager
def running_provider() -> Iterator[Provider]:
    """Serve a provider on a free port of loopback."""
    provider = Provider(
        person={
            "sub": "nmariade",
            "email": "maria@example.org",
            "given_name": "Maria",
            "family_name": "Demo",
        }
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
            provider.asked.append(self.path)
            found = provider.answer(self.path, body, self.headers.get("Authorization", ""))
            self.send_response(provider.status if found is not None else 400)
            self.send_header("Content-Type", "application/json")
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.end_headers()
            self.wfile.write(json.dumps(found or {"error": "invalid_request"}).encode())

        do_POST = do_GET

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_address[1]}/idp"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()


def back(answer: dict[str, str]) -> str:
    """Return the path of the way back with these parameters."""
    return f"/accounts/sso/callback/?{urlencode(answer)}"
