"""What scripts share that drive the management SDK of PyPI: a client that speaks to this machine, and calls that must end well,
or with an error of that code."""

import os
from typing import Any, Awaitable

# The one check that a server on this machine cannot pass; it is looked at when the SDK is loaded.
os.environ["OKTA_TESTING_TESTINGDISABLEHTTPSCHECK"] = "true"

from okta.client import Client  # noqa: E402

from script import ensure  # noqa: E402


def client_of(values: dict[str, Any], token: str) -> Client:
    return Client({"orgUrl": values["org_url"], "token": token, "cache": {"enabled": False}})


async def done(call: Awaitable[Any]) -> Any:
    """What a call returned: the client gives a tuple with the error last."""
    outcome = await call
    ensure(outcome[-1] is None, "a call was refused", outcome[-1])
    return outcome[0]


async def refused(what: str, code: str, call: Awaitable[Any]) -> None:
    error = (await call)[-1]
    ensure(error is not None, f"{what} was accepted")
    ensure(code in str(error), f"{what} is not refused with {code}", error)
