"""What scripts about hooks share: whether a request is ours by its signature, and operations that the management SDK does not know."""

import base64
import hashlib
import hmac
import time
from typing import Any

import requests

from script import REQUEST_TIMEOUT_SECS, ensure


def is_ours(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """As docs/event-hooks.md has it."""
    moment = headers["webhook-timestamp"]
    if abs(time.time() - int(moment)) > 300:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = headers["webhook-id"].encode() + b"." + moment.encode() + b"." + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    given = [part[3:] for part in headers["webhook-signature"].split() if part.startswith("v1,")]
    return any(hmac.compare_digest(expected, part.encode()) for part in given)


class Own:
    """The operations that the client does not know."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.base = f"{values['org_url'].rstrip('/')}/api/v1"
        self.headers = {"Authorization": f"SSWS {values['token']}"}

    def get(self, path: str) -> Any:
        answer = requests.get(f"{self.base}{path}", headers=self.headers, timeout=REQUEST_TIMEOUT_SECS)
        ensure(answer.status_code == 200, f"{path} was refused", answer.text)
        return answer.json()

    def post(self, path: str, body: Any = None) -> Any:
        answer = requests.post(f"{self.base}{path}", headers=self.headers, json=body, timeout=REQUEST_TIMEOUT_SECS)
        ensure(answer.status_code == 200, f"{path} was refused", answer.text)
        return answer.json()
