"""Says how many rows a statement finds in an embedded store, and what they amount to.

Input: path, sql. Output: rows, digest."""

import hashlib
import sqlite3
from contextlib import closing
from typing import Any

from script import script


def run(values: dict[str, Any]) -> dict[str, Any]:
    with closing(sqlite3.connect(f"file:{values['path']}?mode=ro", uri=True)) as store:
        digest, rows = hashlib.sha256(), 0
        for row in store.execute(values["sql"]):
            digest.update(repr(row).encode())
            rows += 1
    return {"rows": rows, "digest": digest.hexdigest()}


script(["path", "sql"], run)
