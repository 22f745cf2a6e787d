"""`adtarget-mcp`: serves the tools over standard input and output, or over HTTP."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from mcp.server.mcpserver import Context

from adtarget_mcp.api import Api
from adtarget_mcp.server import make


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="adtarget-mcp", description=__doc__)
    parser.add_argument("--url", default=os.environ.get("ADTARGET_URL", "http://127.0.0.1:8000"))
    parser.add_argument("--http", metavar="HOST:PORT", help="Serve HTTP at /mcp; callers send their own key as Bearer.")
    parser.add_argument("--allow-writes", action="store_true", help="Also record events and retry sends.")
    options = parser.parse_args(arguments)
    if options.http:
        host, _, port = options.http.rpartition(":")
        server = make(lambda ctx: Api(options.url, _bearer(ctx)), may_write=options.allow_writes)
        server.run("streamable-http", host=host or "127.0.0.1", port=int(port))
        return
    key = os.environ.get("ADTARGET_KEY", "")
    if not key.startswith("atk_"):
        parser.error("Set ADTARGET_KEY to an API key; it starts with atk_live_ or atk_test_.")
    api = Api(options.url, key)
    make(lambda ctx: api, may_write=options.allow_writes).run("stdio")


def _bearer(ctx: Context) -> str:
    """The caller's own key: the server holds none, and answers with what that key may see."""
    scheme, _, key = (ctx.headers or {}).get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


if __name__ == "__main__":
    main()
