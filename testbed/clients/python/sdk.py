"""What scripts share that drive the management SDK of PyPI: a client that speaks to this machine, calls that must end well or
with an error of that code, and people and groups that something is tried on."""

import os
from typing import Any, Awaitable

# The one check that a server on this machine cannot pass; it is looked at when the SDK is loaded.
os.environ["OKTA_TESTING_TESTINGDISABLEHTTPSCHECK"] = "true"

from okta.client import Client  # noqa: E402
from okta.models import AddGroupRequest, CreateUserRequest, OpenIdConnectApplication  # noqa: E402

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


async def add_group(client: Client, name: str) -> str:
    """The id of a new group."""
    body = {"profile": {"name": name, "description": "Made by a script"}}
    return (await done(client.add_group(AddGroupRequest.from_dict(body)))).id


async def add_person(client: Client, login: str, password: str | None = None) -> str:
    """The id of a new person, who is active by having a password."""
    body: dict[str, Any] = {"profile": {"login": login, "email": login, "firstName": "Emilie", "lastName": "Breteuil"}}
    if password is not None:
        body["credentials"] = {"password": {"value": password}}
    request = CreateUserRequest.from_dict(body)
    return (await done(client.create_user(request, activate=password is not None))).id


def web_app(label: str, callback: str = "https://app.example.com/callback") -> OpenIdConnectApplication:
    """An app that signs people in, and keeps them signed in."""
    return OpenIdConnectApplication.from_dict({
        "name": "oidc_client",
        "label": label,
        "signOnMode": "OPENID_CONNECT",
        "credentials": {"oauthClient": {"token_endpoint_auth_method": "client_secret_basic"}},
        "settings": {"oauthClient": {
            "application_type": "web",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "redirect_uris": [callback],
        }},
    })


async def remove_app(client: Client, app: str) -> None:
    """First it is switched off, then it is gone."""
    await done(client.deactivate_application(app))
    await done(client.delete_application(app))


async def remove_person(client: Client, person: str) -> None:
    """First they are deactivated, then they are gone."""
    for _ in range(2):
        await done(client.delete_user(person))
