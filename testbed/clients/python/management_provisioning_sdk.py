"""PyPI `okta`, unmodified, as the script of an administrator who provisions people and groups to an app: the connection to its
SCIM server, what is done there, and groups that are pushed; held against what arrives at that server.

Input: org_url, token (of an administrator), reader_token (of somebody who may only look), peer (the address of the SCIM server),
peer_token (by which it knows us)."""

import asyncio
import time
from typing import Any, Callable

import requests
from okta.client import Client
from okta.models import (
    ApplicationFeatureType,
    AppUserAssignRequest,
    CapabilitiesInboundProvisioningObject,
    CapabilitiesObject,
    CreateGroupPushMappingRequest,
    ProvisioningConnectionTokenRequest,
    UpdateDefaultProvisioningConnectionForApplicationRequest,
    UpdateFeatureForApplicationRequest,
    UpdateGroupPushMappingRequest,
)

from script import REQUEST_TIMEOUT_SECS, ensure, note, script
from sdk import add_group, add_person, client_of, done, refused, remove_app, remove_person, web_app

LOGIN = "terpsichore@example.com"
PASSWORD = "a tall lighthouse in fog"
OUTWARD, INWARD = ApplicationFeatureType.USER_PROVISIONING, ApplicationFeatureType.INBOUND_PROVISIONING
ARRIVAL_SECS = 120


class Peer:
    """The server, looked at from beside."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.base, self.token = values["peer"].rstrip("/"), values["peer_token"]

    def names(self, kind: str, name: str) -> list[dict[str, Any]]:
        query = {"filter": f'{name} eq "{LOGIN if kind == "Users" else "Muses"}"'}
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = requests.get(f"{self.base}/{kind}", params=query, headers=headers, timeout=REQUEST_TIMEOUT_SECS)
        ensure(answer.status_code == 200, f"{kind} are not listed", answer.text)
        return answer.json().get("Resources", [])

    async def arrives(self, what: str, look: Callable[[], bool]) -> None:
        """What is sent is sent in the background."""
        until = time.monotonic() + ARRIVAL_SECS
        while not look():
            ensure(time.monotonic() < until, f"{what} does not arrive")
            await asyncio.sleep(0.1)

    def account(self) -> bool | None:
        """Whether the account is switched on, if there is one."""
        users = self.names("Users", "userName")
        return users[0]["active"] if users else None

    def has_group(self) -> bool:
        return bool(self.names("Groups", "displayName"))


def connection(base: str, token: str | None) -> UpdateDefaultProvisioningConnectionForApplicationRequest:
    profile = {"authScheme": "TOKEN", "token": token}
    asked = ProvisioningConnectionTokenRequest.from_dict({"baseUrl": base, "profile": profile})
    return UpdateDefaultProvisioningConnectionForApplicationRequest(asked)


async def connect(values: dict[str, Any], client: Client, reader: Client, app: str) -> None:
    none = await done(reader.get_default_provisioning_connection_for_application(app))
    ensure(none.status == "UNKNOWN", "an app has a connection from the start", none)
    await refused("features of an app without a connection", "E0000001", client.list_features_for_application(app))
    asked = connection(values["peer"], values["peer_token"])
    set_up = client.update_default_provisioning_connection_for_application
    by_reader = reader.update_default_provisioning_connection_for_application(app, asked, activate=True)
    await refused("a connection by a reader", "E0000006", by_reader)
    await refused("a connection to nowhere", "E0000001", set_up(app, connection("nowhere", "x")))
    made = await done(set_up(app, asked))
    ensure((made.status, made.base_url) == ("DISABLED", values["peer"]), "the connection is not as asked for", made)
    ensure(values["peer_token"] not in made.to_str(), "the token is shown")
    await refused("the old token for another address", "E0000001", set_up(app, connection("https://evil.example/v2", None)))
    for step, status in (
        (client.activate_default_provisioning_connection_for_application, "ENABLED"),
        (client.deactivate_default_provisioning_connection_for_application, "DISABLED"),
        (client.activate_default_provisioning_connection_for_application, "ENABLED"),
    ):
        await done(step(app))
        seen = (await done(reader.get_default_provisioning_connection_for_application(app))).status
        ensure(seen == status, f"it is not {status}", seen)


async def features(client: Client, reader: Client, app: str) -> None:
    on, off = {"status": "ENABLED"}, {"status": "DISABLED"}

    def outward(**update: Any) -> UpdateFeatureForApplicationRequest:
        return UpdateFeatureForApplicationRequest(CapabilitiesObject.from_dict({"create": {"lifecycleCreate": on}, "update": update}))

    before = {one.name: one.status for one in await done(reader.list_features_for_application(app))}
    ensure(before == {OUTWARD: "DISABLED", INWARD: "ENABLED"}, "the features are others", before)
    asked = outward(profile=on, lifecycleDeactivate=on)
    await refused("a change by a reader", "E0000006", reader.update_feature_for_application(app, OUTWARD, asked))
    passwords = outward(password={"status": "ENABLED", "seed": "OKTA", "change": "CHANGE"})
    await refused("passwords that are sent", "E0000001", client.update_feature_for_application(app, OUTWARD, passwords))
    changed = await done(client.update_feature_for_application(app, OUTWARD, asked))
    ensure(changed.status == "ENABLED" and changed.capabilities.update.profile.status == "ENABLED", "it is not on", changed)
    seen = await done(reader.get_feature_for_application(app, OUTWARD))
    ensure(seen.capabilities.to_dict() == changed.capabilities.to_dict(), "another read has another one", seen)
    # As it was shown it can be sent back, and what is not named stays.
    again = UpdateFeatureForApplicationRequest(seen.capabilities)
    ensure((await done(client.update_feature_for_application(app, OUTWARD, again))).to_dict() == seen.to_dict(), "sent back, it is another one")
    inward = await done(client.get_feature_for_application(app, INWARD))
    matching = {"importRules": {"userCreateAndMatch": {"exactMatchCriteria": "EMAIL"}}, "importSettings": {"schedule": off}}
    by_mail = UpdateFeatureForApplicationRequest(CapabilitiesInboundProvisioningObject.from_dict(matching))
    changed = await done(client.update_feature_for_application(app, INWARD, by_mail))
    rule = changed.capabilities.import_rules.user_create_and_match
    ensure(rule.exact_match_criteria == "EMAIL", "people are found otherwise", changed)
    back = UpdateFeatureForApplicationRequest(inward.capabilities)
    ensure((await done(client.update_feature_for_application(app, INWARD, back))).to_dict() == inward.to_dict(), "it is not back")


async def people(client: Client, peer: Peer, app: str) -> str:
    person = await add_person(client, LOGIN, PASSWORD)
    await done(client.assign_user_to_application(app, AppUserAssignRequest.from_dict({"id": person, "scope": "USER"})))
    await peer.arrives("an account", lambda: peer.account() is True)
    await done(client.suspend_user(person))
    await peer.arrives("that it is off", lambda: peer.account() is False)
    await done(client.unsuspend_user(person))
    await peer.arrives("that it is on", lambda: peer.account() is True)
    return person


async def pushes(client: Client, reader: Client, peer: Peer, app: str) -> None:
    group = await add_group(client, "Muses")
    asked = CreateGroupPushMappingRequest(source_group_id=group, target_group_name="Muses")
    await refused("a push by a reader", "E0000006", reader.create_group_push_mapping(app, asked))
    unknown = CreateGroupPushMappingRequest(source_group_id="00g0123456789abcdefg", target_group_name="None")
    await refused("a group that there is not", "E0000001", client.create_group_push_mapping(app, unknown))
    made = await done(client.create_group_push_mapping(app, asked))
    ensure((made.source_group_id, made.status) == (group, "ACTIVE"), "the push is not as asked for", made)
    await peer.arrives("the group", peer.has_group)
    ensure((await done(reader.get_group_push_mapping(app, made.id))).id == made.id, "another read has another one")
    for query, found in (({"status": "ACTIVE"}, [made.id]), ({"status": "INACTIVE"}, []), ({"source_group_id": group}, [made.id])):
        listed = await done(client.list_group_push_mappings(app, **query))
        ensure([one.id for one in listed] == found, f"{query} finds others", listed)
    await refused("removing one that is on", "E0000001", client.delete_group_push_mapping(app, made.id, True))
    off = UpdateGroupPushMappingRequest(status="INACTIVE")
    await refused("switching by a reader", "E0000006", reader.update_group_push_mapping(app, made.id, off))
    ensure((await done(client.update_group_push_mapping(app, made.id, off))).status == "INACTIVE", "it is not switched off")
    await done(client.delete_group_push_mapping(app, made.id, True))
    await peer.arrives("that there is no group", lambda: not peer.has_group())
    await refused("a push that was removed", "E0000007", client.get_group_push_mapping(app, made.id))
    await done(client.delete_group(group))


async def walk(values: dict[str, Any]) -> dict[str, Any]:
    client, reader = client_of(values, values["token"]), client_of(values, values["reader_token"])
    peer = Peer(values)
    app = (await done(client.create_application(web_app("Choir")))).id
    await connect(values, client, reader, app)
    await features(client, reader, app)
    person = await people(client, peer, app)
    await pushes(client, reader, peer, app)
    await done(client.unassign_user_from_application(app, person))
    await peer.arrives("that the account is off", lambda: peer.account() is False)
    await remove_app(client, app)
    await remove_person(client, person)
    note(f"{values['org_url']}: provisioning to an app")
    return {}


script(["org_url", "token", "reader_token", "peer", "peer_token"], lambda values: asyncio.run(walk(values)))
