"""PyPI `okta`, unmodified, as the script of an administrator: inline hooks that are made, paged, changed, switched, tried and
removed; with a receiver that listens here, says what tokens carry, and knows a password of another system; and a hook that is asked
with a token of an authorization server, got by a hook key, which the receiver checks as any resource server does.

Input: org_url, token (of an administrator), reader_token (of somebody who may only look), client_id and client_secret of a
service."""

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable

import jwt
import requests
from okta.client import Client
from okta.models import (
    AuthorizationServer,
    AuthorizationServerPolicy,
    AuthorizationServerPolicyRuleRequest,
    CreateUserRequest,
    InlineHookCreate,
    InlineHookReplace,
    KeyRequest,
    OAuth2Scope,
)

from hooks import Own, is_ours
from script import REQUEST_TIMEOUT_SECS, ensure, note, script
from sdk import client_of, done, refused

TOKENS = "com.okta.oauth2.tokens.transform"
PASSWORDS = "com.okta.user.credential.password.import"
PASSWORD = "known to the old system 1"
AUDIENCE = "api://hooked"


class Receiver(BaseHTTPRequestHandler):
    """Answers each question by what it is about, and keeps it."""

    asked: list[tuple[dict[str, str], bytes]] = []
    fails = False
    refuses = False
    knows: Callable[[str], bool] | None = None

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Receiver.asked.append(({name.lower(): value for name, value in self.headers.items()}, body))
        question = json.loads(body)
        if Receiver.knows and not Receiver.knows(self.headers.get("Authorization", "")):
            self.answer(401, {})
        elif Receiver.fails:
            self.answer(500, {})
        elif Receiver.refuses:
            self.answer(200, {"error": {"errorSummary": "not today"}})
        elif question["eventType"] == TOKENS:
            value = [
                {"op": "add", "path": "/claims/patient", "value": {"id": "1234"}},
                {"op": "replace", "path": "/token/lifetime/expiration", "value": 420},
            ]
            self.answer(200, {"commands": [{"type": "com.okta.access.patch", "value": value}]})
        else:
            verdict = "VERIFIED" if question["data"]["context"]["credential"]["password"] == PASSWORD else "UNVERIFIED"
            value = {"credential": verdict}
            self.answer(200, {"commands": [{"type": "com.okta.action.update", "value": value}]})

    def answer(self, status: int, body: Any) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        pass


def channel(uri: str) -> dict[str, Any]:
    headers = [{"key": "X-Team", "value": "blue"}]
    return {"type": "HTTP", "version": "1.0.0", "config": {"uri": uri, "method": "POST", "headers": headers}}


def hook(uri: str, name: str, kind: str) -> InlineHookCreate:
    asked = {"name": name, "type": kind, "version": "1.0.0", "channel": channel(uri)}
    return InlineHookCreate.from_dict(asked)


class Guard:
    """Checks tokens by the keys that their server publishes, and one that was withdrawn is none."""

    def __init__(self, issuer: str, client_id: str) -> None:
        self.issuer = issuer
        self.client_id = client_id
        self.keys = jwt.PyJWKClient(f"{issuer}/v1/keys")
        self.taken: list[str] = []
        self.withdrawn: set[str] = set()

    def knows(self, header: str) -> bool:
        scheme, _, token = header.partition(" ")
        if scheme != "Bearer":
            return False
        try:
            key = self.keys.get_signing_key_from_jwt(token).key
            claims = jwt.decode(token, key, algorithms=["RS256"], audience=AUDIENCE, issuer=self.issuer)
        except jwt.PyJWTError:
            return False
        if claims["cid"] != self.client_id or claims["scp"] != ["hooked:ask"] or claims["jti"] in self.withdrawn:
            return False
        self.taken.append(claims["jti"])
        return True


def service(label: str, public_key: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": "oidc_client",
        "label": label,
        "signOnMode": "OPENID_CONNECT",
        "credentials": {"oauthClient": {"token_endpoint_auth_method": "private_key_jwt"}},
        "settings": {"oauthClient": {
            "application_type": "service",
            "grant_types": ["client_credentials"],
            "response_types": ["token"],
            "jwks": {"keys": [public_key]},
        }},
    }


def rule(hook_id: str | None) -> AuthorizationServerPolicyRuleRequest:
    token: dict[str, Any] = {"accessTokenLifetimeMinutes": 30}
    if hook_id:
        token["inlineHook"] = {"id": hook_id}
    return AuthorizationServerPolicyRuleRequest.from_dict({
        "type": "RESOURCE_ACCESS",
        "name": "Hooked",
        "conditions": {
            "people": {"groups": {"include": ["EVERYONE"]}},
            "grantTypes": {"include": ["client_credentials"]},
            "scopes": {"include": ["*"]},
        },
        "actions": {"token": token},
    })


async def tokens(client: Client, values: dict[str, Any], hook_id: str, secret: str) -> None:
    asked = AuthorizationServer.from_dict({"name": "Hooked", "description": "x", "audiences": [AUDIENCE]})
    server = (await done(client.create_authorization_server(asked))).id
    await done(client.create_o_auth2_scope(server, OAuth2Scope(name="hooked:read")))
    policy = await done(client.create_authorization_server_policy(server, AuthorizationServerPolicy.from_dict({
        "type": "OAUTH_AUTHORIZATION_POLICY", "name": "All", "description": "x", "priority": 1,
        "conditions": {"clients": {"include": ["ALL_CLIENTS"]}},
    })))
    made = await done(client.create_authorization_server_policy_rule(server, policy.id, rule(hook_id)))
    ensure(made.actions.token.inline_hook.id == hook_id, "the rule does not name the hook", made)
    address = f"{values['org_url'].rstrip('/')}/oauth2/{server}/v1/token"
    credentials = (values["client_id"], values["client_secret"])
    form = {"grant_type": "client_credentials", "scope": "hooked:read"}

    def ask() -> requests.Response:
        return requests.post(address, data=form, auth=credentials, timeout=REQUEST_TIMEOUT_SECS)

    def claims() -> dict[str, Any]:
        answer = ask()
        ensure(answer.status_code == 200, "no token was given", answer.text)
        return jwt.decode(answer.json()["access_token"], options={"verify_signature": False})

    Receiver.asked.clear()
    changed = claims()
    ensure(changed["patient"] == {"id": "1234"}, "the claim is not in the token", changed)
    ensure(changed["exp"] - changed["iat"] == 420, "the token lives for another time", changed)
    headers, body = Receiver.asked[0]
    ensure(is_ours(secret, headers, body), "the signature does not fit", headers)
    ensure(headers["x-team"] == "blue", "the further header is not sent", headers)
    question = json.loads(body)
    ensure(question["data"]["access"]["claims"]["jti"] == changed["jti"], "it was asked about another token", question)
    ensure(values["client_secret"] not in body.decode(), "a secret is told")
    Receiver.fails = True
    plain = claims()
    ensure("patient" not in plain and plain["exp"] - plain["iat"] == 1_800, "a hook that fails changes tokens", plain)
    Receiver.fails, Receiver.refuses = False, True
    refusal = ask()
    ensure(refusal.json()["error"] == "server_error", "the hook does not refuse", refusal.text)
    ensure(refusal.json()["error_description"] == "not today", "it refuses in other words", refusal.text)
    Receiver.refuses = False
    await done(client.deactivate_inline_hook(hook_id))
    ensure("patient" not in claims(), "a hook that is switched off is asked")
    await refused("removing a hook that a rule names", "E0000001", client.delete_inline_hook(hook_id))
    free = await done(client.replace_authorization_server_policy_rule(server, policy.id, made.id, rule(None)))
    ensure(free.actions.token.inline_hook is None, "the rule still names the hook", free)
    await done(client.deactivate_authorization_server(server))
    await done(client.delete_authorization_server(server))


async def hook_keys(client: Client, reader: Client) -> tuple[str, dict[str, Any]]:
    """A key, and its public half."""
    await refused("a key of a reader", "E0000006", reader.create_hook_key(KeyRequest(name="Hooks")))
    made = await done(client.create_hook_key(KeyRequest(name="Hooks")))
    ensure(made.id.startswith("HKY") and made.is_used == "false", "the key is not as asked for", made)
    await refused("a second key of that name", "E0000001", client.create_hook_key(KeyRequest(name="Hooks")))
    named = await done(client.replace_hook_key(made.id, KeyRequest(name="Hooks of the shop")))
    ensure(named.name == "Hooks of the shop" and named.key_id == made.key_id, "it was not renamed", named)
    listed = await done(reader.list_hook_keys())
    ensure([one.id for one in listed] == [made.id], "a reader does not see the key", listed)
    ensure((await done(client.get_hook_key(made.id))).name == named.name, "another key is shown")
    public = await done(reader.get_public_key(made.key_id))
    ensure((public.kty, public.kid) == ("RSA", made.key_id), "it is no public key", public)
    return made.id, {"kty": public.kty, "kid": public.kid, "use": "sig", "alg": "RS256", "n": public.n, "e": public.e}


async def asking_server(client: Client) -> str:
    """A server whose tokens let ask hooks."""
    asked = AuthorizationServer.from_dict({"name": "Hooks", "description": "x", "audiences": [AUDIENCE]})
    server = (await done(client.create_authorization_server(asked))).id
    await done(client.create_o_auth2_scope(server, OAuth2Scope(name="hooked:ask")))
    policy = await done(client.create_authorization_server_policy(server, AuthorizationServerPolicy.from_dict({
        "type": "OAUTH_AUTHORIZATION_POLICY", "name": "All", "description": "x", "priority": 1,
        "conditions": {"clients": {"include": ["ALL_CLIENTS"]}},
    })))
    await done(client.create_authorization_server_policy_rule(server, policy.id, rule(None)))
    return server


async def by_token(client: Client, reader: Client, values: dict[str, Any], uri: str) -> None:
    key_id, public = await hook_keys(client, reader)
    own = Own(values)
    # The SDK wants an id of a key that is yet to be added.
    app = own.post("/apps", service("Hooks", public))["id"]
    server = await asking_server(client)
    issuer = f"{values['org_url'].rstrip('/')}/oauth2/{server}"
    guard = Guard(issuer, app)
    # The SDK leaves out what it does not know of such a channel: the class of its configuration has one field.
    config = {
        "uri": uri, "method": "POST", "authType": "private_key_jwt", "clientId": app, "hookKeyId": key_id,
        "tokenUrl": f"{issuer}/v1/token", "scope": "hooked:ask",
    }
    channel = {"type": "OAUTH", "version": "1.0.0", "config": config}
    hook_id = own.post("/inlineHooks", {"name": "By token", "type": TOKENS, "version": "1.0.0", "channel": channel})["id"]
    shown = await done(client.get_inline_hook(hook_id))
    ensure(shown.channel.config.auth_type == "private_key_jwt", "the channel is shown as another one", shown)
    ensure((await done(client.get_hook_key(key_id))).is_used == "true", "the key is not in use")
    await refused("removing a key in use", "E0000001", client.delete_hook_key(key_id))

    def ask() -> Any:
        return own.post(f"/inlineHooks/{hook_id}/execute", {"eventType": TOKENS, "data": {}})["commands"]

    Receiver.knows = guard.knows
    ensure(ask() and ask(), "the hook did not answer")
    ensure(len(guard.taken) == 2 and len(set(guard.taken)) == 1, "the token was not kept", guard.taken)
    guard.withdrawn.add(guard.taken[0])
    ensure(bool(ask()), "the hook was not asked with another token")
    ensure(len(set(guard.taken)) == 2, "a token that was withdrawn is sent on", guard.taken)
    # Of an app that is switched off there are no tokens; the one that is kept is forgotten with the change of the hook.
    await done(client.deactivate_application(app))
    await done(client.update_inline_hook(hook_id, InlineHookReplace.from_dict({"name": "By no token"})))
    before = len(Receiver.asked)
    body = {"eventType": TOKENS, "data": {}}
    answer = requests.post(f"{own.base}/inlineHooks/{hook_id}/execute", headers=own.headers, json=body, timeout=REQUEST_TIMEOUT_SECS)
    ensure(answer.status_code == 400 and "tokenUrl" in answer.json()["errorSummary"], "a hook without a token was asked", answer.text)
    ensure(len(Receiver.asked) == before, "it was asked without a token")
    Receiver.knows = None
    await remove(client, hook_id)
    await done(client.delete_hook_key(key_id))
    await refused("a key that was removed", "E0000007", client.get_hook_key(key_id))
    await done(client.delete_application(app))
    await done(client.deactivate_authorization_server(server))
    await done(client.delete_authorization_server(server))


async def passwords(client: Client, values: dict[str, Any], uri: str) -> str:
    login = "old.system@example.com"
    profile = {"firstName": "Old", "lastName": "System", "email": login, "login": login}
    asked = {"profile": profile, "credentials": {"password": {"hook": {"type": "default"}}}}
    newcomer = CreateUserRequest.from_dict(asked)
    await refused("somebody without a hook", "E0000001", client.create_user(newcomer))
    made = await done(client.create_inline_hook(hook(uri, "Passwords", PASSWORDS)))
    await refused("a second one", "E0000001", client.create_inline_hook(hook(uri, "More", PASSWORDS)))
    person = await done(client.create_user(newcomer))
    ensure(person.status == "ACTIVE", "somebody whose password is elsewhere is not active", person)

    def sign_in(password: str) -> int:
        body = {"username": login, "password": password}
        answer = requests.post(f"{values['org_url'].rstrip('/')}/api/v1/authn", json=body, timeout=REQUEST_TIMEOUT_SECS)
        return answer.status_code

    Receiver.asked.clear()
    ensure(sign_in("something else") == 401, "a wrong password is taken")
    ensure(sign_in(PASSWORD) == 200, "the right password is refused")
    ensure(len(Receiver.asked) == 2, "the hook was not asked each time", len(Receiver.asked))
    ensure(sign_in(PASSWORD) == 200, "the password was not taken over")
    ensure(len(Receiver.asked) == 2, "the hook is asked about a password that is here")
    await done(client.delete_user(person.id))
    await done(client.delete_user(person.id))
    return made.id


async def remove(client: Client, hook_id: str) -> None:
    await done(client.deactivate_inline_hook(hook_id))
    await done(client.delete_inline_hook(hook_id))
    await refused("a hook that was removed", "E0000007", client.get_inline_hook(hook_id))


async def walk(values: dict[str, Any], uri: str) -> dict[str, Any]:
    client = client_of(values, values["token"])
    reader = client_of(values, values["reader_token"])
    own = Own(values)
    await refused("an address without TLS", "E0000001", client.create_inline_hook(hook("http://hooks.example/in", "a", TOKENS)))
    await refused("a type that nothing asks", "E0000001",
                  client.create_inline_hook(hook(uri, "a", "com.okta.saml.tokens.transform")))
    await refused("a hook of a reader", "E0000006", reader.create_inline_hook(hook(uri, "a", TOKENS)))
    made = [(await done(client.create_inline_hook(hook(uri, f"hook {number}", TOKENS)))) for number in range(3)]
    ids = [one["id"] for one in own.get("/inlineHooks?limit=2")]
    ensure(ids == [one.id for one in made][:2], "a page has other hooks", ids)
    listed = await done(reader.list_inline_hooks(type=TOKENS))
    ensure([one.id for one in listed] == [one.id for one in made], "a reader does not see the hooks", listed)
    first = made[0].id
    renamed = InlineHookReplace.from_dict({"name": "Renamed", "channel": channel(uri)})
    ensure((await done(client.replace_inline_hook(first, renamed))).name == "Renamed", "it was not replaced")
    part = InlineHookReplace.from_dict({"name": "Claims"})
    ensure((await done(client.update_inline_hook(first, part))).name == "Claims", "it was not changed")
    tried = own.post(f"/inlineHooks/{first}/execute", {"eventType": TOKENS, "data": {}})
    ensure(tried["commands"][0]["type"] == "com.okta.access.patch", "another answer is shown", tried)
    secret = own.post(f"/inlineHooks/{first}/credentials/secret")["secret"]
    await refused("removing a hook that is on", "E0000001", client.delete_inline_hook(first))
    await tokens(client, values, first, secret)
    ensure((await done(client.activate_inline_hook(first))).status == "ACTIVE", "it is not switched on")
    await by_token(client, reader, values, uri)
    import_id = await passwords(client, values, uri)
    for hook_id in [import_id, *(one.id for one in made)]:
        await remove(client, hook_id)
    note(f"{values['org_url']}: inline hooks")
    return {"hooks": len(made)}


def run(values: dict[str, Any]) -> dict[str, Any]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return asyncio.run(walk(values, f"http://127.0.0.1:{server.server_port}/in"))


script(["org_url", "token", "reader_token", "client_id", "client_secret"], run)
