"""PyPI `okta`, unmodified, as the script of an administrator: an event hook that is made, verified, changed, told what
happens, and removed; with a receiver that listens here, and proves by the signature where it was told from.

Input: org_url, token (of an administrator), reader_token (of somebody who may only look)."""

import asyncio
import json
import queue
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from okta.models import EventHook

from hooks import Own, is_ours
from script import ensure, note, script
from sdk import client_of, done, refused

TOLD: "queue.Queue[tuple[dict[str, str], bytes]]" = queue.Queue()
TOLD_TIMEOUT_SECS = 30
SECRET_HEADER = "Bearer let the cell in"


class Receiver(BaseHTTPRequestHandler):
    """Sends challenges back, and keeps what it is told; the first time it fails."""

    failures = 1

    def answer(self, status: int, body: Any) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self) -> None:
        self.answer(200, {"verification": self.headers["X-Okta-Verification-Challenge"]})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        TOLD.put((headers, body))
        if Receiver.failures > 0:
            Receiver.failures -= 1
            self.answer(500, {})
        else:
            self.answer(200, {})

    def log_message(self, *_: Any) -> None:
        pass


def hook(uri: str, **fields: Any) -> EventHook:
    config = {"uri": uri, "authScheme": {"type": "HEADER", "key": "Authorization", "value": SECRET_HEADER}}
    return EventHook.from_dict({
        "name": "Script",
        "events": {"type": "EVENT_TYPE", "items": ["group.lifecycle.create"]},
        "channel": {"type": "HTTP", "version": "1.0.0", "config": config},
        **fields,
    })


async def told(own: Own, made: str, secret: str) -> None:
    own.post("/groups", {"profile": {"name": "Told by a hook"}})
    # It fails the first time, and is told the same again.
    first, again = await asyncio.to_thread(lambda: [TOLD.get(timeout=TOLD_TIMEOUT_SECS) for _ in range(2)])
    ensure(first[1] == again[1], "the second body is another one")
    ensure(first[0]["webhook-id"] == again[0]["webhook-id"], "the second id is another one")
    for headers, body in (first, again):
        ensure(is_ours(secret, headers, body), "the signature does not fit", headers)
        ensure(not is_ours(secret, headers, body + b" "), "the signature fits another body")
        ensure(headers["authorization"] == SECRET_HEADER, "the receiver is not told who we are", headers)
    envelope = json.loads(first[1])
    ensure(envelope["eventType"] == "com.okta.event_hook", "it is no envelope", envelope)
    ensure(envelope["eventId"] == first[0]["webhook-id"], "the ids differ", envelope)
    event = envelope["data"]["events"][0]
    ensure(event["eventType"] == "group.lifecycle.create", "another event was told", event)
    ensure(event["target"][0]["displayName"] == "Told by a hook", "another group was told", event)
    # What came of it is noted when the answer has arrived there, a moment after it was given here.
    deadline = time.monotonic() + TOLD_TIMEOUT_SECS
    while (entry := own.get(f"/eventHooks/{made}/deliveries")[0])["status"] == "WAITING":
        ensure(time.monotonic() < deadline, "the delivery is never noted", entry)
        await asyncio.sleep(0.05)
    ensure((entry["status"], entry["attempts"]) == ("DELIVERED", 2), "the log tells something else", entry)
    again = own.post(f"/eventHooks/{made}/deliveries/{entry['id']}/redeliver")
    ensure(again["redeliveries"] == 1, "it is not told again", again)
    headers, body = await asyncio.to_thread(TOLD.get, timeout=TOLD_TIMEOUT_SECS)
    ensure((headers["webhook-id"], body) == (entry["id"], first[1]), "by hand something else is told")


async def walk(values: dict[str, Any], uri: str) -> dict[str, Any]:
    client = client_of(values, values["token"])
    reader = client_of(values, values["reader_token"])
    own = Own(values)
    await refused("an address without TLS", "E0000001", client.create_event_hook(hook("http://hooks.example/in")))
    await refused("a hook of a reader", "E0000006", reader.create_event_hook(hook(uri)))
    made = await done(client.create_event_hook(hook(uri)))
    ensure(made.verification_status == "UNVERIFIED", "a new hook is verified", made)
    ensure(SECRET_HEADER not in made.to_json(), "the secret is shown", made)
    ensure([one.id for one in await done(reader.list_event_hooks())] == [made.id], "a reader does not see the hook")
    secret = own.post(f"/eventHooks/{made.id}/credentials/secret")["secret"]
    verified = await done(client.verify_event_hook(made.id))
    ensure(verified.verification_status == "VERIFIED", "the address is not verified", verified)
    await told(own, made.id, secret)
    changed = await done(client.replace_event_hook(made.id, hook(uri, name="Renamed")))
    ensure((changed.name, changed.verification_status) == ("Renamed", "VERIFIED"), "it was not renamed", changed)
    moved = await done(client.replace_event_hook(made.id, hook(f"{uri}/other")))
    ensure(moved.verification_status == "UNVERIFIED", "another address counts as verified", moved)
    await refused("removing a hook that is on", "E0000001", client.delete_event_hook(made.id))
    off = await done(client.deactivate_event_hook(made.id))
    ensure(off.status == "INACTIVE", "it is not switched off", off)
    ensure((await done(client.activate_event_hook(made.id))).status == "ACTIVE", "it is not switched on")
    await done(client.deactivate_event_hook(made.id))
    await done(client.delete_event_hook(made.id))
    await refused("a hook that was removed", "E0000007", client.get_event_hook(made.id))
    note(f"{values['org_url']}: event hooks")
    return {"hook": made.id}


def run(values: dict[str, Any]) -> dict[str, Any]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return asyncio.run(walk(values, f"http://127.0.0.1:{server.server_port}/in"))


script(["org_url", "token", "reader_token"], run)
