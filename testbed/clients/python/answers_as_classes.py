"""PyPI `okta`, unmodified, as a witness of shapes: its classes are made of the public description of the interface that the
management API follows. Each answer that the tests of the API saw is read by the class that the SDK has for that operation and
status: what is required is there, every value is of its kind, and every word is one of those that there are. A field that the
class does not know is one of our own, and stands in the list below. Each operation that the page of operations and the SDK both have was
answered well at least once.

Input: answers (a file with one answer on each line: method, path, status, body)."""

import ast
import json
import os
import re
from collections import Counter
from enum import Enum
from pathlib import Path
from typing import Any, Iterator

# The one check that is looked at when the SDK is loaded.
os.environ["OKTA_TESTING_TESTINGDISABLEHTTPSCHECK"] = "true"

import okta.api  # noqa: E402
import okta.models  # noqa: E402
from pydantic import BaseModel, ValidationError  # noqa: E402

from script import ensure, note, script  # noqa: E402

# What is answered beside the public description, by the class in which it stands: what the description leaves out though clients
# of the field know it, further links, and what is our own.
OUR_OWN: dict[str, set[str]] = {
    # The word with an `s`, as recorded answers of the field have it; the description has it without.
    "ApiToken": {"_links"},
    "AuthServerLinks": {"activate"},
    "AuthenticatorMethodWebAuthnAllOfSettings": {"attestation", "residentKeyRequirement"},
    "AuthorizationServer": {"default"},
    "AuthorizationServerJsonWebKey": {"crv", "x", "y"},
    "AuthorizationServerPolicyRuleGroupCondition": {"exclude"},
    "AuthorizationServerPolicyRuleUserCondition": {"exclude"},
    "EventHookLinks": {"activate", "deliveries"},
    "GroupEmbeddedStats": {"_links"},
    "GroupPushMappingLinks": {"self"},
    "GroupRule": {"_embedded", "_links"},
    "GroupSchemaAttribute": {"minimum", "maximum"},
    # The public half, where `expand` asks for it.
    "HookKey": {"_embedded"},
    "InlineHookLinks": {"calls"},
    "InlineHookLinksCreate": {"calls"},
    # The description chooses between two classes by `authType`; the SDK reads but that one field of either.
    "InlineHookOAuthChannelConfig": {"clientId", "headers", "hookKeyId", "method", "scope", "tokenUrl", "uri"},
    "LinksNext": {"self"},
    "LinksSelf": {"refresh", "type", "user"},
    "OAuth2ScopeConsentGrantEmbeddedScope": {"name"},
    "OAuthCredentialsClient": {"secret_place"},
    # Examples of the description have it, and its class for conditions of every kind; the one for this kind leaves it out.
    "OktaSignOnPolicyRuleConditions": {"risk"},
    "OpenIdConnectApplicationSettings": {"app", "manualProvisioning"},
    "OrgGeneralSettingLinks": {"self"},
    "ProtocolOidc": {"issuer"},
    "ResourceSetBindingEditResponse": {"id"},
    "ResourceSetBindingEditResponseLinks": {"members"},
    "ResourceSetBindingResponseLinks": {"bindings"},
    "ResourceSetResourcesLinks": {"self"},
    "User": {"tempPassword"},
    "UserFactorActivateResponse": {"created", "id", "lastUpdated", "profile", "provider", "status", "vendorName"},
    "UserSchemaAttribute": {"minimum", "maximum"},
}
# Where answers are ours though the public description has something at the same place: receivers of the log are of our own types.
OURS = ("/api/v1/logStreams",)
# What the classes refuse and is none the less so: what stands inside of a thing (`expand`) is described there as objects of
# objects, which it nowhere is; and an answer that fits several of the classes that there are to choose from fits one.
NONE_THE_LESS = (
    r"^_embedded\.",
    r"^Multiple matches found",
)
# The fewest answers that are worth the name, and how many of a thousand things may be excused by the list above.
ANSWERS_MIN = 10_000
EXCUSED_PER_MILLE_MAX = 10
# A login may be as short as its organisation likes; the class wants so many characters.
LOGIN_CHARS_MIN = 5
# What is served, as the route table has it.
OPERATIONS = Path(__file__).parents[3] / "docs" / "operations.md"
# How many differences are shown.
SHOWN_MAX = 60

PLAIN = {"str": str, "int": int, "float": (int, float), "bool": bool}
Place = tuple[str, str]


def normal(path: str) -> str:
    """The path without the names of its parameters, which everybody chooses."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def constant(node: ast.expr | None) -> Any:
    return node.value if isinstance(node, ast.Constant) else None


def read_class(class_: ast.ClassDef) -> Iterator[tuple[Place, dict[str, str | None]]]:
    """The operations of a class: method and path, and what is answered with which status."""
    answers: dict[str, dict[str, str | None]] = {}
    places: dict[str, Place] = {}
    for function in class_.body:
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for node in ast.walk(function):
            is_answers = isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "_response_types_map"
            if is_answers and isinstance(node.value, ast.Dict):
                pairs = zip(node.value.keys, node.value.values)
                answers[function.name] = {constant(status): constant(kind) for status, kind in pairs}
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "param_serialize":
                words = {word.arg: constant(word.value) for word in node.keywords}
                places[function.name] = (words["method"], normal(words["resource_path"]))
    for name, kinds in answers.items():
        place = places.get(f"_{name}_serialize")
        if place is not None:
            yield place, kinds


def read_operations() -> dict[Place, dict[str, str | None]]:
    found: dict[Place, dict[str, str | None]] = {}
    for file in sorted(Path(okta.api.__path__[0]).glob("*_api.py")):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.ClassDef):
                found.update(read_class(node))
    return found


def read_as(kind: str, value: Any) -> Any:
    """The value as the SDK has it; it raises what its classes raise."""
    if match := re.fullmatch(r"List\[(.*)\]", kind):
        ensure(isinstance(value, list), "it is no list")
        return [read_as(match.group(1), one) for one in value]
    if match := re.fullmatch(r"Dict\[[^,]*, (.*)\]", kind):
        ensure(isinstance(value, dict), "it is no object")
        return {name: read_as(match.group(1), one) for name, one in value.items()}
    if kind in PLAIN:
        ensure(isinstance(value, PLAIN[kind]), f"it is no {kind}")
        return value
    if kind in ("object", "datetime"):
        return value
    class_ = getattr(okta.models, kind)
    return class_(value) if issubclass(class_, Enum) else class_.from_dict(value)


def beside(model: Any, answered: Any, place: str) -> Iterator[tuple[str, str, str]]:
    """What was answered and the class of its place does not know: class, field, where."""
    if isinstance(answered, list) and isinstance(model, list):
        for one, said in zip(model, answered):
            yield from beside(one, said, f"{place}[]")
    if not isinstance(answered, dict):
        return
    if isinstance(model, dict):
        for name, said in answered.items():
            yield from beside(model.get(name), said, f"{place}.{name}")
    # A choice between several classes keeps what was chosen in a field of its own.
    inner = getattr(model, "actual_instance", None)
    if inner is not None:
        yield from beside(inner, answered, place)
        return
    if not isinstance(model, BaseModel):
        return
    class_ = type(model)
    fields = {field.alias or name: name for name, field in class_.model_fields.items()}
    # A class of no fields says nothing of what stands in it, nor does a choice of which nothing was chosen.
    is_choice = not class_.model_fields or "actual_instance" in class_.model_fields
    is_open = is_choice or "additional_properties" in class_.model_fields
    for name, said in answered.items():
        if name in fields:
            yield from beside(getattr(model, fields[name]), said, f"{place}.{name}")
        elif not is_open and name not in OUR_OWN.get(class_.__name__, ()):
            yield class_.__name__, name, place


def is_none_the_less(what: str) -> bool:
    return any(re.search(pattern, what) for pattern in NONE_THE_LESS)


def hold(operations: dict[Place, dict[str, str | None]], answer: dict[str, Any], count: Counter[str]) -> Iterator[str]:
    """What is wrong with an answer."""
    place, status = (answer["method"], normal(answer["path"])), str(answer["status"])
    kinds, body = operations[place], answer["body"]
    where = f"{answer['method']} {answer['path']} {status}"
    if status >= "400":
        # Refusals have one shape, also where the public description leaves a status out, or its shape.
        kind = "Error"
    elif status == "204" and status in kinds:
        # There is no body, also where the SDK has a class for it.
        kind = None
    elif status in kinds:
        # Of two statuses with one shape, the SDK knows it of the first alone.
        kind = kinds[status] or (kinds.get("200") if body is not None else None)
        # Of one operation the SDK names a class for an answer that has no body.
        kind = None if status == "204" else kind
    else:
        yield f"{where}: it is not answered with that status"
        return
    if kind is None or body is None:
        if (kind is None) != (body is None):
            yield f"{where}: a body where there is none, or none where there is one"
        return
    for kind, thing in things(kind, body):
        count["things"] += 1
        for what in hold_thing(kind, thing, count):
            yield f"{where}: {what}"


def things(kind: str, body: Any) -> Iterator[tuple[str, Any]]:
    """Each thing of a list by itself, so that what is excused in one hides nothing of the others."""
    match = re.fullmatch(r"List\[(.*)\]", kind)
    if match and isinstance(body, list):
        yield from ((match.group(1), one) for one in body)
    else:
        yield kind, body


def hold_thing(kind: str, thing: Any, count: Counter[str]) -> Iterator[str]:
    if isinstance(thing, dict) and "_embedded" in thing:
        # Read without it; if it is right even with it, so much the better.
        try:
            read_as(kind, thing)
        except ValidationError as error:
            if all(part["loc"][:1] == ("_embedded",) for part in error.errors()):
                thing = {name: value for name, value in thing.items() if name != "_embedded"}
    if kind == "User" and isinstance(profile := thing.get("profile"), dict):
        thing = {**thing, "profile": {**profile, "login": profile["login"].ljust(LOGIN_CHARS_MIN, "-")}}
    try:
        model = read_as(kind, thing)
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, part['loc']))} {part['msg']}" for part in error.errors()]
    except Exception as error:
        wrong = [" ".join(str(error).split())]
    else:
        for class_, name, within in beside(model, thing, kind):
            yield f"{class_} knows no {name} (at {within})"
        return
    count["excused"] += all(map(is_none_the_less, wrong))
    for what in wrong:
        if not is_none_the_less(what):
            yield f"{kind}: {what[:400]}"


def read_served() -> set[Place]:
    """Method and path of every operation that is served."""
    rows = re.findall(r"^\| ([A-Z]+) \| `([^`]+)` \|", OPERATIONS.read_text(), re.MULTILINE)
    return {(method, normal(path)) for method, path in rows}


def walk(values: dict[str, Any]) -> dict[str, Any]:
    operations = read_operations()
    good, others, held, count = set(), set(), 0, Counter()
    wrong: Counter[str] = Counter()
    with open(values["answers"]) as file:
        for line in file:
            answer = json.loads(line)
            place = (answer["method"], normal(answer["path"]))
            if place not in operations or place[1].startswith(OURS):
                others.add(place)
                continue
            if answer["status"] < 300:
                good.add(place)
            held += 1
            wrong.update(set(hold(operations, answer, count)))
    shown = "\n".join(f"{count} x {what}" for what, count in sorted(wrong.items())[:SHOWN_MAX])
    if wrong:
        note(shown)
    ensure(not wrong, f"answers differ from the public description in {len(wrong)} ways")
    served = {place for place in read_served() & operations.keys() if not place[1].startswith(OURS)}
    ensure(not served - good, "operations that no good answer was written down of", sorted(served - good))
    ensure(held >= ANSWERS_MIN, "too few answers were held against it", held)
    share = 1000 * count["excused"] // count["things"]
    ensure(share <= EXCUSED_PER_MILLE_MAX, "too much is excused", dict(count))
    note(f"{held} answers of {len(good)} operations, {count['excused']} of {count['things']} things excused; {len(others)} operations are our own")
    return {"answers": held, "operations": len(good)}


script(["answers"], walk)
