"""Calls of the REST API with one key; a refusal is an answer, not an exception."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import httpx2

Answer = dict[str, Any]


class Api:
    """`transport` is handed to httpx2, for tests."""

    def __init__(self, base_url: str, key: str, *, transport: Any = None) -> None:
        self._client = httpx2.AsyncClient(
            base_url=f"{base_url.rstrip('/')}/api/v1",
            headers={"Authorization": f"Bearer {key}", "User-Agent": "adtarget-mcp/0.1.0"},
            timeout=15.0,
            transport=transport,
            trust_env=False,
        )

    async def get(self, path: str, query: Mapping[str, object] | None = None) -> Answer:
        given = {name: str(value) for name, value in (query or {}).items() if value not in (None, "")}
        return await self._answer("GET", path, params=given)

    async def post(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Answer:
        content = json.dumps(body).encode()
        more = {"Content-Type": "application/json", **(headers or {})}
        return await self._answer("POST", path, content=content, headers=more)

    async def _answer(self, method: str, path: str, **request: Any) -> Answer:
        try:
            response = await self._client.request(method, path, **request)
        except httpx2.HTTPError as error:
            return {"error": {"code": "UNREACHABLE", "message": f"AdTarget did not answer ({type(error).__name__})."}}
        try:
            answer = json.loads(response.content, parse_float=_exact)
        except ValueError:
            return {"error": {"code": "NO_JSON", "message": f"HTTP {response.status_code} without JSON in it."}}
        return answer if isinstance(answer, dict) else {"answer": answer}


def _exact(text: str) -> float | str:
    """The number, or its digits as text where a float would change them."""
    return float(text) if Decimal(repr(float(text))) == Decimal(text) else text
