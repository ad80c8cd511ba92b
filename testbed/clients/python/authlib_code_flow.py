"""PyPI Authlib signs a person in: authorization code with PKCE, ID token, userinfo, refresh with rotation, revocation,
introspection, and a replayed code refused.

Input: issuer, client_id, redirect_uri, login, password; client_secret or private_key_jwk for confidential ones; scope."""

import secrets
from typing import Any

from agent import Agent, authorize
from relying_party import discover, oauth_error, session, verify
from script import REQUEST_TIMEOUT_SECS, ensure, must_fail, note, script


def run(values: dict[str, Any]) -> dict[str, Any]:
    values.setdefault("scope", "openid profile email offline_access")
    metadata = discover(values["issuer"])
    client = session(values, metadata)
    agent = Agent([values["redirect_uri"]])
    token, visited = sign_in(client, agent, metadata, values)
    claims = verify(token["id_token"], metadata, aud=values["client_id"])
    read_userinfo(client, metadata, claims)
    refreshed = rotate(client, metadata, token, claims)
    if values.get("client_secret") or values.get("private_key_jwk"):
        end_of_life(client, metadata, refreshed)
    replayed_code(values, metadata, agent)
    note(f"signed in {claims['sub']} by {' > '.join(visited)}")
    return {"subject": claims["sub"], "signed_in_by": visited}


def sign_in(client: Any, agent: Agent, metadata: dict[str, Any], values: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    url, state = client.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
    callback, visited = authorize(agent, url, values)
    token = client.fetch_token(metadata["token_endpoint"], authorization_response=callback, state=state, code_verifier=verifier)
    ensure(token.get("id_token") and token.get("refresh_token"), "the code brought no ID token or no refresh token", list(token))
    claims = verify(token["id_token"], metadata, aud=values["client_id"], nonce=nonce)
    ensure(claims["sub"], "the ID token has no subject", claims)
    return token, visited


def read_userinfo(client: Any, metadata: dict[str, Any], claims: dict[str, Any]) -> None:
    reply = client.get(metadata["userinfo_endpoint"], timeout=REQUEST_TIMEOUT_SECS)
    ensure(reply.status_code == 200 and reply.json()["sub"] == claims["sub"], f"userinfo answered {reply.status_code}", reply.text)


def rotate(client: Any, metadata: dict[str, Any], token: dict[str, Any], claims: dict[str, Any]) -> dict[str, Any]:
    refreshed = client.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"])
    ensure(refreshed["refresh_token"] != token["refresh_token"], "the refresh token was not rotated")
    if refreshed.get("id_token"):
        ensure(verify(refreshed["id_token"], metadata)["sub"] == claims["sub"], "the renewed ID token names another subject")
    return refreshed


def replayed_code(values: dict[str, Any], metadata: dict[str, Any], agent: Agent) -> None:
    client = session(values, metadata)
    verifier = secrets.token_urlsafe(48)
    url, state = client.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier, nonce=secrets.token_urlsafe(24))
    callback, visited = authorize(agent, url, values)
    ensure(not visited, "a person with a session was asked again", visited)
    exchange = {"authorization_response": callback, "state": state, "code_verifier": verifier}
    client.fetch_token(metadata["token_endpoint"], **exchange)
    replayed = must_fail("a code redeemed twice", lambda: client.fetch_token(metadata["token_endpoint"], **exchange))
    ensure(oauth_error(replayed) == "invalid_grant", "a code redeemed twice is not invalid_grant", oauth_error(replayed))


def end_of_life(client: Any, metadata: dict[str, Any], token: dict[str, Any]) -> None:
    refresh = token["refresh_token"]
    seen = client.introspect_token(metadata["introspection_endpoint"], token=refresh, token_type_hint="refresh_token").json()
    ensure(seen.get("active") is True, "introspection calls a living refresh token inactive", seen)
    reply = client.revoke_token(metadata["revocation_endpoint"], token=refresh, token_type_hint="refresh_token")
    ensure(reply.status_code == 200, f"revocation answered {reply.status_code}", reply.text)
    after = client.introspect_token(metadata["introspection_endpoint"], token=refresh, token_type_hint="refresh_token").json()
    ensure(after.get("active") is False, "introspection calls a revoked refresh token active", after)
    refused = must_fail("a revoked refresh token", lambda: client.refresh_token(metadata["token_endpoint"], refresh_token=refresh))
    ensure(oauth_error(refused) == "invalid_grant", "a revoked refresh token is not invalid_grant", oauth_error(refused))


script(["issuer", "client_id", "redirect_uri", "login", "password"], run)
