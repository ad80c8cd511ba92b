"""PyPI `scim2-client`, unmodified, as a provisioning client: it discovers the server and keeps users and groups in step.

Input: base_url, token (of an administrator), reader_token (of somebody who may only look)."""

from typing import Any, Callable

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_models import Error, PatchOp, PatchOperation, SCIMException, SearchRequest

from script import REQUEST_TIMEOUT_SECS, ensure, note, script

PASSWORD = "a tall lighthouse in fog"
CROWD = 13
PAGE = 4
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def connect(values: dict[str, Any], token: str) -> SyncSCIMClient:
    headers = {"Authorization": f"Bearer {token}"}
    client = Client(base_url=values["base_url"], headers=headers, timeout=REQUEST_TIMEOUT_SECS)
    scim = SyncSCIMClient(client)
    scim.discover()
    return scim


def refused(what: str, status: int, call: Callable[[], Any], kind: str | None = None) -> None:
    try:
        outcome = call()
    except SCIMException as error:
        outcome = error.to_error()
    ensure(isinstance(outcome, Error), f"{what} was accepted", outcome)
    ensure(outcome.status == status, f"{what} is not refused with {status}", outcome)
    ensure(kind is None or outcome.scim_type == kind, f"{what} is not refused as {kind}", outcome)


def users(scim: SyncSCIMClient) -> Any:
    model = scim.get_resource_model("User")
    somebody = {
        "userName": "grace@example.com",
        "externalId": "P-1",
        "name": {"givenName": "Grace", "familyName": "Hopper"},
        "emails": [{"value": "grace@example.com"}],
        "password": PASSWORD,
        "title": "Admiral",
        "phoneNumbers": [{"type": "mobile", "value": "+1 2"}],
        ENTERPRISE: {"department": "Engines"},
    }
    grace = scim.create(model.model_validate(somebody))
    ensure(grace.active and grace.user_name == "grace@example.com", "the user is not as asked for", grace)
    ensure(grace.title == "Admiral" and grace.phone_numbers[0].value == "+1 2", "attributes were lost", grace)
    refused("a second one of that name", 409, lambda: scim.create(model.model_validate(somebody)), "uniqueness")
    for text in ('userName eq "GRACE@example.com"', 'externalId eq "P-1"', 'emails[value eq "grace@example.com"]'):
        found = scim.query(model, query_parameters=SearchRequest(filter=text))
        ensure([user.id for user in found.resources or []] == [grace.id], f"{text} finds others", found)
    refused("what no index answers", 400, lambda: scim.query(model, query_parameters=SearchRequest(filter='title eq "x"')), "invalidFilter")
    grace = scim.query(model, grace.id)
    stale = grace.model_copy(deep=True)
    patch = PatchOp[model](
        operations=[
            PatchOperation(op="replace", path="name.familyName", value="Murray"),
            PatchOperation(op="replace", path="active", value=False),
            PatchOperation(op="add", path=f"{ENTERPRISE}:department", value="Looms"),
        ]
    )
    changed = scim.modify(grace, patch_op=patch)
    ensure(changed.name.family_name == "Murray" and changed.active is False, "the patch took more or less", changed)
    changed.active = True
    changed.title = None
    replaced = scim.replace(changed)
    ensure(replaced.active and replaced.title is None, "the replacement took more or less", replaced)
    refused("a stale replacement", 412, lambda: scim.replace(stale))
    return grace.id


def lists(scim: SyncSCIMClient) -> None:
    model = scim.get_resource_model("User")
    for number in range(CROWD):
        scim.create(model.model_validate({"userName": f"crowd{number}@example.com", "emails": [{"value": f"crowd{number}@example.com"}], "active": False}))
    ids: list[str] = []
    total = 1
    while len(ids) < total:
        page = scim.query(model, query_parameters=SearchRequest(start_index=len(ids) + 1, count=PAGE, sort_by="userName"))
        ensure(page.resources and len(page.resources) <= PAGE, "a page is empty, or longer than asked for", page)
        ids.extend(user.id for user in page.resources)
        total = page.total_results
    # Two administrators and Grace are there as well.
    ensure(len(set(ids)) == len(ids) == CROWD + 3, "pages leave somebody out or show somebody twice", len(ids))
    by_cursor: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = scim.client.get("/Users", params={"cursor": cursor, "count": PAGE, "sortBy": "userName"}).json()
        by_cursor.extend(user["id"] for user in page["Resources"])
        cursor = page.get("nextCursor")
    ensure(by_cursor == ids, "a walk by cursor is another one", by_cursor)


def groups(scim: SyncSCIMClient, grace: str) -> None:
    model = scim.get_resource_model("Group")
    team = scim.create(model.model_validate({"displayName": "Team", "members": [{"value": grace}]}))
    ensure([member.value for member in team.members] == [grace], "the member is not there", team)
    refused("a second one of that name", 409, lambda: scim.create(model.model_validate({"displayName": "TEAM"})), "uniqueness")
    leave = PatchOp[model](operations=[PatchOperation(op="remove", path=f'members[value eq "{grace}"]')])
    left = scim.modify(model, team.id, leave)
    ensure(not left.members, "she is still a member", left)
    found = scim.query(model, query_parameters=SearchRequest(filter='displayName sw "te"'))
    ensure([group.id for group in found.resources or []] == [team.id], "the group is not found", found)
    scim.delete(model, team.id)
    refused("a group that was removed", 404, lambda: scim.query(model, team.id))


def bulk(scim: SyncSCIMClient) -> None:
    request = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [
            {"method": "POST", "path": "/Groups", "bulkId": "g", "data": {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Made", "members": [{"value": "bulkId:u"}]}},
            {"method": "POST", "path": "/Users", "bulkId": "u", "data": {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "made@example.com", "emails": [{"value": "made@example.com"}]}},
            {"method": "DELETE", "path": "/Users/bulkId:u"},
            {"method": "DELETE", "path": "/Groups/bulkId:g"},
        ],
    }
    answer = scim.bulk(request, check_request_payload=False)
    statuses = [str(operation.status) for operation in answer.operations]
    ensure(statuses == ["201", "201", "204", "204"], "not all was done", answer)


def forbidden(values: dict[str, Any], grace: str) -> None:
    reader = connect(values, values["reader_token"])
    model = reader.get_resource_model("User")
    ensure(reader.query(model, grace).id == grace, "who may look does not see")
    somebody = {"userName": "x@example.com", "emails": [{"value": "x@example.com"}]}
    refused("adding without the role", 403, lambda: reader.create(model.model_validate(somebody)))
    refused("removing without the role", 403, lambda: reader.delete(model, grace))
    reader.client.headers["Authorization"] = "Bearer 00T" + "x" * 43
    refused("a token that there is not", 401, lambda: reader.query(model, grace))


def walk(values: dict[str, Any]) -> dict[str, Any]:
    scim = connect(values, values["token"])
    model = scim.get_resource_model("User")
    grace = users(scim)
    lists(scim)
    groups(scim, grace)
    bulk(scim)
    forbidden(values, grace)
    scim.delete(model, grace)
    refused("somebody who was removed", 404, lambda: scim.query(model, grace))
    note(f"{values['base_url']}: users, groups and several operations at once")
    return {"person": grace}


script(["base_url", "token", "reader_token"], walk)
