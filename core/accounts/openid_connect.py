"""Sign-in by one OpenID Connect provider, which the operator configures (OIDC_… in the settings): the protocol.

The authorization code flow with PKCE, state and nonce (OpenID Connect Core 1.0 §3.1, RFC 7636, RFC 9207). Requests go
to the configured issuer's own host alone, or to hosts that the operator names; no redirect is followed, and nothing is
asked of an address that a person typed. What is in the ID token counts only with the issuer's signature.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import secrets
import ssl
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from core.web.absolute_urls import absolute_url
from core.web.errors import RuleViolation

CALLBACK = "account_sso_callback"
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
TIMEOUT = 5.0  # seconds
MAX_ANSWER = 256 * 1024  # bytes
KEPT_SECONDS = 600  # the provider's description and keys
BEGUN_SECONDS = 600  # from the button to the way back
CLOCKS_DIFFER = 60  # seconds

NOT_NOW = _("The sign-in service does not answer. Try again later, or sign in with your password.")
NOT_VALID = _("The sign-in service sent an answer that is not valid. Try again.")
GIVEN_UP = _("You were not signed in. Try again, or sign in with your password.")


@dataclass(frozen=True)
class Identity:
    """Who the provider says it is. `subject` is the provider's own name for the person, for life."""

    issuer: str
    subject: str
    email: str
    is_email_verified: bool
    name: str


@dataclass(frozen=True)
class Begun:
    """What a session keeps between the button and the way back."""

    state: str
    nonce: str
    verifier: str
    at: float


def is_configured() -> bool:
    return bool(settings.OIDC_ISSUER and settings.OIDC_CLIENT_ID)


def begin() -> tuple[str, Begun]:
    """Return the address to send the browser to, and what to keep in its session. Raises RuleViolation."""
    begun = Begun(
        secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48), time.time()
    )
    challenge = hashlib.sha256(begun.verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": settings.OIDC_CLIENT_ID,
        "redirect_uri": absolute_url(CALLBACK),
        "scope": settings.OIDC_SCOPES,
        "state": begun.state,
        "nonce": begun.nonce,
        "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    address = _own_address(_description()["authorization_endpoint"])
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(query)}", begun


def finish(begun: Begun | None, answer: dict[str, str]) -> Identity:
    """Return who signed in, from the parameters of the way back. Raises RuleViolation (codes: given_up, not_valid,
    not_now).
    """
    if begun is None or not secrets.compare_digest(answer.get("state", "").encode(), begun.state.encode()):
        raise RuleViolation("not_valid", NOT_VALID)
    if time.time() - begun.at > BEGUN_SECONDS:
        raise RuleViolation("given_up", GIVEN_UP)
    if answer.get("iss", settings.OIDC_ISSUER) != settings.OIDC_ISSUER:  # RFC 9207: another provider's answer
        raise RuleViolation("not_valid", NOT_VALID)
    if "error" in answer or not answer.get("code"):
        raise RuleViolation("given_up", GIVEN_UP)
    tokens = _exchange(answer["code"], begun.verifier)
    claims = _claims(str(tokens.get("id_token", "")), begun.nonce)
    if not claims.get("email") and tokens.get("access_token"):
        claims = _user_info(str(tokens["access_token"]), claims) | claims
    email = claims.get("email")
    names = (claims.get("given_name"), claims.get("family_name"))
    name = claims.get("name") or " ".join(one for one in names if isinstance(one, str))
    return Identity(
        issuer=settings.OIDC_ISSUER,
        subject=claims["sub"],
        email=email if isinstance(email, str) else "",
        is_email_verified=claims.get("email_verified", settings.OIDC_EMAIL_VERIFIED) is True,
        name=name if isinstance(name, str) else "",
    )


def _exchange(code: str, verifier: str) -> dict[str, Any]:
    endpoint = _own_address(_description()["token_endpoint"])
    body = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": absolute_url(CALLBACK),
        "code_verifier": verifier,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    client, secret = settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET
    if settings.OIDC_TOKEN_AUTH == "client_secret_post":  # noqa: S105
        body |= {"client_id": client, "client_secret": secret}
    elif settings.OIDC_TOKEN_AUTH == "client_secret_jwt":  # noqa: S105
        body |= {
            "client_id": client,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": _assertion(endpoint),
        }
    else:
        pair = f"{quote(client, safe='')}:{quote(secret, safe='')}"  # RFC 6749 §2.3.1
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    return _fetch(endpoint, urlencode(body).encode(), headers)


def _assertion(endpoint: str) -> str:
    """Return the client's signed statement of who it is (RFC 7523 §3)."""
    import jwt  # loaded by the first sign-in alone

    now = int(time.time())
    client = settings.OIDC_CLIENT_ID
    claims = {"iss": client, "sub": client, "aud": endpoint, "iat": now, "exp": now + 60}
    return jwt.encode(claims | {"jti": secrets.token_hex(16)}, settings.OIDC_CLIENT_SECRET, "HS256")


def _claims(token: str, nonce: str) -> dict[str, Any]:
    """Return what an ID token says, verified (OpenID Connect Core 1.0 §3.1.3.7)."""
    import jwt

    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            _key_of(token),
            algorithms=list(ALGORITHMS),
            audience=settings.OIDC_CLIENT_ID,
            issuer=settings.OIDC_ISSUER,
            leeway=CLOCKS_DIFFER,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
    except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
        raise RuleViolation("not_valid", NOT_VALID) from error
    party = claims.get("azp", settings.OIDC_CLIENT_ID)
    is_ours = party == settings.OIDC_CLIENT_ID and (claims["aud"] == party or claims["aud"] == [party])
    said = claims.get("nonce")
    is_asked_for = isinstance(said, str) and secrets.compare_digest(said.encode(), nonce.encode())
    subject = claims.get("sub")
    if not is_ours or not is_asked_for or not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise RuleViolation("not_valid", NOT_VALID)
    return claims


def _key_of(token: str) -> Any:
    """Return the provider's key that a token names; fetched again if it is not among those that are kept."""
    import jwt

    header = jwt.get_unverified_header(token)
    if header.get("alg") not in ALGORITHMS:
        raise ValueError("an algorithm that proves nothing")
    for is_fresh in (False, True):
        keys = jwt.PyJWKSet.from_dict(_kept("keys", "jwks_uri", is_fresh=is_fresh)).keys
        fitting = [
            key for key in keys if key.key_id == header.get("kid") and key.public_key_use in (None, "sig")
        ]
        if len(fitting) == 1:
            return fitting[0]
    raise ValueError("no such key")


def _user_info(access_token: str, claims: dict[str, Any]) -> dict[str, Any]:
    """Return what the provider says of the same person at its own address (OpenID Connect Core 1.0 §5.3)."""
    endpoint = _description().get("userinfo_endpoint")
    if not endpoint:
        return {}
    found = _fetch(_own_address(endpoint), None, {"Authorization": f"Bearer {access_token}"})
    if found.get("sub") != claims["sub"]:
        raise RuleViolation("not_valid", NOT_VALID)
    return found


def _description() -> dict[str, Any]:
    """Return the provider's description of itself (OpenID Connect Discovery 1.0)."""
    found = _kept("description", "")
    if found.get("issuer") != settings.OIDC_ISSUER:
        raise RuleViolation("not_valid", NOT_VALID)
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if not isinstance(found.get(name), str):
            raise RuleViolation("not_valid", NOT_VALID)
    return found


def _kept(name: str, endpoint: str, *, is_fresh: bool = False) -> dict[str, Any]:
    """Return a document of the provider, kept for some minutes."""
    key = f"oidc:{name}:{hashlib.sha256(settings.OIDC_ISSUER.encode()).hexdigest()}"
    found = None if is_fresh else cache.get(key)
    if found is None:
        issuer = settings.OIDC_ISSUER.rstrip("/")
        address = _description()[endpoint] if endpoint else f"{issuer}/.well-known/openid-configuration"
        found = _fetch(_own_address(address), None, {})
        cache.set(key, found, KEPT_SECONDS)
    return dict(found)


def _own_address(address: str) -> str:
    """Return the address if it is the issuer's or one of a host that the operator named. Raises RuleViolation."""
    parts, issuer = urlsplit(address), urlsplit(settings.OIDC_ISSUER)
    is_known = parts.netloc == issuer.netloc or parts.netloc in settings.OIDC_HOSTS
    if not is_known or parts.scheme != issuer.scheme or parts.username is not None:
        raise RuleViolation("not_valid", NOT_VALID)
    return address


def _fetch(address: str, body: bytes | None, headers: dict[str, str]) -> dict[str, Any]:
    """Return the JSON object that an address answers. Raises RuleViolation (codes: not_now, not_valid)."""
    parts = urlsplit(address)
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(parts.netloc, timeout=TIMEOUT, context=context)
    elif parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost"):
        connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT)
    else:
        raise RuleViolation("not_valid", NOT_VALID)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST" if body else "GET", path, body, {"Accept": "application/json", **headers})
        response = connection.getresponse()
        data = response.read(MAX_ANSWER + 1)
    except (OSError, http.client.HTTPException) as error:
        raise RuleViolation("not_now", NOT_NOW) from error
    finally:
        connection.close()
    if response.status >= 500:
        raise RuleViolation("not_now", NOT_NOW)
    try:
        found = json.loads(data) if response.status == 200 and len(data) <= MAX_ANSWER else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise RuleViolation("not_valid", NOT_VALID)
    return found
