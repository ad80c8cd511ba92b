"""Verifies a logout token as an application would (OpenID Connect Back-Channel Logout 1.0 section 2.6).

Input: issuer, client_id, token. Output: its claims."""

from typing import Any

from joserfc import jws

from relying_party import discover, verify
from script import ensure, script

EVENT = "http://schemas.openid.net/event/backchannel-logout"


def check(values: dict[str, Any]) -> dict[str, Any]:
    metadata = discover(values["issuer"])
    ensure(metadata.get("backchannel_logout_supported") is True, "discovery does not speak of back-channel logout", sorted(metadata))
    claims = verify(values["token"], metadata, aud=values["client_id"])
    ensure(jws.extract_compact(values["token"].encode()).headers().get("typ") == "logout+jwt", "the token's type is not logout+jwt")
    ensure(claims.get("events") == {EVENT: {}}, "the token's event is another", claims.get("events"))
    ensure("nonce" not in claims, "a logout token has a nonce", claims)
    ensure(claims.get("sub") and claims.get("sid") and claims.get("jti"), "the token lacks sub, sid or jti", claims)
    return {"claims": claims}


script(["issuer", "client_id", "token"], check)
