"""PyPI `okta`, unmodified, as the script of a super administrator: custom roles and what they permit, resource sets and what
they hold, and who is bound to a role over a set; held against what somebody who may only look can do from that moment on.

Input: org_url, token (of an administrator), reader_token (of somebody who may only look)."""

import asyncio
from typing import Any

from okta.client import Client
from okta.models import (
    AssignRoleToUserRequest,
    CreateIamRoleRequest,
    CreateResourceSetRequest,
    CreateUpdateIamRolePermissionRequest,
    ResourceSet,
    ResourceSetBindingAddMembersRequest,
    ResourceSetBindingCreateRequest,
    ResourceSetResourcePatchRequest,
    ResourceSetResourcePostRequest,
    UpdateIamRoleRequest,
)

from script import ensure, note, script
from sdk import add_group, add_person, client_of, done, refused, remove_person

PASSWORD = "a tall lighthouse in fog"
SUSPEND = "okta.users.lifecycle.suspend"
UNSUSPEND = "okta.users.lifecycle.unsuspend"


def role(label: str, *permissions: str) -> CreateIamRoleRequest:
    return CreateIamRoleRequest(label=label, description="Helps", permissions=list(permissions))


def resources(label: str, *named: str) -> CreateResourceSetRequest:
    return CreateResourceSetRequest(label=label, description="Of Samos", resources=list(named))


async def permitted(client: Client, role: str) -> list[str]:
    listed = await done(client.list_role_permissions(role))
    return sorted(one.label for one in listed.permissions)


async def roles(client: Client, reader: Client) -> str:
    """A role that permits to suspend people."""
    await refused("a role of a reader", "E0000006", reader.create_role(role("Desk", SUSPEND)))
    made = await done(client.create_role(role("Desk", "okta.users.read", SUSPEND)))
    ensure((made.label, made.description) == ("Desk", "Helps"), "the role is not as asked for", made)
    await refused("a second one of that label", "E0000001", client.create_role(role("DESK", SUSPEND)))
    await refused("what nothing enforces", "E0000001", client.create_role(role("Log", "okta.logs.read")))
    for named in (made.id, "Desk"):
        ensure((await done(client.get_role(named))).id == made.id, f"{named} is another role")
    ensure(made.id in [one.id for one in (await done(reader.list_roles())).roles], "the role is not listed")
    ensure(await permitted(client, made.id) == sorted(["okta.users.read", SUSPEND]), "it permits something else")
    await done(client.create_role_permission(made.id, UNSUSPEND))
    one = await done(client.get_role_permission(made.id, UNSUSPEND))
    ensure(one.label == UNSUSPEND, "the permission is another one", one)
    ensure(UNSUSPEND in await permitted(client, "Desk"), "it does not permit what was added")
    await done(client.delete_role_permission(made.id, UNSUSPEND))
    await refused("what was taken away", "E0000007", client.get_role_permission(made.id, UNSUSPEND))
    narrower = {"include": {"okta:ResourceAttribute/User/Profile": {"attributes": ["city"]}}}
    condition = CreateUpdateIamRolePermissionRequest.from_dict({"conditions": narrower})
    await refused("a condition", "E0000060", client.create_role_permission(made.id, "okta.users.manage", condition))
    await done(client.create_role_permission(made.id, UNSUSPEND))
    await refused("a permission by a reader", "E0000006", reader.create_role_permission(made.id, "okta.users.manage"))
    renamed = await done(client.replace_role(made.id, UpdateIamRoleRequest(label="Helpers", description="Help")))
    ensure((renamed.id, renamed.label) == (made.id, "Helpers"), "the role was not renamed", renamed)
    await refused("the label that it had", "E0000007", client.get_role("Desk"))
    return made.id


async def sets(client: Client, reader: Client, base: str, samos: str) -> str:
    """A set that holds whoever is in a group."""
    people = f"{base}/api/v1/groups/{samos}/users"
    await refused("a set of a reader", "E0000006", reader.create_resource_set(resources("Samos", people)))
    nobody = f"{base}/api/v1/groups/00g0123456789abcdefg/users"
    await refused("a set of a group that there is not", "E0000001", client.create_resource_set(resources("None", nobody)))
    made = await done(client.create_resource_set(resources("Samos", people)))
    ensure(made.label == "Samos", "the set is not as asked for", made)
    for named in (made.id, "samos"):
        ensure((await done(reader.get_resource_set(named))).id == made.id, f"{named} is another set")
    ensure(made.id in [one.id for one in (await done(client.list_resource_sets())).resource_sets], "the set is not listed")
    changed = await done(client.replace_resource_set(made.id, ResourceSet(label="Island", description="Of Samos")))
    ensure((changed.id, changed.label) == (made.id, "Island"), "the set was not renamed", changed)
    apps = ResourceSetResourcePatchRequest(additions=[f"{base}/api/v1/apps"])
    await done(client.add_resource_set_resources(made.id, apps))
    asked = ResourceSetResourcePostRequest.from_dict({"resourceOrnOrUrl": f"{base}/api/v1/groups/{samos}", "conditions": {}})
    added = await done(client.add_resource_set_resource(made.id, asked))
    shown = await done(client.get_resource_set_resource(made.id, added.id))
    ensure(shown.orn == added.orn and samos in shown.orn, "the resource is another one", shown)
    held = (await done(client.list_resource_set_resources(made.id))).resources
    ensure(len(held) == 3 and added.id in [one.id for one in held], "the set holds something else", held)
    await refused("an addition by a reader", "E0000006", reader.add_resource_set_resources(made.id, apps))
    for one in held:
        if one.id == added.id or one.orn.endswith(":apps"):
            await done(client.delete_resource_set_resource(made.id, one.id))
    await refused("a resource that was taken out", "E0000007", client.get_resource_set_resource(made.id, added.id))
    left = (await done(client.list_resource_set_resources(made.id))).resources
    ensure(len(left) == 1, "something else is left", left)
    return made.id


async def status(client: Client, person: str) -> str:
    return (await done(client.get_user(person))).status


class Scene:
    """Rosa, who may only look, and two people of whom one lives on the island."""

    def __init__(self, client: Client, reader: Client, base: str) -> None:
        self.client, self.reader, self.base = client, reader, base
        self.rosa, self.inside, self.outside, self.samos = "", "", "", ""

    async def set_up(self) -> None:
        self.rosa = (await done(self.reader.get_user("me"))).id
        self.inside = await add_person(self.client, "aspasia@example.com", PASSWORD)
        self.outside = await add_person(self.client, "elpis@example.com", PASSWORD)
        self.samos = await add_group(self.client, "Samos")
        await done(self.client.assign_user_to_group(self.samos, self.inside))

    async def can_help_inside_alone(self) -> None:
        await done(self.reader.suspend_user(self.inside))
        ensure(await status(self.client, self.inside) == "SUSPENDED", "the act did nothing")
        await done(self.reader.unsuspend_user(self.inside))
        await refused("an act outside of the set", "E0000007", self.reader.suspend_user(self.outside))
        await refused("what the role does not permit", "E0000006", self.reader.deactivate_user(self.inside))
        ensure(await status(self.client, self.outside) == "ACTIVE", "a refused act did something")

    async def can_help_nobody(self) -> None:
        await refused("an act without the role", "E0000006", self.reader.suspend_user(self.inside))
        ensure(await status(self.client, self.inside) == "ACTIVE", "a refused act did something")

    async def leave(self) -> None:
        await remove_person(self.client, self.inside)
        await remove_person(self.client, self.outside)
        await done(self.client.delete_group(self.samos))


async def bindings(scene: Scene, role: str, held: str) -> None:
    client, rosa = scene.client, f"{scene.base}/api/v1/users/{scene.rosa}"
    await scene.can_help_nobody()
    asked = ResourceSetBindingCreateRequest(role=role, members=[rosa])
    await refused("a role that a reader takes", "E0000006", scene.reader.create_resource_set_binding(held, asked))
    elsewhere = ResourceSetBindingCreateRequest(role=role, members=["https://elsewhere.example/api/v1/users/00u"])
    await refused("somebody of elsewhere", "E0000001", client.create_resource_set_binding(held, elsewhere))
    await done(client.create_resource_set_binding(held, asked))
    await scene.can_help_inside_alone()
    ensure([one.id for one in (await done(client.list_bindings(held))).roles] == [role], "the binding is not listed")
    ensure((await done(client.get_binding(held, role))).id == role, "the binding is another one")
    group = ResourceSetBindingAddMembersRequest(additions=[f"{scene.base}/api/v1/groups/{scene.samos}"])
    await done(client.add_members_to_binding(held, role, group))
    members = (await done(client.list_members_of_binding(held, role))).members
    hers = [one for one in members if one.links.var_self.href == rosa]
    ensure(len(members) == 2 and len(hers) == 1, "the members are others", members)
    ensure((await done(client.get_member_of_binding(held, role, hers[0].id))).id == hers[0].id, "the member is another one")
    # The same is an assignment of hers.
    own = [one.actual_instance for one in await done(client.list_assigned_roles_for_user(scene.rosa))]
    custom = [one for one in own if one.type == "CUSTOM"]
    ensure([(one.label, one.resource_set) for one in custom] == [("Helpers", held)], "it is no assignment of hers", own)
    await refused("removing a role that is held", "E0000001", client.delete_role(role))
    await refused("removing a set over which one is held", "E0000001", client.delete_resource_set(held))
    await done(client.unassign_member_from_binding(held, role, hers[0].id))
    await scene.can_help_nobody()
    await refused("a member who left", "E0000007", client.get_member_of_binding(held, role, hers[0].id))
    await done(client.delete_binding(held, role))
    await refused("a binding that was ended", "E0000007", client.get_binding(held, role))


async def assignments(scene: Scene, role: str, held: str) -> None:
    client = scene.client
    asked = AssignRoleToUserRequest.from_dict({"type": "CUSTOM", "role": role, "resource-set": held})
    given = (await done(client.assign_role_to_user(scene.rosa, asked))).actual_instance
    ensure((given.role, given.resource_set) == (role, held), "another role was given", given)
    await refused("the same once more", "E0000090", client.assign_role_to_user(scene.rosa, asked))
    await scene.can_help_inside_alone()
    seen = (await done(client.get_user_assigned_role(scene.rosa, given.id))).actual_instance
    ensure(seen.label == "Helpers", "the assignment is another one", seen)
    await done(client.unassign_role_from_user(scene.rosa, given.id))
    await scene.can_help_nobody()


async def walk(values: dict[str, Any]) -> dict[str, Any]:
    client, reader = client_of(values, values["token"]), client_of(values, values["reader_token"])
    scene = Scene(client, reader, values["org_url"].rstrip("/"))
    await scene.set_up()
    role = await roles(client, reader)
    held = await sets(client, reader, scene.base, scene.samos)
    await bindings(scene, role, held)
    await assignments(scene, role, held)
    await refused("removing by a reader", "E0000006", reader.delete_resource_set(held))
    await done(client.delete_resource_set(held))
    await refused("a set that was removed", "E0000007", client.get_resource_set(held))
    await done(client.delete_role(role))
    await refused("a role that was removed", "E0000007", client.get_role(role))
    await scene.leave()
    note(f"{values['org_url']}: custom roles, resource sets and bindings")
    return {}


script(["org_url", "token", "reader_token"], lambda values: asyncio.run(walk(values)))
