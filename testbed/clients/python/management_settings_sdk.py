"""PyPI `okta`, unmodified, as the script of an administrator who sets what stands beside the directory: trusted origins,
network zones, behaviours, tokens of the API, streams of the log, and people's means of proof.

Input: org_url, token (of an administrator), reader_token (of somebody who may only look)."""

import asyncio
import base64
import hashlib
import hmac
import json
import struct
import time
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from okta.client import Client
from okta.models import (
    BehaviorRule,
    CreateUserRequest,
    LogStream,
    NetworkZone,
    TrustedOrigin,
    TrustedOriginWrite,
    UserFactor,
)

from script import ensure, note, script
from sdk import client_of, done, refused

SHOP = "https://shop.example.com"


def answer_to_page(values: dict[str, Any], origin: str) -> str | None:
    """What a page of that origin is told, as a browser would ask for it."""
    headers = {"Authorization": f"SSWS {values['token']}", "Origin": origin}
    address = values["org_url"].rstrip("/") + "/api/v1/users/me"
    with urlopen(Request(address, headers=headers), timeout=20) as response:
        return response.headers.get("Access-Control-Allow-Origin")


async def origins(values: dict[str, Any], client: Client) -> None:
    body = {"name": "Web shop", "origin": SHOP, "scopes": [{"type": "CORS"}, {"type": "REDIRECT"}]}
    ensure(answer_to_page(values, SHOP) is None, "a page is told something before it is trusted")
    made = await done(client.create_trusted_origin(TrustedOriginWrite.from_dict(body)))
    ensure(made.origin == SHOP and made.status == "ACTIVE", "the origin is not as asked for", made)
    ensure(answer_to_page(values, SHOP) == SHOP, "a trusted page is told nothing")
    ensure(answer_to_page(values, "https://evil.example.com") is None, "a stranger is told something")
    await refused("a second one", "E0000001", client.create_trusted_origin(TrustedOriginWrite.from_dict(body)))
    found = await done(client.list_trusted_origins(q="shop"))
    ensure([one.id for one in found] == [made.id], "the origin is not found", found)
    await done(client.deactivate_trusted_origin(made.id))
    ensure(answer_to_page(values, SHOP) is None, "one that was switched off is told something")
    await done(client.activate_trusted_origin(made.id))
    whole = (await done(client.get_trusted_origin(made.id))).to_dict()
    whole["name"] = "Shop"
    changed = await done(client.replace_trusted_origin(made.id, TrustedOrigin.from_dict(whole)))
    ensure(changed.name == "Shop", "the name is not changed", changed)
    await done(client.delete_trusted_origin(made.id))
    await refused("one that was removed", "E0000007", client.get_trusted_origin(made.id))


async def zones(client: Client) -> None:
    gateways = [{"type": "CIDR", "value": "198.51.100.0/24"}, {"type": "RANGE", "value": "203.0.113.4-203.0.113.7"}]
    body = {"type": "IP", "name": "Scripted", "usage": "POLICY", "gateways": gateways}
    made = await done(client.create_network_zone(NetworkZone.from_dict(body)))
    shown = [gateway.value for gateway in made.gateways]
    ensure(shown == ["198.51.100.0/24", "203.0.113.4/30"], "the zone is another one", shown)
    listed = await done(client.list_network_zones(filter='usage eq "POLICY"'))
    ensure(made.id in [zone.id for zone in listed], "the zone is not listed", listed)
    off = await done(client.deactivate_network_zone(made.id))
    ensure(off.status == "INACTIVE", "the zone does not rest", off)
    await done(client.activate_network_zone(made.id))
    body["name"] = "Scripted anew"
    changed = await done(client.replace_network_zone(made.id, NetworkZone.from_dict(body)))
    ensure(changed.name == "Scripted anew", "the name is not changed", changed)
    places = {"type": "DYNAMIC", "name": "Places"}
    await refused("a zone of places", "E0000060", client.create_network_zone(NetworkZone.from_dict(places)))
    await done(client.delete_network_zone(made.id))
    await refused("one that was removed", "E0000007", client.get_network_zone(made.id))


async def behaviors(client: Client) -> None:
    body = {"name": "Scripted", "type": "ANOMALOUS_DEVICE", "settings": {"maxEventsUsedForEvaluation": 15}}
    made = await done(client.create_behavior_detection_rule(BehaviorRule.from_dict(body)))
    ensure(made.settings.max_events_used_for_evaluation == 15, "the behaviour is another one", made)
    listed = await done(client.list_behavior_detection_rules())
    ensure(made.id in [rule.id for rule in listed], "the behaviour is not listed", listed)
    off = await done(client.deactivate_behavior_detection_rule(made.id))
    ensure(off.status == "INACTIVE", "the behaviour does not rest", off)
    await done(client.activate_behavior_detection_rule(made.id))
    body["name"] = "Scripted anew"
    changed = await done(client.replace_behavior_detection_rule(made.id, BehaviorRule.from_dict(body)))
    ensure(changed.name == "Scripted anew", "the name is not changed", changed)
    places = BehaviorRule.from_dict({"name": "Fast", "type": "VELOCITY", "settings": {"velocityKph": 805}})
    await refused("one of places", "E0000060", client.create_behavior_detection_rule(places))
    await done(client.delete_behavior_detection_rule(made.id))
    await refused("one that was removed", "E0000007", client.get_behavior_detection_rule(made.id))


def post(values: dict[str, Any], token: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """What this client has no call for, or no field: tokens are made by an address of our own, and its requests about
    factors carry no code."""
    headers = {"Authorization": f"SSWS {token}", "Content-Type": "application/json"}
    address = values["org_url"].rstrip("/") + path
    try:
        with urlopen(Request(address, json.dumps(body).encode(), headers), timeout=20) as response:
            return response.status, json.load(response)
    except HTTPError as error:
        return error.code, json.load(error)


def make_token(values: dict[str, Any], token: str) -> tuple[int, dict[str, Any]]:
    return post(values, token, "/api/v1/api-tokens", {"name": "of a script"})


async def tokens(values: dict[str, Any], client: Client) -> None:
    status, refusal = make_token(values, values["reader_token"])
    ensure((status, refusal["errorCode"]) == (403, "E0000006"), "who may only look makes tokens", refusal)
    for way in ("by its id", "by itself"):
        status, made = make_token(values, values["token"])
        ensure(status == 200, "no token was made", made)
        other = client_of(values, made["token"])
        own = await done(client.get_user("me"))
        ensure((await done(other.get_user("me"))).id == own.id, "it acts as somebody else")
        listed = await done(client.list_api_tokens())
        ensure(made["id"] in [token.id for token in listed], "the token is not listed", listed)
        shown = await done(client.get_api_token(made["id"]))
        ensure(shown.name == "of a script" and made["token"] not in shown.to_str(), "it is shown otherwise", shown)
        await done(client.revoke_api_token(made["id"]) if way == "by its id" else other.revoke_current_api_token())
        await refused(f"a token revoked {way}", "E0000011", other.get_user("me"))


async def streams(values: dict[str, Any], client: Client) -> None:
    """This client knows but receivers of others; those of ours it reads only in lists of none, and by what is refused."""
    stream = {"type": "webhook", "name": "Archive", "settings": {"uri": "https://archive.example/in"}}
    status, made = post(values, values["token"], "/api/v1/logStreams", stream)
    ensure((status, made["status"]) == (200, "ACTIVE"), "no stream was made", made)
    named = {"name": "Elsewhere", "created": made["created"], "lastUpdated": made["lastUpdated"], "id": made["id"], "status": "ACTIVE"}
    settings = {"accountId": "123456789012", "eventSourceName": "e", "region": "eu-central-1"}
    elsewhere = LogStream.from_dict({**named, "type": "aws_eventbridge", "settings": settings, "_links": made["_links"]})
    await refused("a receiver of elsewhere", "E0000001", client.create_log_stream(elsewhere))
    reader = client_of(values, values["reader_token"])
    await refused("a stream of a reader", "E0000006", reader.create_log_stream(elsewhere))
    ensure(await done(client.list_log_streams(filter='type eq "aws_eventbridge"')) == [], "there is one of elsewhere")
    await refused("what no index answers", "E0000031", client.list_log_streams(filter="name pr"))
    await refused("a stream that there is not", "E0000007", client.get_log_stream("0oa0123456789abcdefg"))
    await refused("a stream removed by a reader", "E0000006", reader.delete_log_stream(made["id"]))
    await refused("removing one that is on", "E0000001", client.delete_log_stream(made["id"]))
    status, off = post(values, values["token"], f"/api/v1/logStreams/{made['id']}/lifecycle/deactivate", {})
    ensure((status, off["status"]) == (200, "INACTIVE"), "it was not switched off", off)
    await done(client.delete_log_stream(made["id"]))
    await refused("a stream that was removed", "E0000007", client.get_log_stream(made["id"]))


def code_of(secret: str) -> str:
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    place = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[place:place + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


async def factors(values: dict[str, Any], client: Client) -> None:
    profile = {"login": "hedy@example.com", "email": "hedy@example.com", "firstName": "Hedy", "lastName": "Lamarr"}
    hedy = (await done(client.create_user(CreateUserRequest.from_dict({"profile": profile}), activate=False))).id
    ensure([one.factor_type for one in await done(client.list_factors(hedy))] == ["email"], "there is more than the address")
    totp = UserFactor.from_dict({"factorType": "token:software:totp", "provider": "GOOGLE"})
    begun = await done(client.enroll_factor(hedy, totp))
    ensure(begun.status == "PENDING_ACTIVATION", "the app counts before its code", begun)
    secret = begun.embedded["activation"]["sharedSecret"]
    path = f"/api/v1/users/{hedy}/factors/{begun.id}"
    status, refusal = post(values, values["token"], f"{path}/lifecycle/activate", {"passCode": "abcdef"})
    ensure((status, refusal["errorCode"]) == (403, "E0000068"), "a wrong code activates", refusal)
    code = code_of(secret)
    status, active = post(values, values["token"], f"{path}/lifecycle/activate", {"passCode": code})
    ensure((status, active["status"]) == (200, "ACTIVE"), "the right code does not activate", active)
    listed = await done(client.list_factors(hedy))
    ensure({one.factor_type: one.status for one in listed} == {"email": "ACTIVE", "token:software:totp": "ACTIVE"}, "the app does not count", listed)
    # Its code was used up by the enrolment.
    status, refusal = post(values, values["token"], f"{path}/verify", {"passCode": code})
    ensure((status, refusal["errorCode"]) == (403, "E0000068"), "a code counts twice", refusal)
    supported = await done(client.list_supported_factors(hedy))
    ensure({one.factor_type for one in supported} == {"token:software:totp", "webauthn", "email"}, "the catalogue is another one", supported)
    await done(client.unenroll_factor(hedy, begun.id))
    await refused("an app that was taken away", "E0000007", client.get_factor(hedy, begun.id))
    await done(client.enroll_factor(hedy, totp))
    await done(client.reset_factors(hedy))
    ensure(len(await done(client.list_factors(hedy))) == 1, "something is left after all was taken")
    await done(client.delete_user(hedy))
    await done(client.delete_user(hedy))


async def walk(values: dict[str, Any]) -> dict[str, Any]:
    client = client_of(values, values["token"])
    await origins(values, client)
    await zones(client)
    await behaviors(client)
    await tokens(values, client)
    await streams(values, client)
    await factors(values, client)
    note(f"{values['org_url']}: trusted origins, zones, behaviours, tokens, streams and means of proof")
    return {}


script(["org_url", "token", "reader_token"], lambda values: asyncio.run(walk(values)))
