"""PyPI `okta`, unmodified, as an app that acts for itself: it proves itself by its key, asks the organisation's own
authorization server for scopes of the management API, and gets no further than scopes and role allow.

Input: org_url, client_id, private_key (a JWK)."""

import asyncio
from typing import Any

from okta.client import Client
from okta.models import AddGroupRequest, UpdateUserRequest

from script import ensure, note, script
from sdk import done, refused


def client_of(values: dict[str, Any], *scopes: str) -> Client:
    return Client(
        {
            "orgUrl": values["org_url"],
            "authorizationMode": "PrivateKey",
            "clientId": values["client_id"],
            "scopes": list(scopes),
            "privateKey": values["private_key"],
            "cache": {"enabled": False},
        }
    )


async def walk(values: dict[str, Any]) -> dict[str, Any]:
    client = client_of(values, "okta.users.read", "okta.groups.manage")
    people = await done(client.list_users())
    ensure(len(people) == 2, "the administrators are not listed", [person.profile.login for person in people])
    group = AddGroupRequest.from_dict({"profile": {"name": "Made by an app", "description": ""}})
    made = await done(client.add_group(group))
    await done(client.delete_group(made.id))
    change = UpdateUserRequest.from_dict({"profile": {"lastName": "Other"}})
    await refused("a change by a scope to read", "E0000006", client.update_user(people[0].id, change))
    await refused("the log without a scope for it", "E0000006", client.list_log_events(limit=1))
    greedy = client_of(values, "okta.users.manage")
    await refused("a scope that was not granted", "invalid_scope", greedy.list_users())
    note(f"{values['org_url']}: an app by its key")
    return {"people": len(people)}


script(["org_url", "client_id", "private_key"], lambda values: asyncio.run(walk(values)))
