"""What every script here shares: JSON in (first argument or TESTBED_INPUT), JSON out, and exit code 1 with one clear
sentence when a step did not go as promised."""

import json
import os
import sys
import traceback
from typing import Any, Callable

# Authlib refuses plain HTTP; the tests run on loopback. Nothing else of its checks is relaxed.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

REQUEST_TIMEOUT_SECS = 30


class Failed(Exception):
    """A promise of the server was not kept; the message says which and what came instead."""


def ensure(condition: Any, sentence: str, seen: Any = None) -> None:
    if condition:
        return
    raise Failed(sentence if seen is None else f"{sentence}; seen: {str(seen)[:600]}")


def must_fail(what: str, refused: Callable[[], Any]) -> Exception:
    """Runs `refused` and returns the error that it must end with."""
    try:
        value = refused()
    except Failed:
        raise
    except Exception as error:  # whatever class the library chose: the caller looks at its OAuth error code
        return error
    raise Failed(f"{what} was accepted, though it must be refused; seen: {str(value)[:600]}")


def note(line: str) -> None:
    print(line, file=sys.stderr)


def _read_input(required: list[str]) -> dict[str, Any]:
    text = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("TESTBED_INPUT")
    ensure(text, f"this script takes one JSON object as its first argument, with: {', '.join(required)}")
    values = json.loads(text)
    missing = [name for name in required if name not in values]
    ensure(not missing, f"the input lacks: {', '.join(missing)}")
    if values.get("root"):
        # The authority that the server's certificate comes from; the libraries read it here.
        os.environ["REQUESTS_CA_BUNDLE"] = values["root"]
    return values


def script(required: list[str], body: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Runs `body(input)`, prints what it returns as one JSON line and ends the process."""
    try:
        result = body(_read_input(required))
    except Failed as error:
        note(f"failed: {error}")
        sys.exit(1)
    except Exception as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/clients/python/" in frame.filename]
        place = f" (at {os.path.basename(frames[-1].filename)}:{frames[-1].lineno})" if frames else ""
        note(f"failed: {type(error).__name__}: {error}{place}")
        sys.exit(1)
    print(json.dumps({"ok": True, **result}))
