"""The second yardstick: a bare ASGI view on uvicorn that makes one insert by asyncpg. Nothing of ours is in it."""

import json
import os
import subprocess
import sys
import uuid
from typing import Any

from benchmarks.measuring import wait_until_open

TABLE = "CREATE TABLE IF NOT EXISTS bare_row (id uuid PRIMARY KEY, owner text, person text, at timestamptz, page text);"
INSERT = "INSERT INTO bare_row (id, owner, person, at, page) VALUES ($1, $2, $3, now(), $4)"
pool: Any = None


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    told, key = json.loads(body), uuid.uuid4()
    person = str(told.get("tempId") or told.get("telegramUserId"))
    await pool.execute(INSERT, key, told["websiteId"], person, told.get("href", ""))
    answer = json.dumps({"id": str(key)}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


async def _live(receive: Any, send: Any) -> None:
    global pool
    import asyncpg

    await receive()
    pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=8, max_size=16)
    await pool.execute(TABLE)
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await pool.close()
    await send({"type": "lifespan.shutdown.complete"})


def start(database: str, port: int) -> "subprocess.Popen[bytes]":
    """One process of it, which answers on the port."""
    command = [sys.executable, "-m", "uvicorn", "benchmarks.bare_asgi:app", "--port", str(port), "--log-level", "error"]
    environment = {**os.environ, "DATABASE_URL": database}
    process = subprocess.Popen([*command, "--no-access-log"], env=environment)
    wait_until_open(port)
    return process
