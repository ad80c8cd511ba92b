"""One call with a JSON body and a JSON answer, by Python's own means.

Input: url, authorization, method, body (or nothing). Output: status, body."""

import json
import urllib.error
import urllib.request
from typing import Any

from script import REQUEST_TIMEOUT_SECS, script


def call(values: dict[str, Any]) -> dict[str, Any]:
    body = values.get("body")
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(values["url"], data=data, method=values["method"])
    request.add_header("Authorization", values["authorization"])
    if data is not None:
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=REQUEST_TIMEOUT_SECS) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        status, text = refused.code, refused.read()
    return {"status": status, "body": json.loads(text) if text else None}


script(["url", "authorization", "method"], call)
