"""PyPI `scim2-tester`, unmodified: what the standard asks of a server, asked of ours; every check passes but those that are
named here with the reason.

Input: base_url, token (of an administrator)."""

from typing import Any

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

from script import REQUEST_TIMEOUT_SECS, ensure, note, script

# The fewest checks that are worth the name: a tester that skips everything proves nothing.
CHECKS_MIN = 40

# What the server does on purpose, by the check and a part of what the tester says of it.
KNOWN = {
    # A person belongs to the organisation or does not; there is no third.
    ("check_remove_attribute", "active"),
    # A person has one address, which is the primary one whatever is said of it.
    ("check_replace_attribute", "primary=False"),
    # Names and passwords are drawn at random, and now and then one has a part of the other, which the policy refuses.
    (None, "password: it must not contain parts of the login"),
}


def is_known(result: Any) -> bool:
    return any(title in (None, result.title) and part in (result.reason or "") for title, part in KNOWN)


def walk(values: dict[str, Any]) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {values['token']}"}
    with Client(base_url=values["base_url"], headers=headers, timeout=REQUEST_TIMEOUT_SECS) as client:
        results = check_server(SyncSCIMClient(client))
    passed = [result for result in results if result.status == Status.SUCCESS]
    wrong = [
        f"{result.title} [{result.resource_type}]: {result.reason}"
        for result in results
        if result.status in (Status.ERROR, Status.CRITICAL) and not is_known(result)
    ]
    ensure(not wrong, f"{len(wrong)} checks failed", "; ".join(wrong))
    ensure(len(passed) >= CHECKS_MIN, "too few checks were made", len(passed))
    note(f"{values['base_url']}: {len(passed)} of {len(results)} checks passed")
    return {"passed": len(passed), "checks": len(results)}


script(["base_url", "token"], walk)
