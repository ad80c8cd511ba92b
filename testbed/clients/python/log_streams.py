"""An administrator's script about log streams, with no client but Python's own.

Input: org_url, token, act: `create` (port and ca of a receiver of syslog), `groups` (names of some that are made), `log` (the
events since a stream was made), `stream` (its id). Output: id, nothing, events, stream."""

import json
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any, Optional

from script import REQUEST_TIMEOUT_SECS, script


def call(values: dict[str, Any], path: str, body: Optional[dict[str, Any]] = None) -> Any:
    url = values["org_url"].rstrip("/") + "/api/v1" + path
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method="GET" if body is None else "POST")
    request.add_header("Authorization", f"SSWS {values['token']}")
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=REQUEST_TIMEOUT_SECS) as answer:
        return json.loads(answer.read())


def create(values: dict[str, Any]) -> dict[str, Any]:
    settings = {"host": "localhost", "port": values["port"], "caCertificate": Path(values["ca"]).read_text()}
    made = call(values, "/logStreams", {"type": "syslog", "name": "Collector", "settings": settings})
    return {"id": made["id"]}


def groups(values: dict[str, Any]) -> dict[str, Any]:
    for name in values["names"]:
        call(values, "/groups", {"profile": {"name": name}})
    return {}


def log(values: dict[str, Any]) -> dict[str, Any]:
    query = urllib.parse.urlencode({"limit": 1000})
    events = call(values, f"/logs?{query}")
    kinds = [event["eventType"] for event in events]
    return {"events": events[kinds.index("system.log_stream.lifecycle.create"):]}


def stream(values: dict[str, Any]) -> dict[str, Any]:
    return {"stream": call(values, f"/logStreams/{values['id']}")}


ACTS = {"create": create, "groups": groups, "log": log, "stream": stream}

script(["org_url", "token", "act"], lambda values: ACTS[values["act"]](values))
