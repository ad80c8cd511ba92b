"""PyPI `okta`, unmodified, as the script of an administrator who looks at what was given to people and apps, and ends it:
sessions, refresh tokens across people, apps and servers, and what an app may ask of the management API for itself.

Input: org_url, token (of an administrator), reader_token (of somebody who may only look), services (the ids of apps, of whom the
first proves itself by a key)."""

import asyncio
import base64
import hashlib
import secrets
from typing import Any
from urllib.parse import urlencode

import requests
from okta.client import Client
from okta.models import AppUserAssignRequest, OAuth2ScopeConsentGrant

from agent import Agent
from script import REQUEST_TIMEOUT_SECS, ensure, note, script
from sdk import add_person, client_of, done, refused, remove_app, remove_person, web_app

CALLBACK = "http://127.0.0.1:9797/callback"
LOGIN = "urania@example.com"
PASSWORD = "a tall lighthouse in fog"
SCOPE = "openid offline_access"
LOGS = "okta.logs.read"
NO_TOKEN = "oar0123456789abcdefg"


class Held:
    """Urania, an app of hers, and what it can do with what it was given of her."""

    async def set_up(self, values: dict[str, Any], client: Client) -> None:
        self.base, self.headers = values["org_url"].rstrip("/"), {"Authorization": f"SSWS {values['token']}"}
        self.person = await add_person(client, LOGIN, PASSWORD)
        made = await done(client.create_application(web_app("Observatory", CALLBACK)))
        self.app, self.secret = made.id, made.credentials.oauth_client.client_secret
        await done(client.assign_user_to_application(self.app, AppUserAssignRequest.from_dict({"id": self.person, "scope": "USER"})))

    async def leave(self, client: Client) -> None:
        await remove_app(client, self.app)
        await remove_person(client, self.person)

    def session_token(self) -> str:
        answer = requests.post(f"{self.base}/api/v1/authn", json={"username": LOGIN, "password": PASSWORD}, timeout=REQUEST_TIMEOUT_SECS).json()
        ensure(answer.get("status") == "SUCCESS", "she does not get in", answer)
        return answer["sessionToken"]

    def ask(self, server: str, **form: str) -> requests.Response:
        place = f"{self.base}/oauth2{server}/v1/token"
        return requests.post(place, data=form, auth=(self.app, self.secret), timeout=REQUEST_TIMEOUT_SECS)

    def refresh_token(self, server: str) -> str:
        """What the app is given after a sign-in that its own pages led."""
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        query = urlencode({
            "client_id": self.app, "redirect_uri": CALLBACK, "response_type": "code", "scope": SCOPE, "state": "s", "nonce": "n",
            "code_challenge": challenge, "code_challenge_method": "S256", "prompt": "none", "sessionToken": self.session_token(),
        })
        page = Agent([CALLBACK]).get(f"{self.base}/oauth2{server}/v1/authorize?{query}")
        code = page.query("code") if page.stopped else None
        ensure(code, "the app gets no code", (page.url, page.words))
        answer = self.ask(server, grant_type="authorization_code", code=code, redirect_uri=CALLBACK, code_verifier=verifier)
        ensure(answer.status_code == 200, "the code is worth nothing", answer.text)
        return answer.json()["refresh_token"]

    def is_good(self, server: str, token: str) -> bool:
        answer = self.ask(server, grant_type="refresh_token", refresh_token=token)
        ensure(answer.status_code == 200 or answer.json()["error"] == "invalid_grant", "it is refused otherwise", answer.text)
        return answer.status_code == 200


async def sessions(held: Held, client: Client, reader: Client) -> None:
    def begin() -> str:
        body = {"sessionToken": held.session_token()}
        answer = requests.post(f"{held.base}/api/v1/sessions", json=body, headers=held.headers, timeout=REQUEST_TIMEOUT_SECS)
        ensure(answer.status_code == 200, "no session was begun", answer.text)
        return answer.json()["id"]

    # This client has no call that begins one.
    first, second = begin(), begin()
    shown = await done(client.get_session(first))
    ensure((shown.user_id, shown.login, shown.status) == (held.person, LOGIN, "ACTIVE"), "the session is another one", shown)
    ensure([method.value for method in shown.amr] == ["pwd"], "it began otherwise", shown.amr)
    prolonged = await done(client.refresh_session(first))
    ensure(prolonged.id == first and prolonged.expires_at >= shown.expires_at, "it was not prolonged", prolonged)
    await refused("a session that there is not", "E0000007", client.get_session("102nothing"))
    await refused("a session ended by a reader", "E0000006", reader.revoke_session(first))
    await refused("one prolonged by a reader", "E0000006", reader.refresh_session(first))
    await done(client.revoke_session(first))
    for gone in (client.get_session(first), client.refresh_session(first)):
        await refused("a session that ended", "E0000007", gone)
    ensure((await done(client.get_session(second))).id == second, "the other one ended as well")
    await refused("all of hers ended by a reader", "E0000006", reader.revoke_user_sessions(held.person))
    await done(client.revoke_user_sessions(held.person))
    await refused("a session that ended with all", "E0000007", client.get_session(second))


async def tokens(held: Held, client: Client, reader: Client) -> None:
    """By the app, by the person, and by the server it is the same token."""
    app, person = held.app, held.person
    ensure(await done(client.list_o_auth2_tokens_for_application(app)) == [], "the app has tokens")
    default = (await done(client.get_authorization_server("default"))).id
    for end in ("app", "person", "server"):
        token = held.refresh_token("/default")
        (one,) = await done(reader.list_o_auth2_tokens_for_application(app))
        ensure((one.client_id, one.user_id, one.status) == (app, person, "ACTIVE"), "the token is another one", one)
        ensure(set(one.scopes) == set(SCOPE.split()) and token not in one.to_str(), "it is shown otherwise", one)
        for seen in (
            reader.get_o_auth2_token_for_application(app, one.id),
            reader.get_refresh_token_for_user_and_client(person, app, one.id),
            reader.get_refresh_token_for_authorization_server_and_client(default, app, one.id),
        ):
            ensure((await done(seen)).id == one.id, "seen from elsewhere it is another one")
        users = await done(client.list_refresh_tokens_for_user_and_client(person, app))
        servers = await done(client.list_refresh_tokens_for_authorization_server_and_client(default, app))
        ensure([token.id for token in (*users, *servers)] == [one.id] * 2, "other lists have others", (users, servers))
        clients = await done(client.list_o_auth2_clients_for_authorization_server(default))
        ensure(app in [known.client_id for known in clients], "the server does not know the app", clients)
        await refused("a token ended by a reader", "E0000006", reader.revoke_o_auth2_token_for_application(app, one.id))
        await done({
            "app": lambda: client.revoke_o_auth2_token_for_application(app, one.id),
            "person": lambda: client.revoke_token_for_user_and_client(person, app, one.id),
            "server": lambda: client.revoke_refresh_token_for_authorization_server_and_client(default, app, one.id),
        }[end]())
        ensure(not held.is_good("/default", token), f"a token ended at the {end} is still good")
        ensure(await done(client.list_o_auth2_tokens_for_application(app)) == [], "it is still listed")
        await refused("a token that ended", "E0000007", client.get_o_auth2_token_for_application(app, one.id))
    ensure(await done(client.list_grants_for_user_and_client(person, app)) == [], "she was asked whether the app may")
    await refused("a scope that she never let it have", "E0000007", client.revoke_user_grant(person, "oag0123456789abcdefg"))
    await refused("a token that there is not", "E0000007", client.revoke_o_auth2_token_for_application(app, NO_TOKEN))


async def all_tokens(held: Held, client: Client, reader: Client) -> None:
    """Those of one server end without those of another; those of an app all."""
    app = held.app
    default = (await done(client.get_authorization_server("default"))).id
    own, other = held.refresh_token(""), held.refresh_token("/default")
    listed = await done(client.list_o_auth2_tokens_for_application(app))
    ensure(len(listed) == 2 and len({one.issuer for one in listed}) == 2, "not each is of a server of its own", listed)
    for step in (
        reader.revoke_refresh_tokens_for_authorization_server_and_client(default, app),
        reader.revoke_o_auth2_tokens_for_application(app),
    ):
        await refused("tokens ended by a reader", "E0000006", step)
    await done(client.revoke_refresh_tokens_for_authorization_server_and_client(default, app))
    ensure(not held.is_good("/default", other), "a token of the server is still good")
    ensure(held.is_good("", own), "a token of another server ended as well")
    own = held.refresh_token("")
    await done(client.revoke_o_auth2_tokens_for_application(app))
    ensure(not held.is_good("", own), "a token of the app is still good")
    ensure(await done(client.list_o_auth2_tokens_for_application(app)) == [], "a token is left")


async def grants(held: Held, client: Client, reader: Client, service: str) -> None:
    def asked(scope: str) -> OAuth2ScopeConsentGrant:
        return OAuth2ScopeConsentGrant(issuer=held.base, scope_id=scope)

    await refused("a scope of an app without a key", "E0000001", client.grant_consent_to_scope(held.app, asked(LOGS)))
    before = {one.scope_id for one in await done(reader.list_scope_consent_grants(service))}
    ensure(LOGS not in before, "the app may ask for it already", before)
    await refused("a scope given by a reader", "E0000006", reader.grant_consent_to_scope(service, asked(LOGS)))
    await refused("a scope that there is not", "E0000001", client.grant_consent_to_scope(service, asked("okta.everything")))
    made = await done(client.grant_consent_to_scope(service, asked(LOGS)))
    ensure((made.scope_id, made.client_id, made.status) == (LOGS, service, "ACTIVE"), "the grant is another one", made)
    ensure((await done(reader.get_scope_consent_grant(service, made.id))).id == made.id, "another read has another one")
    after = {one.scope_id for one in await done(client.list_scope_consent_grants(service))}
    ensure(after == before | {LOGS}, "others are listed", after)
    await refused("a scope taken back by a reader", "E0000006", reader.revoke_scope_consent_grant(service, made.id))
    await done(client.revoke_scope_consent_grant(service, made.id))
    await refused("a grant that was taken back", "E0000007", client.get_scope_consent_grant(service, made.id))


async def walk(values: dict[str, Any]) -> dict[str, Any]:
    client, reader = client_of(values, values["token"]), client_of(values, values["reader_token"])
    held = Held()
    await held.set_up(values, client)
    await sessions(held, client, reader)
    await tokens(held, client, reader)
    await all_tokens(held, client, reader)
    await grants(held, client, reader, values["services"][0])
    await held.leave(client)
    note(f"{values['org_url']}: sessions, tokens of apps, and scopes of apps")
    return {}


script(["org_url", "token", "reader_token", "services"], lambda values: asyncio.run(walk(values)))
