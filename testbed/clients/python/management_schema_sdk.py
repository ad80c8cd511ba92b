"""PyPI `okta`, unmodified, as the script of an administrator who says what profiles hold, also those of groups and of people in
apps, what people have there because of their profiles, how they are related, and what the organisation is called, helps people
who have lost their password, and looks at what apps hold of them and what stands inside of what.

Input: org_url, token (of an administrator), reader_token (of somebody who may only look)."""

import asyncio
import json
from typing import Any
from urllib.request import Request, urlopen

from okta.client import Client
from okta.models import (
    AddGroupRequest,
    AppUserAssignRequest,
    AppUserProfileRequestPayload,
    AppUserUpdateRequest,
    CreateUserRequest,
    GroupSchema,
    LinkedObject,
    OrgSetting,
    ProfileMappingRequest,
    UpdateUserRequest,
    UserSchema,
    UserType,
    UserTypePostRequest,
    UserTypePutRequest,
)

from script import ensure, note, script
from sdk import add_person, client_of, done, refused, remove_app, remove_person, web_app


def call(values: dict[str, Any], method: str, path: str, body: Any = None) -> Any:
    """What this client has no call for, or reads as something else than it is."""
    headers = {"Authorization": f"SSWS {values['token']}", "Content-Type": "application/json"}
    address = values["org_url"].rstrip("/") + path
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(address, data, headers, method=method), timeout=20) as response:
        return json.load(response)


def properties(attributes: dict[str, Any]) -> UserSchema:
    return UserSchema.from_dict({"definitions": {"custom": {"properties": attributes}}})


def somebody(login: str, **attributes: Any) -> CreateUserRequest:
    profile = {"login": login, "email": login, "firstName": "Emmy", "lastName": "Noether", **attributes}
    return CreateUserRequest.from_dict({"profile": profile})


async def schema(client: Client, reader: Client) -> None:
    before = await done(client.get_user_schema("default"))
    base = before.definitions.base.properties
    ensure(base.login.required and base.first_name.title == "First name", "the built-in ones are others", base)
    badge = {"type": "string", "title": "Badge", "unique": True, "minLength": 2, "maxLength": 6}
    site = {
        "type": "string",
        "enum": ["BER", "HAM"],
        "oneOf": [{"const": "BER", "title": "Berlin"}, {"const": "HAM", "title": "Hamburg"}],
        "permissions": [{"principal": "SELF", "action": "READ_WRITE"}],
    }
    await refused("a change by a reader", "E0000006", reader.update_user_profile("default", properties({"badge": badge})))
    made = await done(client.update_user_profile("default", properties({"badge": badge, "site": site})))
    own = made.definitions.custom.properties
    ensure(own["badge"].unique and own["badge"].max_length == 6, "the badge is not as asked for", own)
    ensure([one.title for one in own["site"].one_of] == ["Berlin", "Hamburg"], "the sites are others", own)
    # What was shown is sent back whole, and changes nothing.
    again = await done(client.update_user_profile("default", made))
    ensure(again.to_dict() == made.to_dict(), "sent back, it is another one", again)
    await refused("a pattern", "E0000001", client.update_user_profile("default", properties({"x": {"type": "string", "pattern": "a+"}})))
    for attributes in [{"badge": "x"}, {"badge": "1234567"}, {"site": "MUC"}, {"badge": 1}]:
        await refused(f"{attributes}", "E0000001", client.create_user(somebody("bad@example.com", **attributes), activate=False))
    emmy = await done(client.create_user(somebody("emmy@example.com", badge="B1", site="BER"), activate=False))
    shown = await done(client.get_user(emmy.id))
    ensure(shown.profile.to_dict()["site"] == "BER", "the site is not kept", shown.profile)
    await refused("a badge of somebody else", "E0000001", client.create_user(somebody("max@example.com", badge="b1"), activate=False))
    types = await done(client.list_user_types())
    ensure(len(types) == 1 and types[0].default, "there are other types", types)
    ensure(shown.type.id == types[0].id, "she is of another type", shown)
    ensure((await done(client.get_user_type(types[0].id))).name == "user", "the type is another one")
    # This client leaves nulls out, so that what it removes is removed by hand.
    remove_attributes("user/default", ["badge", "site"])
    own = (await done(client.get_user_schema("default"))).definitions.custom.properties or {}
    ensure(not {"badge", "site"} & set(own), "another read still has them", own)
    shown = await done(client.get_user(emmy.id))
    ensure("badge" not in (shown.profile.to_dict() or {}), "a removed attribute is shown", shown.profile)
    changed = await done(client.update_user(emmy.id, UpdateUserRequest.from_dict({"profile": {"lastName": "N"}})))
    ensure(changed.profile.last_name == "N", "she is not changed", changed)
    for _ in range(2):
        await done(client.delete_user(emmy.id))


async def types(client: Client, reader: Client) -> None:
    asked = UserType.from_dict({"name": "guest", "displayName": "Guest"})
    await refused("a type by a reader", "E0000006", reader.create_user_type(asked))
    made = await done(client.create_user_type(asked))
    ensure(made.name == "guest" and not made.default, "the type is another one", made)
    await refused("a second one of that name", "E0000001", client.create_user_type(asked))
    changed = await done(client.update_user_type(made.id, UserTypePostRequest(display_name="Visitor")))
    ensure(changed.display_name == "Visitor", "the type is not changed", changed)
    whole = UserTypePutRequest(name="guest", display_name="Guest", description="Who is here for a day")
    replaced = await done(client.replace_user_type(made.id, whole))
    ensure(replaced.description == "Who is here for a day", "the type is not replaced", replaced)
    ensure((await done(reader.get_user_type(made.id))).to_dict() == replaced.to_dict(), "another read has another one")
    own = made.to_dict()["_links"]["schema"]["href"].rsplit("/", 1)[1]
    host = {"type": "string", "title": "Host", "required": True}
    schema = await done(client.update_user_profile(own, properties({"host": host})))
    ensure("host" in schema.definitions.custom.properties, "its people have no host", schema)
    base = await done(client.get_user_schema("default"))
    ensure("host" not in (base.definitions.custom.properties or {}), "everybody has a host", base)

    def of(type_id: str, **attributes: Any) -> dict[str, Any]:
        return somebody("greta@example.com", **attributes).to_dict() | {"type": {"id": type_id}}

    await refused("a guest without a host", "E0000001", client.create_user(CreateUserRequest.from_dict(of(made.id)), activate=False))
    greta = await done(client.create_user(CreateUserRequest.from_dict(of(made.id, host="Ada")), activate=False))
    ensure(greta.type.id == made.id, "she is of another type", greta)
    found = await done(client.list_users(search=f'type.id eq "{made.id}"'))
    ensure([one.id for one in found] == [greta.id], "the guests are others", found)
    await refused("a type that somebody is of", "E0000142", client.delete_user_type(made.id))
    first = next(one for one in await done(client.list_user_types()) if one.default)
    await refused("the one that there always is", "E0000142", client.delete_user_type(first.id))
    part = UpdateUserRequest.from_dict({"type": {"id": first.id}})
    await refused("another type by a part", "E0000001", client.update_user(greta.id, part))
    moved = await done(client.replace_user(greta.id, UpdateUserRequest.from_dict(of(first.id))))
    ensure(moved.type.id == first.id, "she is still a guest", moved)
    await done(client.delete_user_type(made.id))
    await refused("a type that was removed", "E0000007", client.get_user_type(made.id))
    await refused("its schema", "E0000007", client.get_user_schema(own))
    for _ in range(2):
        await done(client.delete_user(greta.id))


VALUES: dict[str, Any] = {}


def remove_attributes(schema: str, names: list[str]) -> None:
    body = {"definitions": {"custom": {"properties": dict.fromkeys(names)}}}
    headers = {"Authorization": f"SSWS {VALUES['token']}", "Content-Type": "application/json"}
    address = VALUES["org_url"].rstrip("/") + f"/api/v1/meta/schemas/{schema}"
    with urlopen(Request(address, json.dumps(body).encode(), headers, method="POST"), timeout=20) as response:
        left = json.load(response)["definitions"]["custom"]["properties"]
    ensure(not set(names) & set(left), "they are still there", left)


async def groups(client: Client, reader: Client) -> None:
    def of_groups(attributes: dict[str, Any]) -> GroupSchema:
        return GroupSchema.from_dict({"definitions": {"custom": {"properties": attributes}}})

    def named(name: str, **attributes: Any) -> AddGroupRequest:
        return AddGroupRequest.from_dict({"profile": {"name": name, "description": "", **attributes}})

    base = (await done(client.get_group_schema())).definitions.base.properties
    ensure(base.name.required, "a group needs no name", base)
    site = {"type": "string", "title": "Site", "enum": ["BER", "HAM"]}
    await refused("a change by a reader", "E0000006", reader.update_group_schema(of_groups({"site": site})))
    await refused("one that is unique", "E0000001", client.update_group_schema(of_groups({"site": {**site, "unique": True}})))
    made = await done(client.update_group_schema(of_groups({"site": site})))
    words = [one.actual_instance for one in made.definitions.custom.properties["site"].enum]
    ensure(words == ["BER", "HAM"], "the site is not as asked for", words)
    seen = await done(reader.get_group_schema())
    ensure(seen.definitions.custom.properties["site"].title == "Site", "another read has none", seen)
    ensure((await done(client.update_group_schema(seen))).to_dict() == seen.to_dict(), "sent back, it is another one")
    await refused("a site that there is not", "E0000001", client.add_group(named("Stage", site="MUC")))
    group = (await done(client.add_group(named("Stage", site="BER")))).id
    profile = (await done(client.get_group(group))).to_dict()["profile"]
    ensure(profile["site"] == "BER", "the site is not kept", profile)
    changed = await done(client.replace_group(group, named("Stage", site="HAM")))
    ensure(changed.to_dict()["profile"]["site"] == "HAM", "the site was not changed", changed)
    remove_attributes("group/default", ["site"])
    profile = (await done(client.get_group(group))).to_dict()["profile"]
    ensure("site" not in profile, "a removed attribute is shown", profile)
    await done(client.delete_group(group))


async def people_of_apps(client: Client, reader: Client) -> None:
    app = (await done(client.create_application(web_app("Theatre")))).id
    quota = {"type": "integer", "title": "Quota", "minimum": 1}
    await refused("a change by a reader", "E0000006", reader.update_application_user_profile(app, properties({"quota": quota})))
    await refused("an app that there is not", "E0000007", client.get_application_user_schema("0oa0123456789abcdefg"))
    made = await done(client.update_application_user_profile(app, properties({"quota": quota})))
    ensure(made.definitions.custom.properties["quota"].title == "Quota", "the quota is not as asked for", made)
    seen = await done(reader.get_application_user_schema(app))
    ensure("quota" in seen.definitions.custom.properties, "another read has none", seen)
    emmy = await add_person(client, "emmy@example.com")
    asked = AppUserAssignRequest.from_dict({"id": emmy, "scope": "USER", "profile": {"quota": 3}})
    assigned = await done(client.assign_user_to_application(app, asked))
    ensure(assigned.profile["quota"] == 3, "the quota is not kept", assigned)

    def of(quota: Any) -> AppUserUpdateRequest:
        return AppUserUpdateRequest(AppUserProfileRequestPayload.from_dict({"profile": {"quota": quota}}))

    changed = await done(client.update_application_user(app, emmy, of(4)))
    ensure(changed.profile["quota"] == 4, "the quota was not changed", changed)
    ensure((await done(reader.get_application_user(app, emmy))).profile["quota"] == 4, "another read has the old one")
    await refused("a quota that is none", "E0000001", client.update_application_user(app, emmy, of("many")))
    await refused("a change by a reader", "E0000006", reader.update_application_user(app, emmy, of(5)))
    remove_attributes(f"apps/{app}/default", ["quota"])
    left = await done(client.get_application_user(app, emmy))
    ensure("quota" not in (left.profile or {}), "a removed attribute is shown", left.profile)
    await remove_app(client, app)
    await remove_person(client, emmy)


async def relations(client: Client, reader: Client) -> None:
    def end(name: str) -> dict[str, Any]:
        return {"name": name, "title": name.capitalize(), "type": "USER"}

    asked = LinkedObject.from_dict({"primary": end("mentor"), "associated": end("pupil")})
    await refused("a relation by a reader", "E0000006", reader.create_linked_object_definition(asked))
    made = await done(client.create_linked_object_definition(asked))
    ensure((made.primary.name, made.associated.name) == ("mentor", "pupil"), "the relation is another one", made)
    await refused("a second one of that name", "E0000001", client.create_linked_object_definition(asked))
    ensure([one.primary.name for one in await done(reader.list_linked_object_definitions())] == ["mentor"], "it is not listed")
    for name in ("mentor", "pupil"):
        ensure((await done(client.get_linked_object_definition(name))).associated.name == "pupil", f"{name} is another one")
    emmy, max_, saunders = [await add_person(client, f"{name}@example.com") for name in ("emmy", "max", "saunders")]

    async def linked(person: str, name: str) -> list[str]:
        listed = await done(client.list_linked_objects_for_user(person, name))
        return sorted(one.links.var_self.href.rsplit("/", 1)[1] for one in listed)

    for pupil in (max_, saunders):
        await refused("a link by a reader", "E0000006", reader.assign_linked_object_value_for_primary(pupil, "mentor", emmy))
        await done(client.assign_linked_object_value_for_primary(pupil, "mentor", emmy))
    ensure(await linked(max_, "mentor") == [emmy], "somebody else is the mentor")
    ensure(await linked(emmy, "pupil") == sorted([max_, saunders]), "the pupils are others")
    await refused("her own mentor", "E0000001", client.assign_linked_object_value_for_primary(emmy, "mentor", emmy))
    await refused("nobody", "E0000007", client.assign_linked_object_value_for_primary(emmy, "mentor", "00u0123456789abcdefg"))
    await done(client.delete_linked_object_for_user(max_, "mentor"))
    ensure(await linked(max_, "mentor") == [] and await linked(emmy, "pupil") == [saunders], "the link is still there")
    await done(client.delete_linked_object_definition("pupil"))
    await refused("a relation that was removed", "E0000007", client.get_linked_object_definition("mentor"))
    await refused("links by it", "E0000007", client.list_linked_objects_for_user(emmy, "pupil"))
    for person in (emmy, max_, saunders):
        await remove_person(client, person)


def mapped(properties: dict[str, Any]) -> ProfileMappingRequest:
    return ProfileMappingRequest.from_dict({"properties": properties})


async def mapping(values: dict[str, Any], client: Client, reader: Client) -> None:
    app = next(app for app in await done(client.list_applications(limit=1)))
    schema = f"/api/v1/meta/schemas/apps/{app.id}/default"
    call(values, "POST", schema, {"definitions": {"custom": {"properties": {"handle": {"type": "string"}}}}})
    found = await done(client.list_profile_mappings(target_id=app.id))
    ensure([one.target.id for one in found] == [app.id], "the app has not one mapping", found)
    types = await done(client.list_user_types())
    ensure(found[0].source.id == types[0].id, "it is from another type", found[0])
    ensure(await done(client.list_profile_mappings(source_id=app.id)) == [], "people are mapped from an app")
    id, handle = found[0].id, {"expression": "String.substringBefore(user.login, '@')", "pushStatus": "PUSH"}
    changed = await done(client.update_profile_mapping(id, mapped({"handle": handle})))
    ensure(changed.properties["handle"].to_dict() == handle, "it is mapped otherwise", changed)
    ensure((await done(reader.get_profile_mapping(id))).to_dict() == changed.to_dict(), "another read has another one")
    wrong = mapped({"handle": handle | {"expression": "user.nobody"}})
    await refused("what nobody has", "E0000001", client.update_profile_mapping(id, wrong))
    await refused("a change by a reader", "E0000006", reader.update_profile_mapping(id, mapped({"handle": handle})))
    emil = await done(client.create_user(somebody("emil@example.com"), activate=False))
    assigned = await done(client.assign_user_to_application(app.id, AppUserAssignRequest.from_dict({"id": emil.id})))
    ensure(assigned.profile == {"handle": "emil"}, "the person has something else there", assigned)
    await done(client.unassign_user_from_application(app.id, emil.id))
    for _ in range(2):
        await done(client.delete_user(emil.id))
    # This client leaves nulls out.
    left = call(values, "POST", f"/api/v1/mappings/{id}", {"properties": {"handle": None}})
    ensure(left["properties"] == {}, "it is still mapped", left)
    call(values, "POST", schema, {"definitions": {"custom": {"properties": {"handle": None}}}})


async def org(values: dict[str, Any], client: Client, reader: Client) -> None:
    before = await done(client.get_org_settings())
    await refused("a new name by a reader", "E0000006", reader.update_org_settings(OrgSetting(company_name="Elsewhere")))
    changed = await done(client.update_org_settings(OrgSetting(company_name="Scripted")))
    ensure(changed.company_name == "Scripted" and changed.subdomain == before.subdomain, "the org is another one", changed)
    ensure((await done(reader.get_org_settings())).company_name == "Scripted", "another read has the old name")
    await refused("a telephone number", "E0000001", client.update_org_settings(OrgSetting(phone_number="1")))
    back = await done(client.replace_org_settings(before))
    ensure(back.company_name == before.company_name, "the name is not back", back)
    described = call(values, "GET", "/.well-known/okta-organization")
    ensure(described["id"] == before.id and described["pipeline"] == "v1", "the org is described otherwise", described)


async def people(values: dict[str, Any], client: Client) -> None:
    body = somebody("grete@example.com").to_dict() | {"credentials": {"password": {"value": "a fifth of all the stars"}}}
    grete = (await done(client.create_user(CreateUserRequest.from_dict(body)))).id
    made = call(values, "POST", f"/api/v1/users/{grete}/lifecycle/expire_password_with_temp_password")
    ensure(len(made["tempPassword"]) >= 20, "no password was made", list(made))
    ensure((await done(client.get_user(grete))).status == "PASSWORD_EXPIRED", "she need not replace it")
    await done(client.expire_password_with_temp_password(grete, revoke_sessions=True))
    await done(client.forgot_password(grete, send_email=True))
    await refused("a link that is told", "E0000060", client.forgot_password(grete, send_email=False))
    ensure(await done(client.list_user_blocks(grete)) == [], "she is blocked")
    ensure(await done(client.list_user_grants(grete, limit=20)) == [], "somebody has something of hers")
    ensure(await done(client.list_user_clients(grete)) == [], "an app has something of hers")
    await done(client.revoke_user_grants(grete))
    await refused("a grant that is not there", "E0000007", client.get_user_grant(grete, "oag00000000000000000"))
    app = next(app for app in await done(client.list_applications(limit=1)))
    ensure(await done(client.list_refresh_tokens_for_user_and_client(grete, app.id)) == [], "an app has a token of hers")
    await done(client.revoke_tokens_for_user_and_client(grete, app.id))
    await done(client.revoke_grants_for_user_and_client(grete, app.id))
    group = await done(client.add_group(AddGroupRequest.from_dict({"profile": {"name": "Counted"}})))
    await done(client.assign_user_to_group(group.id, grete))
    counted = await done(client.list_groups(q="Counted", expand="stats"))
    ensure(counted[0].embedded.to_dict()["stats"]["usersCount"] == 1, "she is not counted", counted[0].embedded)
    await done(client.delete_group(group.id))
    for _ in range(2):
        await done(client.delete_user(grete))


async def walk(values: dict[str, Any]) -> dict[str, Any]:
    VALUES.update(values)
    client, reader = client_of(values, values["token"]), client_of(values, values["reader_token"])
    await schema(client, reader)
    await types(client, reader)
    await groups(client, reader)
    await people_of_apps(client, reader)
    await mapping(values, client, reader)
    await relations(client, reader)
    await org(values, client, reader)
    await people(values, client)
    note(f"{values['org_url']}: schemas of profiles, a mapping of them, relations, the organisation, and what apps hold of people")
    return {}


script(["org_url", "token", "reader_token"], lambda values: asyncio.run(walk(values)))
