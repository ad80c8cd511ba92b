"""Authlib set up as an application's author would: metadata by discovery, tokens verified against the published keys."""

from typing import Any

import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from script import REQUEST_TIMEOUT_SECS, ensure

ALGORITHMS = ["RS256", "ES256", "EdDSA", "Ed25519"]


def discover(issuer: str) -> dict[str, Any]:
    reply = requests.get(f"{issuer}/.well-known/openid-configuration", timeout=REQUEST_TIMEOUT_SECS)
    ensure(reply.status_code == 200, f"discovery answered {reply.status_code}", reply.text)
    metadata = reply.json()
    ensure(metadata["issuer"] == issuer, "discovery names another issuer", metadata["issuer"])
    return metadata


def session(values: dict[str, Any], metadata: dict[str, Any]) -> OAuth2Session:
    """A client session that proves itself as `values` says: secret (basic or post), private key, or nothing."""
    options: dict[str, Any] = {
        "client_id": values["client_id"],
        "client_secret": values.get("client_secret"),
        "scope": values.get("scope"),
        "redirect_uri": values.get("redirect_uri"),
        "token_endpoint": metadata["token_endpoint"],
        "code_challenge_method": "S256",
        "token_endpoint_auth_method": values.get("token_endpoint_auth_method", "client_secret_basic"),
    }
    if values.get("private_key_jwk"):
        key = values["private_key_jwk"]
        kind = {"EC": ECKey, "RSA": RSAKey}[key["kty"]]
        options |= {"client_secret": kind.import_key(key), "token_endpoint_auth_method": "private_key_jwt"}
        client = OAuth2Session(**options)
        client.register_client_auth_method(PrivateKeyJWT(metadata["token_endpoint"], headers={"kid": key["kid"]}, alg=key["alg"]))
        return client
    if not values.get("client_secret"):
        options["token_endpoint_auth_method"] = "none"
    return OAuth2Session(**options)


def verify(token: str, metadata: dict[str, Any], **claims: Any) -> dict[str, Any]:
    """The claims of a JWT of this issuer, after signature, times, issuer and what else is asked have been checked."""
    keys = KeySet.import_key_set(requests.get(metadata["jwks_uri"], timeout=REQUEST_TIMEOUT_SECS).json())
    decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
    wanted = {name: {"essential": True, "value": value} for name, value in claims.items()}
    jwt.JWTClaimsRegistry(iss={"essential": True, "value": metadata["issuer"]}, exp={"essential": True}, **wanted).validate(decoded.claims)
    return decoded.claims


def oauth_error(error: Exception) -> str:
    return getattr(error, "error", None) or type(error).__name__


