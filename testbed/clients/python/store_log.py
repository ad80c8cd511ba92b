"""Makes the log of one organisation long, in an embedded store that no program uses: copies of its newest row, each with an
id, a moment and a hash of its own place in the chain.

Input: path; org: its id; rows: how many are added. Output: seq and hash of the newest one."""

import hashlib
import json
import sqlite3
import time
from contextlib import closing
from datetime import datetime, timezone
from typing import Any, Iterator

from script import ensure, script

# What is hashed is documented beside `hash_row` of the crate `ledger`.
DOMAIN = b"testudo log row 1"


def framed(part: bytes) -> bytes:
    return len(part).to_bytes(8, "big") + part


def hash_of(org: str, seq: int, previous: str, body: str) -> str:
    parts = [DOMAIN, org.encode(), seq.to_bytes(8, "big"), previous.encode(), body.encode()]
    return hashlib.sha256(b"".join(map(framed, parts))).hexdigest()


def moment(micros: int) -> str:
    whole = datetime.fromtimestamp(micros // 1_000_000, timezone.utc)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{micros // 1_000 % 1_000:03d}Z"


def copies(org: str, newest: tuple, count: int) -> Iterator[tuple]:
    seq, previous, begin, event_type, outcome, actor, text = newest
    body = json.loads(text)
    # Between the newest row and now, so that rows that follow are the newest again.
    step = (time.time_ns() // 1_000 - begin) // count
    for number in range(1, count + 1):
        at = (begin + step * number) // 1_000 * 1_000
        body["uuid"] = f"evt{number:017d}"
        body["published"] = moment(at)
        text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
        previous = hash_of(org, seq + number, previous, text)
        yield org, seq + number, body["uuid"], at, event_type, outcome, actor, text, previous


def run(values: dict[str, Any]) -> dict[str, Any]:
    org, count = values["org"], values["rows"]
    with closing(sqlite3.connect(f"file:{values['path']}?mode=rw", uri=True)) as store, store:
        newest = store.execute(
            "SELECT seq, hash, published_at, event_type, outcome, actor_id, body FROM log_events "
            "WHERE org_id = ? ORDER BY seq DESC LIMIT 1",
            [org],
        ).fetchone()
        ensure(newest, "the organisation has no log", org)
        rows = copies(org, newest, count)
        store.executemany("INSERT INTO log_events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        head = store.execute(
            "SELECT seq, hash, published_at FROM log_events WHERE org_id = ? ORDER BY seq DESC LIMIT 1", [org]
        ).fetchone()
        store.execute("UPDATE log_heads SET seq = ?, hash = ?, published_at = ? WHERE org_id = ?", [*head, org])
    return {"seq": head[0], "hash": head[1]}


script(["path", "org", "rows"], run)
