"""PyPI `okta`, unmodified, as the script of an administrator: an authorization server with scopes, claims, policies and
rules, held against the tokens that a service gets of it; and the policies that decide sign-ins.

Input: org_url, token (of an administrator), reader_token (of somebody who may only look), client_id and client_secret of
a service."""

import asyncio
from typing import Any

import jwt
import requests
from okta.client import Client
from okta.models import (
    AuthorizationServer,
    AuthorizationServerPolicy,
    AuthorizationServerPolicyRuleRequest,
    JwkUse,
    OAuth2Claim,
    OAuth2Scope,
    Policy,
    PolicyMappingRequest,
    PolicyRule,
    SimulatePolicyBody,
)

from script import REQUEST_TIMEOUT_SECS, ensure, note, script
from sdk import client_of, done, refused, remove_app, web_app

AUDIENCE = "api://orders"
ACCESS_MINUTES = 7


class Service:
    """A service that asks a server for tokens."""

    def __init__(self, values: dict[str, Any], server: str) -> None:
        self.base = f"{values['org_url'].rstrip('/')}/oauth2/{server}"
        self.credentials = (values["client_id"], values["client_secret"])

    def get(self, path: str) -> requests.Response:
        return requests.get(f"{self.base}/{path}", timeout=REQUEST_TIMEOUT_SECS)

    def ask(self, scope: str) -> requests.Response:
        form = {"grant_type": "client_credentials", "scope": scope}
        return requests.post(f"{self.base}/v1/token", data=form, auth=self.credentials, timeout=REQUEST_TIMEOUT_SECS)

    def error(self, scope: str) -> str:
        answer = self.ask(scope)
        ensure(answer.status_code >= 400, f"a token for {scope} was given", answer.text)
        return answer.json().get("error", str(answer.status_code))

    def claims(self, scope: str) -> dict[str, Any]:
        """The claims of a token, which is verified by the keys that the server publishes."""
        answer = self.ask(scope)
        ensure(answer.status_code == 200, f"a token for {scope} was refused", answer.text)
        token = answer.json()["access_token"]
        keys = {key["kid"]: key for key in self.get("v1/keys").json()["keys"]}
        head = jwt.get_unverified_header(token)
        ensure(head["alg"] == "RS256", "the token is not signed as verifiers in the field expect", head)
        key = jwt.PyJWK(keys[head["kid"]]).key
        return jwt.decode(token, key, algorithms=["RS256"], audience=AUDIENCE)


async def server(client: Client, values: dict[str, Any]) -> tuple[str, Service]:
    preset = await done(client.get_authorization_server("default"))
    ensure(preset.name == "default", "the preset server is another one", preset)
    asked = AuthorizationServer.from_dict({"name": "Orders", "description": "Of the shop", "audiences": [AUDIENCE]})
    made = await done(client.create_authorization_server(asked))
    service = Service(values, made.id)
    issuer = service.get(".well-known/oauth-authorization-server").json()["issuer"]
    ensure(made.issuer == issuer, "the issuer is not the one of the discovery document", (made.issuer, issuer))
    listed = await done(client.list_authorization_servers(q="orders"))
    ensure([one.id for one in listed] == [made.id], "the server is not found", listed)
    await refused("a second one of that name", "E0000001", client.create_authorization_server(asked))
    made.description = "Of both shops"
    replaced = await done(client.replace_authorization_server(made.id, made))
    ensure((replaced.id, replaced.description) == (made.id, "Of both shops"), "the server was not replaced", replaced)
    await refused("a server that there is not", "E0000007", client.get_authorization_server("aus0123456789abcdefg"))
    return made.id, service


async def scopes_and_claims(client: Client, server: str, service: Service) -> str:
    read = await done(client.create_o_auth2_scope(server, OAuth2Scope(name="orders:read")))
    ensure(service.error("orders:read") == "access_denied", "a server without policies gives tokens")
    listed = {scope.name: scope for scope in await done(client.list_o_auth2_scopes(server))}
    ensure({"openid", "orders:read"} <= set(listed) and listed["openid"].system, "the scopes are not listed", listed)
    shown = service.get(".well-known/oauth-authorization-server").json()["scopes_supported"]
    ensure("orders:read" not in shown, "discovery shows what it is not to show", shown)
    public = OAuth2Scope.from_dict({"name": "orders:read", "metadataPublish": "ALL_CLIENTS", "description": "See orders"})
    replaced = await done(client.replace_o_auth2_scope(server, read.id, public))
    ensure(replaced.id == read.id, "the scope is another one", replaced)
    shown = service.get(".well-known/oauth-authorization-server").json()["scopes_supported"]
    ensure("orders:read" in shown, "discovery does not show what it is to show", shown)
    ensure((await done(client.get_o_auth2_scope(server, read.id))).description == "See orders", "the scope is shown otherwise")
    other = await done(client.create_o_auth2_scope(server, OAuth2Scope(name="orders:other")))
    await done(client.delete_o_auth2_scope(server, other.id))
    await refused("a scope that was removed", "E0000007", client.get_o_auth2_scope(server, other.id))
    claim = {"name": "shop", "claimType": "RESOURCE", "valueType": "EXPRESSION", "value": '"north"'}
    made = await done(client.create_o_auth2_claim(server, OAuth2Claim.from_dict(claim)))
    ensure((await done(client.get_o_auth2_claim(server, made.id))).value == '"north"', "the claim is another one")
    south = await done(client.replace_o_auth2_claim(server, made.id, OAuth2Claim.from_dict(claim | {"value": '"south"'})))
    listed = {one.name: one.value for one in await done(client.list_o_auth2_claims(server))}
    ensure(south.id == made.id and listed["shop"] == '"south"', "the claim was not replaced", listed)
    await done(client.replace_o_auth2_claim(server, made.id, OAuth2Claim.from_dict(claim)))
    bad = OAuth2Claim.from_dict(claim | {"name": "b", "value": "user.a + user.b"})
    await refused("an expression that nobody evaluates", "E0000001", client.create_o_auth2_claim(server, bad))
    return made.id


def access_rule(name: str, scopes: list[str], minutes: int) -> AuthorizationServerPolicyRuleRequest:
    return AuthorizationServerPolicyRuleRequest.from_dict({
        "type": "RESOURCE_ACCESS",
        "name": name,
        "conditions": {
            "people": {"groups": {"include": ["EVERYONE"]}},
            "grantTypes": {"include": ["client_credentials"]},
            "scopes": {"include": scopes},
        },
        "actions": {"token": {"accessTokenLifetimeMinutes": minutes}},
    })


def access_policy(name: str, clients: list[str], priority: int) -> AuthorizationServerPolicy:
    return AuthorizationServerPolicy.from_dict({
        "type": "OAUTH_AUTHORIZATION_POLICY",
        "name": name,
        "description": "Who gets tokens",
        "priority": priority,
        "conditions": {"clients": {"include": clients}},
    })


async def access(client: Client, server: str, service: Service) -> None:
    own = access_policy("Services", [service.credentials[0]], 1)
    policy = await done(client.create_authorization_server_policy(server, own))
    rule = await done(client.create_authorization_server_policy_rule(
        server, policy.id, access_rule("Read", ["orders:read"], ACCESS_MINUTES)))
    claims = service.claims("orders:read")
    ensure(claims["shop"] == "north", "the claim is not in the token", claims)
    ensure(claims["exp"] - claims["iat"] == ACCESS_MINUTES * 60, "the token lives for another time", claims)
    shown = await done(client.get_authorization_server_policy_rule(server, policy.id, rule.id))
    ensure(shown.name == "Read" and shown.conditions.scopes.include == ["orders:read"], "the rule is shown otherwise", shown)
    for step, gives in (
        (client.deactivate_authorization_server_policy_rule(server, policy.id, rule.id), False),
        (client.activate_authorization_server_policy_rule(server, policy.id, rule.id), True),
        (client.deactivate_authorization_server_policy(server, policy.id), False),
        (client.activate_authorization_server_policy(server, policy.id), True),
    ):
        await done(step)
        ensure((service.ask("orders:read").status_code == 200) == gives, "a step is not in force at once", gives)
    await done(client.create_o_auth2_scope(server, OAuth2Scope(name="orders:write")))
    ensure(service.error("orders:write") == "access_denied", "the rule gives what it does not name")
    wider = access_rule("All", ["*"], ACCESS_MINUTES)
    replaced = await done(client.replace_authorization_server_policy_rule(server, policy.id, rule.id, wider))
    ensure((replaced.id, replaced.name) == (rule.id, "All"), "the rule was not replaced", replaced)
    service.claims("orders:write")
    others = await done(client.create_authorization_server_policy(server, access_policy("All", ["ALL_CLIENTS"], 1)))
    names = [one.name for one in await done(client.list_authorization_server_policies(server))]
    ensure(names == ["All", "Services"], "the policies are in another order", names)
    shown = await done(client.get_authorization_server_policy(server, others.id))
    await done(client.replace_authorization_server_policy(server, others.id, shown))
    await done(client.delete_authorization_server_policy(server, others.id))
    await done(client.delete_authorization_server_policy_rule(server, policy.id, rule.id))
    ensure(not await done(client.list_authorization_server_policy_rules(server, policy.id)), "the rule is still there")
    ensure(service.error("orders:read") == "access_denied", "a rule that was removed gives tokens")
    await done(client.create_authorization_server_policy_rule(server, policy.id, wider))


async def keys(client: Client, server: str, service: Service) -> None:
    before = [key.kid for key in await done(client.list_authorization_server_keys(server)) if key.status == "ACTIVE"]
    rotated = await done(client.rotate_authorization_server_keys(server, JwkUse.from_dict({"use": "sig"})))
    states = sorted(key.status for key in rotated)
    ensure("NEXT" in states and "ACTIVE" in states, "there is no next key", states)
    published = {key["kid"] for key in service.get("v1/keys").json()["keys"]}
    ensure({key.kid for key in rotated} <= published, "a key is not published", published)
    ensure(set(before) <= published, "the key that signed before is not published any more", published)
    one = await done(client.get_authorization_server_key(server, before[0]))
    ensure(one.kid == before[0], "the key is another one", one)
    service.claims("orders:read")


async def end(client: Client, reader: Client, server: str, service: Service) -> None:
    await done(reader.get_authorization_server(server))
    await refused("removing without the role", "E0000006", reader.delete_authorization_server(server))
    await refused("removing what is in use", "E0000001", client.delete_authorization_server(server))
    await done(client.deactivate_authorization_server(server))
    for path in (".well-known/openid-configuration", ".well-known/oauth-authorization-server", "v1/keys"):
        seen = service.get(path).status_code
        ensure(seen == 404, f"{path} of a server that is off is served", seen)
    ensure(service.ask("orders:read").status_code == 404, "a server that is off gives tokens")
    await done(client.activate_authorization_server(server))
    service.claims("orders:read")
    await done(client.deactivate_authorization_server(server))
    await done(client.delete_authorization_server(server))
    await refused("a server that was removed", "E0000007", client.get_authorization_server(server))


def sign_on_rule(name: str, user: str, access: str) -> PolicyRule:
    action: dict[str, Any] = {"access": access}
    if access == "ALLOW":
        action["verificationMethod"] = {
            "type": "ASSURANCE",
            "factorMode": "2FA",
            "reauthenticateIn": "PT12H",
            "constraints": [{"possession": {"phishingResistant": "REQUIRED"}}],
        }
    return PolicyRule.from_dict({
        "type": "ACCESS_POLICY",
        "name": name,
        "conditions": {"people": {"users": {"include": [user]}}, "network": {"connection": "ANYWHERE"}},
        "actions": {"appSignOn": action},
    })


async def policies(client: Client, reader: Client) -> None:
    for kind in ("OKTA_SIGN_ON", "ACCESS_POLICY", "PASSWORD"):
        listed = await done(client.list_policies(type=kind))
        ensure(listed, f"there is no policy of {kind}")
        for one in listed:
            await done(client.get_policy(one.id))
            await done(client.list_policy_rules(one.id))
    await refused("a type that nobody evaluates", "E0000001", client.list_policies(type="MFA_ENROLL"))
    asked = Policy.from_dict({"type": "ACCESS_POLICY", "name": "Finance", "description": "For money"})
    policy = await done(client.create_policy(asked))
    await refused("adding without the role", "E0000006", reader.create_policy(asked))
    me = (await done(client.get_user("me"))).id
    rule = await done(client.create_policy_rule(policy.id, sign_on_rule("Administrator", me, "ALLOW")))
    method = rule.actions.app_sign_on.verification_method
    ensure(method.factor_mode == "2FA" and rule.priority == 1, "the rule is another one", rule)
    for step, status in ((client.deactivate_policy_rule, "INACTIVE"), (client.activate_policy_rule, "ACTIVE")):
        await done(step(policy.id, rule.id))
        seen = (await done(client.get_policy_rule(policy.id, rule.id))).status
        ensure(seen == status, f"the rule is not {status}", seen)
    denied = await done(client.replace_policy_rule(policy.id, rule.id, sign_on_rule("Nobody", me, "DENY")))
    ensure(denied.actions.app_sign_on.access == "DENY", "the rule was not replaced", denied)
    listed = await done(client.list_policy_rules(policy.id))
    ensure([one.name for one in listed] == ["Nobody", "Everyone"], "the rules are in another order", listed)
    await done(client.delete_policy_rule(policy.id, rule.id))
    await governed(client, reader, policy)
    await done(client.delete_policy(policy.id))
    await refused("a policy that was removed", "E0000007", client.get_policy(policy.id))


async def governed(client: Client, reader: Client, policy: Policy) -> None:
    """Which apps a policy governs, from either side; it rests while there is none."""
    policy.name = "Money"
    ensure((await done(client.replace_policy(policy.id, policy))).name == "Money", "the policy was not renamed")
    app = (await done(client.create_application(web_app("Till")))).id
    for step, status in ((client.deactivate_policy, "INACTIVE"), (client.activate_policy, "ACTIVE")):
        await done(step(policy.id))
        ensure((await done(reader.get_policy(policy.id))).status == status, f"it is not {status}")
    # This client knows but policies that govern policies, which there are none of.
    other = PolicyMappingRequest.from_dict({"resourceId": policy.id, "resourceType": "ACCESS_POLICY"})
    await refused("a policy of a policy", "E0000001", client.map_resource_to_policy(policy.id, other))
    await refused("another policy of an app by a reader", "E0000006", reader.assign_application_policy(app, policy.id))
    await done(client.assign_application_policy(app, policy.id))
    (made,) = await done(reader.list_policy_mappings(policy.id))
    ensure((await done(client.get_policy_mapping(policy.id, made.id))).id == made.id, "the mapping is another one")
    await refused("a policy at rest that governs", "E0000001", client.deactivate_policy(policy.id))
    await done(client.delete_policy_resource_mapping(policy.id, made.id))
    await refused("a mapping that was ended", "E0000007", client.get_policy_mapping(policy.id, made.id))
    ensure(await done(client.list_policy_mappings(policy.id)) == [], "the app is still governed")
    await remove_app(client, app)


async def simulation(client: Client, app: str) -> None:
    me = (await done(client.get_user("me"))).id
    question = {"appInstance": app, "policyContext": {"user": {"id": me}, "groups": {"ids": []}, "ip": "192.0.2.1"}}
    told = await done(client.create_policy_simulation([SimulatePolicyBody.from_dict(question)], expand="EVALUATED"))
    rules = told[0].result.policies[0].rules
    ensure([rule.name for rule in rules] == ["Administrators"], "another rule would decide", rules)


async def walk(values: dict[str, Any]) -> dict[str, Any]:
    client, reader = (client_of(values, values[name]) for name in ("token", "reader_token"))
    made, service = await server(client, values)
    claim = await scopes_and_claims(client, made, service)
    await access(client, made, service)
    await done(client.delete_o_auth2_claim(made, claim))
    ensure("shop" not in service.claims("orders:read"), "a claim that was removed is in the token")
    await keys(client, made, service)
    await end(client, reader, made, service)
    await policies(client, reader)
    await simulation(client, values["client_id"])
    note(f"{values['org_url']}: authorization servers and policies")
    return {"server": made}


script(
    ["org_url", "token", "reader_token", "client_id", "client_secret"],
    lambda values: asyncio.run(walk(values)),
)
