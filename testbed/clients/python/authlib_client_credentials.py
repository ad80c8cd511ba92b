"""PyPI Authlib as a service: client credentials with each way to prove itself, the token verified, a wrong secret refused.

Input: issuer and clients: [{client_id, client_secret | private_key_jwk, token_endpoint_auth_method}]; scope."""

from typing import Any

from relying_party import discover, oauth_error, session, verify
from script import ensure, must_fail, note, script


def run(values: dict[str, Any]) -> dict[str, Any]:
    metadata = discover(values["issuer"])
    return {"clients": [serve({**values, **client}, metadata) for client in values["clients"]]}


def serve(values: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
    key = values.get("private_key_jwk")
    method = f"private_key_jwt {key['alg']}" if key else values.get("token_endpoint_auth_method", "client_secret_basic")
    token = session(values, metadata).fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
    ensure(token["token_type"].lower() == "bearer" and token["expires_in"] > 0, f"{method}: not a bearer token with a life time", token)
    ensure("refresh_token" not in token, f"{method}: a service was given a refresh token", list(token))
    claims = verify(token["access_token"], metadata)
    ensure(values["client_id"] in (claims.get("client_id"), claims.get("cid")), f"{method}: the access token names another client", claims)
    if not key:
        forged = {**values, "client_secret": values["client_secret"] + "x"}
        wrong = must_fail(f"{method}: a wrong secret", lambda: session(forged, metadata).fetch_token(metadata["token_endpoint"], grant_type="client_credentials"))
        ensure(oauth_error(wrong) == "invalid_client", f"{method}: a wrong secret is not invalid_client", oauth_error(wrong))
    note(f"{method}: {claims['iss']}")
    return {"method": method}


script(["issuer", "clients"], run)
