"""PyPI `okta`, unmodified, as the script of an administrator who lets people of another provider in, and says by what people
prove who they are: identity providers and who of theirs is who here, and authenticators with their methods.

Input: org_url, token (of an administrator), reader_token (of somebody who may only look)."""

import asyncio
from typing import Any

from okta.client import Client
from okta.models import AuthenticatorBase, AuthenticatorMethodBase, IdentityProvider, UserIdentityProviderLinkRequest

from hooks import Own
from script import ensure, note, script
from sdk import add_person, client_of, done, refused, remove_person

ISSUER = "https://idp.example"
CATALOGUE = {"okta_password", "webauthn", "google_otp", "okta_email"}


def provider(name: str) -> dict[str, Any]:
    return {
        "type": "OIDC",
        "name": name,
        "protocol": {
            "type": "OIDC",
            "issuer": {"url": ISSUER},
            "endpoints": {
                "authorization": {"url": f"{ISSUER}/authorize", "binding": "HTTP-REDIRECT"},
                "token": {"url": f"{ISSUER}/token", "binding": "HTTP-POST"},
                "jwks": {"url": f"{ISSUER}/keys", "binding": "HTTP-REDIRECT"},
            },
            "scopes": ["openid", "email"],
            "credentials": {"client": {"client_id": "us", "client_secret": "let me in"}},
        },
        "policy": {
            "accountLink": {"action": "AUTO"},
            "provisioning": {"action": "AUTO", "groups": {"action": "NONE"}},
            "subject": {"userNameTemplate": {"template": "idpuser.email"}, "matchType": "USERNAME"},
            "maxClockSkew": 60_000,
        },
    }


async def providers(values: dict[str, Any], client: Client, reader: Client) -> None:
    # The classes of this client have no place for the issuer of a provider, so that without one it is refused, by name.
    silent = client.create_identity_provider(IdentityProvider.from_dict(provider("Partner")))
    await refused("a provider without an issuer", "E0000001", silent)
    made = Own(values).post("/idps", provider("Partner"))["id"]
    other = Own(values).post("/idps", provider("Second"))["id"]
    shown = await done(reader.get_identity_provider(made))
    protocol = shown.protocol.actual_instance
    ensure((shown.name, shown.status, shown.type) == ("Partner", "ACTIVE", "OIDC"), "the provider is another one", shown)
    ensure(protocol.credentials.client.client_id == "us", "the provider knows us otherwise", protocol)
    ensure(protocol.credentials.client.client_secret is None, "a secret is shown")
    ensure(protocol.endpoints.token.url == f"{ISSUER}/token", "the addresses are others", protocol)
    for query, found in (({}, {made, other}), ({"q": "part"}, {made}), ({"type": "OIDC", "limit": 2}, {made, other}), ({"type": "GOOGLE"}, set())):
        listed = await done(client.list_identity_providers(**query))
        ensure({one.id for one in listed} == found, f"{query} finds others", [one.name for one in listed])
    await change(client, reader, made)
    await links(client, reader, made)
    await refused("removing one that is on", "E0000001", client.delete_identity_provider(made))
    await refused("switching by a reader", "E0000006", reader.deactivate_identity_provider(made))
    for one in (made, other):
        ensure((await done(client.deactivate_identity_provider(one))).status == "INACTIVE", "it is not switched off")
        ensure((await done(client.get_identity_provider(one))).status == "INACTIVE", "another read has it on")
    ensure((await done(client.activate_identity_provider(made))).status == "ACTIVE", "it is not switched on")
    await done(client.deactivate_identity_provider(made))
    for one in (made, other):
        await done(client.delete_identity_provider(one))
    await refused("a provider that was removed", "E0000007", client.get_identity_provider(made))


async def change(client: Client, reader: Client, made: str) -> None:
    """What was read is sent back with another name; neither the secret nor the issuer is in it, and both stay."""
    whole = await done(client.get_identity_provider(made))
    whole.name = "Renamed"
    await refused("a change by a reader", "E0000006", reader.replace_identity_provider(made, whole))
    changed = await done(client.replace_identity_provider(made, whole))
    ensure(changed.name == "Renamed", "the provider was not renamed", changed)
    ensure((await done(reader.get_identity_provider(made))).name == "Renamed", "another read has the old name")
    whole.name = "Second"
    await refused("the name of another one", "E0000001", client.replace_identity_provider(made, whole))
    whole.name = "Renamed"
    whole.protocol.actual_instance.endpoints.token.url = "https://evil.example/token"
    await refused("another address for the old secret", "E0000001", client.replace_identity_provider(made, whole))


async def links(client: Client, reader: Client, made: str) -> None:
    def called(name: str) -> UserIdentityProviderLinkRequest:
        return UserIdentityProviderLinkRequest(external_id=name)

    people = [await add_person(client, f"{name}@example.com") for name in ("clio", "erato")]
    clio, erato = people
    await refused("somebody who is not linked", "E0000007", client.get_identity_provider_application_user(made, clio))
    await refused("a link by a reader", "E0000006", reader.link_user_to_identity_provider(made, clio, called("1")))
    linked = await done(client.link_user_to_identity_provider(made, clio, called("1")))
    ensure((linked.id, linked.external_id) == (clio, "1"), "she is linked otherwise", linked)
    await refused("the name of somebody else", "E0000001", client.link_user_to_identity_provider(made, erato, called("1")))
    await done(client.link_user_to_identity_provider(made, erato, called("2")))
    seen = await done(reader.get_identity_provider_application_user(made, clio))
    ensure(seen.external_id == "1", "another read has another link", seen)
    everybody = await done(client.list_identity_provider_application_users(made))
    ensure({one.id: one.external_id for one in everybody} == {clio: "1", erato: "2"}, "others are linked", everybody)
    ensure([one.id for one in await done(client.list_user_identity_providers(clio))] == [made], "the provider is not hers")
    await done(client.unlink_user_from_identity_provider(made, clio))
    await refused("a link that was ended", "E0000007", client.get_identity_provider_application_user(made, clio))
    ensure(await done(client.list_user_identity_providers(clio)) == [], "the provider is still hers")
    for person in people:
        await remove_person(client, person)


async def authenticators(client: Client, reader: Client) -> None:
    listed = {one.key: one for one in await done(reader.list_authenticators())}
    ensure(set(listed) == CATALOGUE, "there are others", list(listed))
    totp, password, mail = (listed[key].id for key in ("google_otp", "okta_password", "okta_email"))
    await refused("one that there is not", "E0000007", client.get_authenticator("aut0123456789abcdefg"))
    await refused("switching by a reader", "E0000006", reader.deactivate_authenticator(totp))
    await refused("passwords switched off", "E0000001", client.deactivate_authenticator(password))
    for step, status in ((client.deactivate_authenticator, "INACTIVE"), (client.activate_authenticator, "ACTIVE")):
        ensure((await done(step(totp))).status == status, f"it is not {status}")
        ensure((await done(reader.get_authenticator(totp))).status == status, f"another read does not have it {status}")
    # What somebody can be asked for follows.
    me = (await done(client.get_user("me"))).id
    for step, offered in ((client.deactivate_authenticator_method, False), (client.activate_authenticator_method, True)):
        await done(step(totp, "otp"))
        kinds = [one.factor_type for one in await done(client.list_supported_factors(me))]
        ensure(("token:software:totp" in kinds) == offered, "the catalogue of means of proof does not follow", kinds)
    methods = await done(client.list_authenticator_methods(totp))
    ensure([(one.type, one.status) for one in methods] == [("otp", "ACTIVE")], "the methods are others", methods)
    method = await done(client.get_authenticator_method(totp, "otp"))
    ensure(method.pass_code_length == 6 and method.time_interval_in_seconds == 30, "codes are others", method)
    # As it was shown it can be sent back.
    same = await done(client.replace_authenticator_method(totp, "otp", method))
    ensure(same.to_dict() == method.to_dict(), "sent back, it is another one", same)
    method.pass_code_length = 8
    await refused("longer codes", "E0000001", client.replace_authenticator_method(totp, "otp", method))
    await refused("a method of another one", "E0000007", client.get_authenticator_method(totp, "sms"))
    by_reader = reader.replace_authenticator_method(totp, "otp", AuthenticatorMethodBase.from_dict({"type": "otp"}))
    await refused("a change by a reader", "E0000006", by_reader)
    await use_of_mail(client, mail)


async def use_of_mail(client: Client, mail: str) -> None:
    shown = await done(client.get_authenticator(mail))
    before = shown.settings.allowed_for
    shown.settings.allowed_for = "recovery"
    changed = await done(client.replace_authenticator(mail, shown))
    ensure(changed.settings.allowed_for == "recovery", "mail is used for something else", changed)
    ensure((await done(client.get_authenticator(mail))).settings.allowed_for == "recovery", "another read has the old use")
    changed.settings.allowed_for = before
    ensure((await done(client.replace_authenticator(mail, changed))).settings.allowed_for == before, "it is not back")
    renamed = AuthenticatorBase.from_dict(changed.to_dict() | {"name": "Post"})
    await refused("another name", "E0000001", client.replace_authenticator(mail, renamed))


async def walk(values: dict[str, Any]) -> dict[str, Any]:
    client, reader = client_of(values, values["token"]), client_of(values, values["reader_token"])
    await providers(values, client, reader)
    await authenticators(client, reader)
    note(f"{values['org_url']}: identity providers and authenticators")
    return {}


script(["org_url", "token", "reader_token"], lambda values: asyncio.run(walk(values)))
