"""PyPI `okta`, unmodified, as the script of an administrator: people and groups added, paged, searched, changed, led through
the life cycle and removed, and the system log followed.

Input: org_url, token (of an administrator), reader_token (of somebody who may only look)."""

import asyncio
import os
from typing import Any, Awaitable, Callable
from urllib.parse import parse_qs, urlsplit

# The one way to let this client speak plain HTTP, which the tests do on loopback.
os.environ["OKTA_TESTING_TESTINGDISABLEHTTPSCHECK"] = "true"

from okta.client import Client  # noqa: E402
from okta.models import AddGroupRequest, CreateUserRequest, UpdateUserRequest  # noqa: E402

from script import ensure, note, script  # noqa: E402

PASSWORD = "a tall lighthouse in fog"
CROWD = 13
PAGE = 4


async def done(call: Awaitable[Any]) -> Any:
    """What a call returned: the client gives a tuple with the error last."""
    outcome = await call
    ensure(outcome[-1] is None, "a call was refused", outcome[-1])
    return outcome[0]


async def refused(what: str, code: str, call: Awaitable[Any]) -> None:
    error = (await call)[-1]
    ensure(error is not None, f"{what} was accepted")
    ensure(code in str(error), f"{what} is not refused with {code}", error)


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
        (client.activate_user, "ACTIVE"),
    ):
        await done(step(grace))
        seen = (await done(client.get_user(grace))).status
        ensure(seen == status, f"after {step.__name__} it is not {status}", seen)
    await done(client.reset_password(grace, send_email=True))
    await refused("suspending who is not active", "E0000038", client.unsuspend_user(grace))


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
    for group in made:
        await done(client.delete_group(group.id))
    await refused("a group that was removed", "E0000007", client.get_group(team))


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
    stranger = client_of(values, "00T" + "x" * 43)
    await refused("a token that there is not", "E0000011", stranger.get_user(grace))


def client_of(values: dict[str, Any], token: str) -> Client:
    return Client({"orgUrl": values["org_url"], "token": token, "cache": {"enabled": False}})


async def walk(values: dict[str, Any]) -> dict[str, Any]:
    client = client_of(values, values["token"])
    grace = await people(client)
    await search(client, grace)
    await change(client, grace)
    await groups(client, grace)
    await forbidden(values, grace)
    await log(client, grace)
    await done(client.delete_user(grace))
    await refused("somebody who was removed", "E0000007", client.get_user(grace))
    note(f"{values['org_url']}: people, groups and the log")
    return {"person": grace}


script(["org_url", "token", "reader_token"], lambda values: asyncio.run(walk(values)))
