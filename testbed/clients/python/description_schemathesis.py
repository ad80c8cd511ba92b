"""PyPI `schemathesis`, unmodified: it reads the OpenAPI document that the organisation serves, and asks every operation in
it what fits the document and what does not. No answer is a fault of the server, each has a status and a shape that are
described, what does not fit is refused, and so are other methods and calls without a token.

Input: base_url, token (of an administrator)."""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from script import REQUEST_TIMEOUT_SECS, ensure, note, script

# The longest that the tool may take; on an idle machine it is through in less than two minutes.
RUN_MAX_SECS = 600
# The fewest cases that are worth the name.
CASES_MIN = 2000
SETTINGS = Path(__file__).with_name("schemathesis.toml")
# Where an example names things of which nobody knows whether they are there, or a token that nobody was given.
NAMES_OTHERS = ("groupIds", "assignments", "sessionToken")
# How much of a report is shown.
SHOWN_CHARS = 6000


def call(values: dict[str, Any], path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"SSWS {values['token']}", "Content-Type": "application/json"}
    sent = None if body is None else json.dumps(body).encode()
    with urlopen(Request(values["base_url"] + path, sent, headers), timeout=REQUEST_TIMEOUT_SECS) as response:
        return json.load(response)


def examples(values: dict[str, Any], document: dict[str, Any]) -> dict[str, str]:
    """One thing of each list whose things can be added: what comes before its id in a path, and the id."""
    found: dict[str, str] = {}
    for path, methods in document["paths"].items():
        body = methods.get("post", {}).get("requestBody")
        if "{" in path or f"{path}/{{id}}" not in document["paths"] or body is None:
            continue
        example = body["content"]["application/json"]["example"]
        if not any(word in json.dumps(example) for word in NAMES_OTHERS):
            found[path] = call(values, path, example)["id"]
    return found


def settings(values: dict[str, Any], document: dict[str, Any]) -> str:
    """Reads and changes are about things that there are; what takes something away is about others."""
    sections = [SETTINGS.read_text()]
    for path, id in examples(values, document).items():
        below = re.escape(f"{path}/{{id}}").replace("/", "\\/")
        sections.append(
            f"[[operations]]\ninclude-path-regex = '^{below}'\nexclude-method = ['DELETE']\n"
            f"parameters = {{ 'path.id' = '{id}' }}\n"
        )
    return "\n".join(sections)


def walk(values: dict[str, Any]) -> dict[str, Any]:
    address = values["base_url"] + "/openapi.json"
    with urlopen(address, timeout=REQUEST_TIMEOUT_SECS) as response:
        document = json.load(response)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "schemathesis.toml"
        place.write_text(settings(values, document))
        tool = Path(sys.executable).with_name("schemathesis")
        ran = subprocess.run(
            [tool, "--config-file", place, "--no-color", "run", address],
            cwd=folder,
            env={**os.environ, "TESTBED_TOKEN": values["token"]},
            capture_output=True,
            text=True,
            timeout=RUN_MAX_SECS,
        )
    said = ran.stdout + ran.stderr
    ensure(ran.returncode == 0, "the description and the server differ", said[-SHOWN_CHARS:])
    cases = re.search(r"(\d[\d,]*) generated", said)
    count = int(cases.group(1).replace(",", "")) if cases else 0
    ensure(count >= CASES_MIN, "too few cases were tried", said[-SHOWN_CHARS:])
    note(f"{address}: {count} cases")
    return {"cases": count}


script(["base_url", "token"], walk)
