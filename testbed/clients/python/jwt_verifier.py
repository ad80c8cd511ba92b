"""PyPI okta-jwt-verifier holds access and ID tokens against the keys that are published over TLS; it knows no other way.

Input: issuer, ca_file, audience; service: client_id, client_secret, scope; web: client_id, client_secret, redirect_uri; login,
password."""

import base64
import os
import secrets
from typing import Any

from script import ensure, must_fail, note, script


def run(values: dict[str, Any]) -> dict[str, Any]:
    # Before anything opens a connection: both libraries look at these when they make one.
    os.environ["REQUESTS_CA_BUNDLE"] = os.environ["SSL_CERT_FILE"] = values["ca_file"]
    access_tokens(values)
    id_tokens(values)
    return {}


def access_tokens(values: dict[str, Any]) -> None:
    from okta_jwt_verifier import BaseJWTVerifier
    from relying_party import discover, session

    issuer, service = values["issuer"], values["service"]
    metadata = discover(issuer)
    token = session(service, metadata).fetch_token(metadata["token_endpoint"], grant_type="client_credentials")["access_token"]
    verifier = BaseJWTVerifier(issuer=issuer, audience=values["audience"])
    verifier.verify_access_token_sync(token)
    must_fail("a forged token", lambda: verifier.verify_access_token_sync(forge(token)))
    other = BaseJWTVerifier(issuer=issuer, audience="api://other")
    must_fail("a token for another audience", lambda: other.verify_access_token_sync(token))
    elsewhere = BaseJWTVerifier(issuer=issuer.replace("/default", "/other"), audience=values["audience"])
    must_fail("a token of another issuer", lambda: elsewhere.verify_access_token_sync(token))
    note("access tokens verified")


def id_tokens(values: dict[str, Any]) -> None:
    from agent import Agent, authorize
    from okta_jwt_verifier import BaseJWTVerifier
    from relying_party import discover, session

    issuer, web = values["issuer"], values["web"]
    metadata = discover(issuer)
    client = session(web | {"scope": "openid profile"}, metadata)
    pkce, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    url, state = client.create_authorization_url(metadata["authorization_endpoint"], code_verifier=pkce, nonce=nonce)
    callback, _ = authorize(Agent([web["redirect_uri"]]), url, values)
    token = client.fetch_token(metadata["token_endpoint"], authorization_response=callback, state=state, code_verifier=pkce)["id_token"]
    verifier = BaseJWTVerifier(issuer=issuer, client_id=web["client_id"], audience=web["client_id"])
    verifier.verify_id_token_sync(token, claims_to_verify=("iss", "aud", "exp"), nonce=nonce)
    must_fail("an ID token of another sign-in", lambda: verifier.verify_id_token_sync(token, nonce="another nonce"))
    must_fail("a forged ID token", lambda: verifier.verify_id_token_sync(forge(token), nonce=nonce))
    note("ID tokens verified")


def forge(token: str) -> str:
    """The same token with one digit of its claims changed."""
    head, claims, signature = token.split(".")
    text = base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)).decode()
    changed = text.replace('"exp":1', '"exp":2')
    ensure(changed != text, "the token could not be changed", text)
    return ".".join([head, base64.urlsafe_b64encode(changed.encode()).decode().rstrip("="), signature])


script(["issuer", "ca_file", "audience", "service", "web", "login", "password"], run)
