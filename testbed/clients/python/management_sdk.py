"""PyPI `okta`, unmodified, as the script of an administrator: people, groups, rules and apps added, paged, searched, changed, led
through the life cycle, assigned and removed, roles given and taken, and the system log followed.

Input: org_url, token (of an administrator), reader_token (of somebody who may only look), services (the ids
of the apps that are there already)."""

import asyncio
import time
from typing import Any, Awaitable, Callable
from urllib.parse import parse_qs, urlsplit

from okta.client import Client
from okta.models import (
    AddGroupRequest,
    AppUserAssignRequest,
    AssignGroupOwnerRequestBody,
    AssignRoleToUserRequest,
    CreateGroupRuleRequest,
    CreateUserRequest,
    GroupRule,
    OpenIdConnectApplication,
    UpdateUserRequest,
)

from script import ensure, note, script
from sdk import client_of, done, refused

PASSWORD = "a tall lighthouse in fog"
CROWD = 13
PAGE = 4
WAIT_SECS = 30


def next_cursor(headers: Any) -> str | None:
    """The cursor of the `Link` header, taken apart at commas as this client itself does."""
    links = headers.getall("Link", []) if hasattr(headers, "getall") else [headers.get("Link", "")]
    for part in ",".join(links).split(","):
        if 'rel="next"' in part:
            address = part.split("<", 1)[1].split(">", 1)[0]
            return parse_qs(urlsplit(address).query)["after"][0]
    return None


async def all_pages(ask: Callable[[str | None], Awaitable[Any]]) -> list[Any]:
    found: list[Any] = []
    after = None
    while True:
        things, response, error = await ask(after)
        ensure(error is None, "a page was refused", error)
        ensure(len(things) <= PAGE, "a page is longer than asked for", len(things))
        found.extend(things)
        after = next_cursor(response.headers)
        if after is None:
            return found


def somebody(login: str, password: bool = True) -> CreateUserRequest:
    body: dict[str, Any] = {"profile": {"login": login, "email": login, "firstName": "Grace", "lastName": "Hopper"}}
    if password:
        body["credentials"] = {"password": {"value": PASSWORD}}
    return CreateUserRequest.from_dict(body)


async def people(client: Client) -> str:
    grace = await done(client.create_user(somebody("grace@example.com"), activate=True))
    ensure(grace.status == "ACTIVE" and grace.profile.login == "grace@example.com", "the person is not as asked for", grace)
    await refused("a second one of that login", "E0000001", client.create_user(somebody("GRACE@example.com")))
    for name in (grace.id, "grace@example.com"):
        ensure((await done(client.get_user(name))).id == grace.id, f"{name} is somebody else")
    await refused("nobody", "E0000007", client.get_user("nobody@example.com"))
    for number in range(CROWD):
        await done(client.create_user(somebody(f"crowd{number}@example.com", password=False), activate=False))
    everybody = await all_pages(lambda after: client.list_users(limit=PAGE, after=after))
    ids = [person.id for person in everybody]
    # The two administrators are there as well.
    ensure(len(set(ids)) == len(ids) == CROWD + 3, "pages leave somebody out or show somebody twice", len(ids))
    return grace.id


async def search(client: Client, grace: str) -> None:
    for more in (
        {"search": 'profile.login eq "grace@example.com"'},
        {"search": 'status eq "ACTIVE" and profile.lastName sw "Hop"'},
        {"filter": 'profile.email eq "grace@example.com"'},
        {"q": "grace@"},
    ):
        found = await done(client.list_users(**more))
        ensure([person.id for person in found] == [grace], f"{more} finds others", [person.profile.login for person in found])
    staged = await all_pages(lambda after: client.list_users(search='status eq "STAGED"', limit=PAGE, after=after))
    ensure(len(staged) == CROWD, "the staged are not all found", len(staged))
    await refused("what no index answers", "E0000031", client.list_users(search='profile.email co "grace"'))
    await refused("a filter beside a search", "E0000033", client.list_users(search="id pr", filter="id pr"))


async def change(client: Client, grace: str) -> None:
    part = UpdateUserRequest.from_dict({"profile": {"lastName": "Murray"}})
    changed = await done(client.update_user(grace, part))
    ensure((changed.profile.first_name, changed.profile.last_name) == ("Grace", "Murray"), "the change took more or less", changed.profile)
    whole = {"login": "grace", "email": "grace@example.com", "firstName": "G", "lastName": "H"}
    replaced = await done(client.replace_user(grace, UpdateUserRequest.from_dict({"profile": whole})))
    ensure(replaced.profile.login == "grace", "the profile was not replaced", replaced.profile)
    await refused("a stale change", "E0000231", client.update_user(grace, part, if_match='W/"1"'))
    for step, status in (
        (client.suspend_user, "SUSPENDED"),
        (client.unsuspend_user, "ACTIVE"),
        (client.expire_password, "PASSWORD_EXPIRED"),
        (client.deactivate_user, "DEPROVISIONED"),
        (client.activate_user, "PASSWORD_EXPIRED"),
    ):
        await done(step(grace))
        seen = (await done(client.get_user(grace))).status
        ensure(seen == status, f"after {step.__name__} it is not {status}", seen)
    await done(client.reset_password(grace, send_email=True))
    await refused("suspending who is not active", "E0000038", client.unsuspend_user(grace))


async def owners(client: Client, group: str, other: str, grace: str) -> None:
    for kind, owner in (("USER", grace), ("GROUP", other)):
        body = AssignGroupOwnerRequestBody.from_dict({"id": owner, "type": kind})
        added = await done(client.assign_group_owner(group, body))
        ensure((added.id, added.type, added.origin_type) == (owner, kind, "OKTA_DIRECTORY"), "the owner is another one", added)
        await refused("an owner twice", "E0000001", client.assign_group_owner(group, body))
    listed = await all_pages(lambda after: client.list_group_owners(group, limit=1, after=after))
    ensure({owner.id for owner in listed} == {grace, other}, "the owners are not all listed", listed)
    people_alone = await done(client.list_group_owners(group, search='type eq "USER"'))
    ensure([owner.id for owner in people_alone] == [grace], "the search finds others", people_alone)
    await done(client.delete_group_owner(group, grace))
    await refused("an owner who is none", "E0000007", client.delete_group_owner(group, grace))
    ensure([owner.id for owner in await done(client.list_group_owners(group))] == [other], "she owns it still")


async def groups(client: Client, grace: str) -> None:
    def named(name: str) -> AddGroupRequest:
        return AddGroupRequest.from_dict({"profile": {"name": name, "description": "Who builds"}})

    made = [await done(client.add_group(named(f"Team {number}"))) for number in range(PAGE + 2)]
    await refused("a second one of that name", "E0000001", client.add_group(named("TEAM 1")))
    listed = await all_pages(lambda after: client.list_groups(limit=PAGE, after=after))
    ensure({group.id for group in listed} == {group.id for group in made}, "the groups are not all listed")
    found = await done(client.list_groups(search='profile.name eq "team 1"'))
    ensure([group.id for group in found] == [made[1].id], "the group is not found by name")
    team = made[0].id
    renamed = await done(client.replace_group(team, named("Builders")))
    ensure(renamed.id == team, "the group is another one", renamed)
    ensure((await done(client.get_group(team))).to_dict()["profile"]["name"] == "Builders", "the group was not renamed")
    await done(client.assign_user_to_group(team, grace))
    members = await done(client.list_group_users(team))
    ensure([person.id for person in members] == [grace], "she is not a member")
    hers = await done(client.list_user_groups(grace))
    ensure([group.id for group in hers] == [team], "the group is not among hers")
    await done(client.unassign_user_from_group(team, grace))
    ensure(not await done(client.list_group_users(team)), "she is still a member")
    await owners(client, team, made[1].id, grace)
    for group in made:
        await done(client.delete_group(group.id))
    await refused("a group that was removed", "E0000007", client.get_group(team))


def rule(name: str, expression: str, group: str) -> dict[str, Any]:
    return {
        "type": "group_rule",
        "name": name,
        "conditions": {"expression": {"type": "urn:okta:expression:1.0", "value": expression}},
        "actions": {"assignUserToGroups": {"groupIds": [group]}},
    }


async def is_filled(client: Client, group: str, expected: list[str]) -> None:
    """What a rule does to everybody is done in the background."""
    until = time.monotonic() + WAIT_SECS
    members: list[str] | None = None
    while members != expected and time.monotonic() < until:
        members = [person.id for person in await done(client.list_group_users(group))]
    ensure(members == expected, "the members of the group are others", members)


async def rules(client: Client, grace: str) -> None:
    team = (await done(client.add_group(AddGroupRequest.from_dict({"profile": {"name": "Graces"}})))).id
    body = rule("Every G", 'user.firstName=="G" and !isMemberOfGroupName("Staff")', team)
    made = await done(client.create_group_rule(CreateGroupRuleRequest.from_dict(body)))
    ensure((made.status, made.name, made.type) == ("INACTIVE", "Every G", "group_rule"), "the rule is not as asked for", made)
    await refused("a second one of that name", "E0000001", client.create_group_rule(CreateGroupRuleRequest.from_dict(body)))
    wrong = CreateGroupRuleRequest.from_dict(rule("Wrong", "user.firstName", team))
    await refused("what is no condition", "E0000001", client.create_group_rule(wrong))
    await done(client.activate_group_rule(made.id))
    await is_filled(client, team, [grace])
    seen = await done(client.get_group_rule(made.id, expand="groupIdToGroupNameMap"))
    ensure(seen.status == "ACTIVE" and seen.actions.assign_user_to_groups.group_ids == [team], "the rule is not shown", seen)
    await refused("changing an active rule", "E0000001", client.replace_group_rule(made.id, GroupRule.from_dict(body)))
    await refused("removing an active rule", "E0000001", client.delete_group_rule(made.id))
    await done(client.update_user(grace, UpdateUserRequest.from_dict({"profile": {"firstName": "Grace"}})))
    await is_filled(client, team, [])
    await done(client.deactivate_group_rule(made.id))
    seen.conditions.expression.value = 'String.startsWith(user.firstName, "Gr") and user.login == "grace"'
    seen.status = None
    changed = await done(client.replace_group_rule(made.id, seen))
    ensure(changed.conditions.expression.value == seen.conditions.expression.value, "the rule was not changed", changed)
    await done(client.activate_group_rule(made.id))
    await is_filled(client, team, [grace])
    listed = await done(client.list_group_rules(limit=PAGE, search="every g"))
    ensure([one.id for one in listed] == [made.id], "the rule is not listed", listed)
    await done(client.deactivate_group_rule(made.id))
    await done(client.delete_group_rule(made.id, remove_users=True))
    await is_filled(client, team, [])
    await refused("a rule that was removed", "E0000007", client.get_group_rule(made.id))
    await done(client.delete_group(team))
    await done(client.update_user(grace, UpdateUserRequest.from_dict({"profile": {"firstName": "G"}})))


def web_app(label: str) -> OpenIdConnectApplication:
    return OpenIdConnectApplication.from_dict({
        "name": "oidc_client",
        "label": label,
        "signOnMode": "OPENID_CONNECT",
        "credentials": {"oauthClient": {"token_endpoint_auth_method": "client_secret_basic"}},
        "settings": {"oauthClient": {
            "application_type": "web",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "redirect_uris": ["https://wiki.example.com/callback"],
            "initiate_login_uri": "https://wiki.example.com/",
        }},
    })


async def apps(client: Client, grace: str, services: list[str]) -> None:
    made = [await done(client.create_application(web_app(f"App {number}"))) for number in range(PAGE + 2)]
    app = made[0]
    proof = app.credentials.oauth_client
    ensure(app.status == "ACTIVE" and proof.client_id == app.id and proof.client_secret, "the app is not as asked for", app)
    ensure(proof.pkce_required is True, "PKCE was not asked for", proof)
    await refused("a second app of that label", "E0000001", client.create_application(web_app("APP 1")))
    listed = await all_pages(lambda after: client.list_applications(limit=PAGE, after=after))
    there = sorted([one.id for one in made] + services)
    ensure(sorted(one.id for one in listed) == there, "the apps are not each listed once", [one.id for one in listed])
    for more in ({"q": "app 1"}, {"filter": f'id eq "{made[1].id}" and status eq "ACTIVE"'}):
        found = await done(client.list_applications(**more))
        ensure([one.id for one in found] == [made[1].id], f"{more} finds others", [one.label for one in found])
    await refused("what no index answers", "E0000031", client.list_applications(filter='label eq "App 1"'))
    whole = await done(client.get_application(app.id))
    ensure(whole.credentials.oauth_client.client_secret is None, "the secret is shown a second time")
    whole.label = "Wiki"
    changed = await done(client.replace_application(app.id, whole))
    ensure(changed.label == "Wiki", "the app was not renamed", changed.label)
    ensure(changed.settings.oauth_client.redirect_uris == ["https://wiki.example.com/callback"], "the app lost its address", changed)
    await assignments(client, app.id, grace)
    await credentials(client, app.id)
    await refused("removing an app that is in use", "E0000056", client.delete_application(app.id))
    for step, status in ((client.deactivate_application, "INACTIVE"), (client.activate_application, "ACTIVE")):
        await done(step(app.id))
        seen = (await done(client.get_application(app.id))).status
        ensure(seen == status, f"after {step.__name__} it is not {status}", seen)
    for one in made:
        await done(client.deactivate_application(one.id))
        await done(client.delete_application(one.id))
    await refused("an app that was removed", "E0000007", client.get_application(app.id))


async def assignments(client: Client, app: str, grace: str) -> None:
    assigned = await done(client.assign_user_to_application(app, AppUserAssignRequest.from_dict({"id": grace, "scope": "USER"})))
    ensure((assigned.id, assigned.scope) == (grace, "USER"), "the app is not assigned to her", assigned)
    people = await done(client.list_application_users(app, limit=PAGE))
    ensure([person.id for person in people] == [grace], "she is not among the people of the app")
    found = await done(client.list_applications(filter=f'user.id eq "{grace}"'))
    ensure([one.id for one in found] == [app], "the app is not among hers")
    links = await done(client.list_app_links(grace))
    ensure([link.app_instance_id for link in links] == [app], "the app is not on her page", links)
    await done(client.unassign_user_from_application(app, grace))
    await refused("what was taken from her", "E0000007", client.get_application_user(app, grace))
    team = (await done(client.add_group(AddGroupRequest.from_dict({"profile": {"name": "Readers"}})))).id
    await done(client.assign_user_to_group(team, grace))
    await done(client.assign_group_to_application(app, team))
    through = await done(client.get_application_user(app, grace))
    ensure(through.scope == "GROUP", "the app did not come through the group", through)
    groups_of_app = await done(client.list_application_group_assignments(app))
    apps_of_group = await done(client.list_assigned_applications_for_group(team))
    ensure([one.id for one in groups_of_app] == [team], "the group is not among those of the app")
    ensure((await done(client.get_application_group_assignment(app, team))).id == team, "another group has the app")
    ensure([one.id for one in apps_of_group] == [app], "the app is not among those of the group")
    await done(client.unassign_application_from_group(app, team))
    ensure(not await done(client.list_application_users(app)), "somebody is left")
    await done(client.delete_group(team))


async def credentials(client: Client, app: str) -> None:
    old = (await done(client.list_o_auth2_client_secrets(app)))[0].id
    await refused("switching off the only secret", "E0000001", client.deactivate_o_auth2_client_secret(app, old))
    new = await done(client.create_o_auth2_client_secret(app))
    ensure(new.client_secret and new.status == "ACTIVE", "the new secret is not shown", new.id)
    ensure((await done(client.get_o_auth2_client_secret(app, new.id))).status == "ACTIVE", "another read has another secret")
    await refused("removing a secret that is accepted", "E0000001", client.delete_o_auth2_client_secret(app, old))
    off = await done(client.deactivate_o_auth2_client_secret(app, old))
    ensure(off.status == "INACTIVE", "the old secret is not switched off", off)
    on = await done(client.activate_o_auth2_client_secret(app, old))
    ensure(on.status == "ACTIVE", "the old secret is not switched on", on)
    await done(client.deactivate_o_auth2_client_secret(app, old))
    await done(client.delete_o_auth2_client_secret(app, old))
    left = await done(client.list_o_auth2_client_secrets(app))
    ensure([secret.id for secret in left] == [new.id], "another secret is left", left)
    ensure(await done(client.list_jwk(app)) == [], "the app has keys")


def role_named(word: str) -> AssignRoleToUserRequest:
    return AssignRoleToUserRequest.from_dict({"type": word})


async def roles(client: Client, grace: str) -> None:
    for word in ("HELP_DESK_ADMIN", "APP_ADMIN"):
        await done(client.assign_role_to_user(grace, role_named(word)))
    await refused("a role that she has", "E0000090", client.assign_role_to_user(grace, role_named("APP_ADMIN")))
    listed = [role.actual_instance for role in await done(client.list_assigned_roles_for_user(grace))]
    ensure({role.type for role in listed} == {"HELP_DESK_ADMIN", "APP_ADMIN"}, "the roles are not all listed", listed)
    for role in listed:
        seen = (await done(client.get_user_assigned_role(grace, role.id))).actual_instance
        ensure(seen.type == role.type, "the role is another one", seen)
        await done(client.unassign_role_from_user(grace, role.id))
    ensure(not await done(client.list_assigned_roles_for_user(grace)), "she still has a role")


async def log(client: Client, grace: str) -> None:
    events, response, error = await client.list_log_events(filter=f'target.id eq "{grace}"', limit=100)
    ensure(error is None, "the log was refused", error)
    kinds = [event.event_type for event in events]
    for kind in ("user.lifecycle.create", "user.lifecycle.suspend", "group.user_membership.add", "user.account.reset_password"):
        ensure(kind in kinds, f"the log has no {kind}", kinds)
    after = next_cursor(response.headers)
    ensure(after is not None, "a poll has no next page")
    more = await done(client.list_log_events(filter=f'target.id eq "{grace}"', limit=100, after=after))
    ensure(not more, "a poll repeats itself", more)
    await done(client.delete_user(grace))
    more = await done(client.list_log_events(filter=f'target.id eq "{grace}"', limit=100, after=after))
    ensure([event.event_type for event in more] == ["user.lifecycle.deactivate"], "a poll misses what is new", more)


async def forbidden(values: dict[str, Any], grace: str) -> None:
    reader = client_of(values, values["reader_token"])
    ensure((await done(reader.get_user(grace))).id == grace, "who may look does not see")
    await refused("adding without the role", "E0000006", reader.create_user(somebody("other@example.com")))
    await refused("removing without the role", "E0000006", reader.delete_user(grace))
    await refused("adding an app without the role", "E0000006", reader.create_application(web_app("Other")))
    await refused("giving a role without one", "E0000006", reader.assign_role_to_user(grace, role_named("SUPER_ADMIN")))
    stranger = client_of(values, "00T" + "x" * 43)
    await refused("a token that there is not", "E0000011", stranger.get_user(grace))


async def walk(values: dict[str, Any]) -> dict[str, Any]:
    client = client_of(values, values["token"])
    grace = await people(client)
    await search(client, grace)
    await roles(client, grace)
    await change(client, grace)
    await groups(client, grace)
    await rules(client, grace)
    await apps(client, grace, values["services"])
    await forbidden(values, grace)
    await log(client, grace)
    await done(client.delete_user(grace))
    await refused("somebody who was removed", "E0000007", client.get_user(grace))
    note(f"{values['org_url']}: people, groups, rules, apps and the log")
    return {"person": grace}


script(["org_url", "token", "reader_token", "services"], lambda values: asyncio.run(walk(values)))
