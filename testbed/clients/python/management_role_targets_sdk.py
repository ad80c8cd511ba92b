"""PyPI `okta`, unmodified, as the script of a super administrator: standard roles that people, groups and apps hold over some
groups or apps alone, and who has a role at all; held against what somebody who may only look can do from that moment on.

Input: org_url, token (of an administrator), reader_token (of somebody who may only look), services (the ids of apps, of whom the
first proves itself by a key)."""

import asyncio
from typing import Any, Awaitable
from urllib.parse import parse_qs, urlsplit

import requests
from okta.client import Client
from okta.models import (
    AssignRoleToClientRequest,
    AssignRoleToGroupRequest,
    AssignRoleToUserRequest,
)

from script import REQUEST_TIMEOUT_SECS, ensure, note, script
from sdk import add_group, add_person, client_of, done, refused, remove_app, remove_person, web_app

PASSWORD = "a tall lighthouse in fog"
# The one kind of app that there is.
KIND = "oidc_client"
NO_GROUP = "00g0123456789abcdefg"


async def ids(call: Awaitable[Any]) -> list[str]:
    return sorted(one.id for one in await done(call))


class Scene:
    """Rosa, who may only look; two groups with somebody in each; two apps."""

    async def set_up(self, values: dict[str, Any]) -> None:
        self.base, self.headers = values["org_url"].rstrip("/"), {"Authorization": f"SSWS {values['token']}"}
        self.client, self.reader = client_of(values, values["token"]), client_of(values, values["reader_token"])
        self.rosa = (await done(self.reader.get_user("me"))).id
        self.groups = [await add_group(self.client, name) for name in ("Naxos", "Paros")]
        self.people = [await add_person(self.client, f"{name}@example.com", PASSWORD) for name in ("nike", "pandora")]
        for group, person in zip(self.groups, self.people):
            await done(self.client.assign_user_to_group(group, person))
        self.apps = [(await done(self.client.create_application(web_app(label)))).id for label in ("Harbour", "Quarry")]

    async def leave(self) -> None:
        for person in self.people:
            await remove_person(self.client, person)
        for group in self.groups:
            await done(self.client.delete_group(group))
        for one in self.apps:
            await remove_app(self.client, one)

    async def helps(self, *allowed: bool) -> None:
        """From whom rosa can take their means of proof; who is out of reach is not found."""
        code = "E0000007" if any(allowed) else "E0000006"
        for person, may in zip(self.people, allowed):
            if may:
                await done(self.reader.reset_factors(person))
            else:
                await refused("help for somebody else", code, self.reader.reset_factors(person))

    async def runs(self, *allowed: bool) -> None:
        """Which apps rosa can switch off and on."""
        code = "E0000007" if any(allowed) else "E0000006"
        for one, may in zip(self.apps, allowed):
            if may:
                await done(self.reader.deactivate_application(one))
                ensure((await done(self.client.get_application(one))).status == "INACTIVE", "the act did nothing")
                await done(self.reader.activate_application(one))
            else:
                await refused("another app switched off", code, self.reader.deactivate_application(one))


async def groups_of_a_person(scene: Scene) -> None:
    client, rosa, (naxos, paros) = scene.client, scene.rosa, scene.groups
    await scene.helps(False, False)
    asked = AssignRoleToUserRequest.from_dict({"type": "HELP_DESK_ADMIN"})
    role = (await done(client.assign_role_to_user(rosa, asked))).actual_instance.id
    await scene.helps(True, True)
    ensure(await ids(client.list_group_targets_for_role(rosa, role)) == [], "a new role is narrowed")
    await refused("a target by a reader", "E0000006", scene.reader.assign_group_target_to_user_role(rosa, role, naxos))
    await refused("a group that there is not", "E0000007", client.assign_group_target_to_user_role(rosa, role, NO_GROUP))
    await refused("an app of that role", "E0000091", client.assign_app_target_to_admin_role_for_user(rosa, role, KIND))
    await done(client.assign_group_target_to_user_role(rosa, role, naxos))
    await scene.helps(True, False)
    await done(client.assign_group_target_to_user_role(rosa, role, paros))
    await scene.helps(True, True)
    ensure(await ids(client.list_group_targets_for_role(rosa, role)) == sorted(scene.groups), "the targets are others")
    whole = await done(client.get_role_targets_by_user_id_and_role_id(rosa, role))
    ensure(sorted(one.orn.rsplit(":", 1)[1] for one in whole) == sorted(scene.groups), "the targets are named otherwise", whole)
    await done(client.unassign_group_target_from_user_admin_role(rosa, role, naxos))
    await scene.helps(False, True)
    last = client.unassign_group_target_from_user_admin_role(rosa, role, paros)
    await refused("a narrowed role made a whole one", "E0000001", last)
    await done(client.unassign_role_from_user(rosa, role))
    await scene.helps(False, False)
    await refused("targets of what she has not", "E0000007", client.list_group_targets_for_role(rosa, role))


async def apps_of_a_person(scene: Scene) -> None:
    client, rosa, (harbour, quarry) = scene.client, scene.rosa, scene.apps
    await scene.runs(False, False)
    asked = AssignRoleToUserRequest.from_dict({"type": "APP_ADMIN"})
    role = (await done(client.assign_role_to_user(rosa, asked))).actual_instance.id
    await scene.runs(True, True)
    await done(client.assign_app_instance_target_to_app_admin_role_for_user(rosa, role, KIND, harbour))
    await scene.runs(True, False)
    listed = await done(client.list_application_targets_for_application_administrator_role_for_user(rosa, role))
    ensure([(one.id, one.name) for one in listed] == [(harbour, KIND)], "the targets are others", listed)
    await done(client.assign_app_instance_target_to_app_admin_role_for_user(rosa, role, KIND, quarry))
    await done(client.unassign_app_instance_target_from_admin_role_for_user(rosa, role, KIND, harbour))
    await scene.runs(False, True)
    await done(client.assign_all_apps_as_target_to_role_for_user(rosa, role))
    await scene.runs(True, True)
    left = await done(client.list_application_targets_for_application_administrator_role_for_user(rosa, role))
    ensure(left == [], "the role is still narrowed", left)
    await refused("a kind that there is not", "E0000007", client.assign_app_target_to_admin_role_for_user(rosa, role, "salesforce"))
    await done(client.assign_app_instance_target_to_app_admin_role_for_user(rosa, role, KIND, quarry))
    await done(client.assign_app_target_to_admin_role_for_user(rosa, role, KIND))
    await scene.runs(True, True)
    one_more = client.assign_app_instance_target_to_app_admin_role_for_user(rosa, role, KIND, harbour)
    await refused("one of the kind beside all of it", "E0000001", one_more)
    await done(client.unassign_app_target_from_app_admin_role_for_user(rosa, role, KIND))
    await scene.runs(False, True)
    await done(client.unassign_role_from_user(rosa, role))
    await scene.runs(False, False)


async def roles_of_a_group(scene: Scene) -> None:
    """Whoever is in the group has the role."""
    client, (naxos, paros), (harbour, _) = scene.client, scene.groups, scene.apps
    helpers = await add_group(client, "Helpers")
    await done(client.assign_user_to_group(helpers, scene.rosa))
    desk = AssignRoleToGroupRequest.from_dict({"type": "HELP_DESK_ADMIN"})
    await refused("a role of a group by a reader", "E0000006", scene.reader.assign_role_to_group(helpers, desk))
    # What was given is read from the list: this client has no class for the answer 201.
    await done(client.assign_role_to_group(helpers, desk))
    (role,) = await ids_of_roles(client.list_group_assigned_roles(helpers))
    await refused("a role that it has", "E0000090", client.assign_role_to_group(helpers, desk))
    shown = (await done(client.get_group_assigned_role(helpers, role))).actual_instance
    ensure(shown.type == "HELP_DESK_ADMIN" and shown.assignment_type == "GROUP", "the role is another one", shown)
    await scene.helps(True, True)
    await done(client.assign_group_target_to_group_admin_role(helpers, role, naxos))
    await done(client.assign_group_target_to_group_admin_role(helpers, role, paros))
    ensure(await ids(client.list_group_targets_for_group_role(helpers, role)) == sorted(scene.groups), "the targets are others")
    await done(client.unassign_group_target_from_group_admin_role(helpers, role, paros))
    await scene.helps(True, False)
    await done(client.unassign_role_from_group(helpers, role))
    await scene.helps(False, False)
    await refused("a role that was taken", "E0000007", client.get_group_assigned_role(helpers, role))
    runs = AssignRoleToGroupRequest.from_dict({"type": "APP_ADMIN"})
    await done(client.assign_role_to_group(helpers, runs))
    (role,) = await ids_of_roles(client.list_group_assigned_roles(helpers))
    await done(client.assign_app_instance_target_to_app_admin_role_for_group(helpers, role, KIND, harbour))
    await done(client.assign_app_target_to_admin_role_for_group(helpers, role, KIND))
    await scene.runs(True, True)
    listed = await done(client.list_application_targets_for_application_administrator_role_for_group(helpers, role))
    ensure(harbour in [one.id for one in listed], "the targets are others", listed)
    await done(client.unassign_app_target_to_admin_role_for_group(helpers, role, KIND))
    await scene.runs(True, False)
    last = client.unassign_app_instance_target_to_app_admin_role_for_group(helpers, role, KIND, harbour)
    await refused("a narrowed role made a whole one", "E0000001", last)
    await done(client.unassign_role_from_group(helpers, role))
    await scene.runs(False, False)
    await done(client.delete_group(helpers))


async def ids_of_roles(call: Awaitable[Any]) -> list[str]:
    return sorted(one.actual_instance.id for one in await done(call))


async def given(scene: Scene, service: str, word: str) -> str:
    """The id under which an app has a role that it is given."""
    answer = requests.post(
        f"{scene.base}/oauth2/v1/clients/{service}/roles", json={"type": word}, headers=scene.headers, timeout=REQUEST_TIMEOUT_SECS)
    ensure(answer.status_code in (200, 201), "the role was not given", answer.text)
    return answer.json()["id"]


async def roles_of_an_app(scene: Scene, service: str) -> None:
    client, (naxos, paros), (harbour, _) = scene.client, scene.groups, scene.apps
    desk = AssignRoleToClientRequest.from_dict({"type": "HELP_DESK_ADMIN"})
    await refused("a role of an app by a reader", "E0000006", scene.reader.assign_role_to_client(service, desk))
    # This client reads no role of an app, by whatever name, since it cannot tell its classes apart.
    role = await given(scene, service, "HELP_DESK_ADMIN")
    for group in (naxos, paros):
        await done(client.assign_group_target_role_for_client(service, role, group))
    ensure(await ids(client.list_group_target_role_for_client(service, role)) == sorted(scene.groups), "the targets are others")
    await done(client.remove_group_target_role_from_client(service, role, naxos))
    ensure(await ids(client.list_group_target_role_for_client(service, role)) == [paros], "another target is left")
    await done(client.delete_role_from_client(service, role))
    await refused("a role that was taken", "E0000007", client.retrieve_client_role(service, role))
    role = await given(scene, service, "APP_ADMIN")
    await done(client.assign_app_target_instance_role_for_client(service, role, KIND, harbour))
    await done(client.assign_app_target_role_to_client(service, role, KIND))
    listed = await done(client.list_app_target_role_to_client(service, role))
    ensure(harbour in [one.id for one in listed], "the targets are others", listed)
    await done(client.remove_app_target_role_from_client(service, role, KIND))
    last = client.remove_app_target_instance_role_for_client(service, role, KIND, harbour)
    await refused("a narrowed role made a whole one", "E0000001", last)
    await done(client.delete_role_from_client(service, role))
    await refused("a role that was taken", "E0000007", client.retrieve_client_role(service, role))


async def assignees(scene: Scene) -> None:
    async def walk(by: Client) -> list[str]:
        """One after the other, by the link in the body."""
        found: list[str] = []
        after = None
        while True:
            page = await done(by.list_users_with_role_assignments(limit=1, after=after))
            found.extend(one.id for one in page.value)
            following = page.links.next if page.links else None
            if following is None:
                return found
            after = parse_qs(urlsplit(following.href).query)["after"][0]

    ada = (await done(scene.client.get_user("me"))).id
    ensure(sorted(await walk(scene.reader)) == sorted([ada, scene.rosa]), "others have roles")
    asked = AssignRoleToUserRequest.from_dict({"type": "REPORT_ADMIN"})
    role = (await done(scene.client.assign_role_to_user(scene.people[0], asked))).actual_instance.id
    ensure(scene.people[0] in await walk(scene.client), "a new one is not listed")
    await done(scene.client.unassign_role_from_user(scene.people[0], role))
    ensure(scene.people[0] not in await walk(scene.client), "who has no role is listed")


async def walk(values: dict[str, Any]) -> dict[str, Any]:
    scene = Scene()
    await scene.set_up(values)
    await groups_of_a_person(scene)
    await apps_of_a_person(scene)
    await roles_of_a_group(scene)
    await roles_of_an_app(scene, values["services"][0])
    await assignees(scene)
    await scene.leave()
    note(f"{values['org_url']}: targets of roles, and who has one")
    return {}


script(["org_url", "token", "reader_token", "services"], lambda values: asyncio.run(walk(values)))
