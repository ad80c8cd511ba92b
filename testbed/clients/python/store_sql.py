"""Runs SQL on an embedded store that no program uses: to look at what was kept, and to do what no program of ours would.

Input: path; sql: a list of statements. Output: the rows of the last one."""

import sqlite3
from contextlib import closing
from typing import Any

from script import ensure, script


def run(values: dict[str, Any]) -> dict[str, Any]:
    with closing(sqlite3.connect(f"file:{values['path']}?mode=rw", uri=True)) as store, store:
        rows: list[tuple] = []
        changed = 0
        for statement in values["sql"]:
            cursor = store.execute(statement)
            rows, changed = cursor.fetchall(), cursor.rowcount
    ensure(rows or changed, "the SQL found and changed nothing", values["sql"])
    return {"rows": rows}


script(["path", "sql"], run)
