"""The tools of the MCP server. Read-only unless writing was allowed when it was started."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.types import ToolAnnotations

from adtarget_mcp import why
from adtarget_mcp.api import Answer, Api

INSTRUCTIONS = (
    "AdTarget sends business events of Telegram users (conversions) to ad platforms. One conversion has one send for "
    "each pixel of its site. Times are Unix milliseconds. To learn why an order is not at a platform, call "
    "why_not_at_platform first. Never ask the person for an API key."
)
READ = ToolAnnotations(read_only_hint=True, open_world_hint=False)
WRITE = ToolAnnotations(read_only_hint=False, idempotent_hint=True, open_world_hint=True)
ApiOf = Callable[[Context], Api]


def make(api_of: ApiOf, *, may_write: bool) -> MCPServer[Any]:
    """A server whose tools call the API that `api_of` finds for a request."""
    server: MCPServer[Any] = MCPServer(name="adtarget", instructions=INSTRUCTIONS, version="0.1.0", log_level="WARNING")
    _add_looking(server, api_of)
    _add_explaining(server, api_of)
    if may_write:
        _add_writing(server, api_of)
    return server


def _add_looking(server: MCPServer[Any], api_of: ApiOf) -> None:
    @server.tool(annotations=READ)
    async def who_am_i(ctx: Context) -> Answer:
        """The account, mode and limits of the API key in use."""
        return await api_of(ctx).get("/me")

    @server.tool(annotations=READ)
    async def list_sites(ctx: Context) -> Answer:
        """The sites of the account, with their ids."""
        return await api_of(ctx).get("/sites")

    @server.tool(annotations=READ)
    async def list_channels(ctx: Context, site_id: str = "") -> Answer:
        """The Telegram channels of the account or of one site."""
        return await api_of(ctx).get("/channels", {"siteId": site_id})

    @server.tool(annotations=READ)
    async def list_pixels(ctx: Context, site_id: str = "") -> Answer:
        """The connections to ad platforms: which are active, which are paused and why."""
        return await api_of(ctx).get("/pixels", {"siteId": site_id})

    @server.tool(annotations=READ)
    async def find_conversions(
        ctx: Context,
        order_id: str = "",
        telegram_user_id: int | None = None,
        external_user_id: str = "",
        event_type: str = "",
        status: str = "",
        platform: str = "",
        reason: str = "",
        since: int | None = None,
        until: int | None = None,
        limit: int = 20,
        cursor: str = "",
    ) -> Answer:
        """Conversions with their sends, newest first, by any of the filters.

        status is pending, sent, failed or skipped; platform and reason are of a send.
        """
        query = {
            "orderId": order_id,
            "telegramUserId": telegram_user_id,
            "externalUserId": external_user_id,
            "eventType": event_type,
            "capiStatus": status,
            "platform": platform,
            "reason": reason,
            "since": since,
            "until": until,
            "limit": limit,
            "cursor": cursor,
        }
        return await api_of(ctx).get("/conversions", query)

    @server.tool(annotations=READ)
    async def get_conversion(ctx: Context, conversion_id: str) -> Answer:
        """One conversion (cnv_…) with its sends."""
        return await api_of(ctx).get(f"/conversions/{_part(conversion_id)}")

    @server.tool(annotations=READ)
    async def get_person(ctx: Context, telegram_user_id: int, site_id: str = "") -> Answer:
        """What is known of a Telegram user: first and last seen, conversions."""
        return await api_of(ctx).get(f"/leads/{telegram_user_id}", {"siteId": site_id})

    @server.tool(annotations=READ)
    async def find_sends(
        ctx: Context,
        status: str = "",
        platform: str = "",
        reason: str = "",
        since: int | None = None,
        limit: int = 20,
        cursor: str = "",
    ) -> Answer:
        """Sends, newest first: status is pending, sent, failed or skipped. Answers which deliveries fail."""
        query = {"status": status, "platform": platform, "reason": reason}
        return await api_of(ctx).get("/sends", {**query, "since": since, "limit": limit, "cursor": cursor})

    @server.tool(annotations=READ)
    async def get_send(ctx: Context, send_id: str) -> Answer:
        """One send (snd_…) with every attempt and the platform's answers."""
        return await api_of(ctx).get(f"/sends/{_part(send_id)}")


def _add_explaining(server: MCPServer[Any], api_of: ApiOf) -> None:
    @server.tool(annotations=READ)
    async def why_not_at_platform(ctx: Context, platform: str, order_id: str = "", conversion_id: str = "") -> Answer:
        """Why an order (or a conversion) is not at a platform, or since when it is there.

        platform is meta, tiktok, snapchat, google or another one that list_pixels names.
        """
        api, wanted = api_of(ctx), platform.strip().lower()
        if conversion_id:
            found = await api.get(f"/conversions/{_part(conversion_id)}")
            conversions = [found] if "error" not in found else []
        elif order_id:
            found = await api.get("/conversions", {"orderId": order_id})
            conversions = found.get("conversions", [])
        else:
            return {"error": {"code": "INVALID_PAYLOAD", "message": "Give an order_id or a conversion_id."}}
        if found.get("error", {}).get("code") not in (None, "CONVERSION_NOT_FOUND"):
            return found
        pixels = (await api.get("/pixels")).get("pixels", [])
        asked = f"with order id {order_id}" if order_id else conversion_id
        return {"answer": why.explain(wanted, conversions, pixels, asked=asked), "conversions": conversions}

    @server.tool(annotations=READ)
    async def explain_reason(reason: str) -> Answer:
        """What a reason code of a skipped or failed send means, and what to do."""
        return {"reason": reason, "meaning": why.reasons().get(reason, "There is no such reason code.")}

    @server.tool(annotations=READ)
    async def validate_event(ctx: Context, event: dict[str, Any]) -> Answer:
        """What would become of an event, while nothing is recorded: per platform the exact payload or why there is
        none, what the person can be found by, and what would raise the match quality.

        event is the body of POST /api/v1/events/conversion, such as {"telegramUserId": 7, "eventType": "Lead", …}.
        """
        return await api_of(ctx).post("/events/validate", event)


def _add_writing(server: MCPServer[Any], api_of: ApiOf) -> None:
    @server.tool(annotations=WRITE)
    async def record_event(ctx: Context, event: dict[str, Any], idempotency_key: str = "") -> Answer:
        """Records an event and sends it to the platforms. Ask the person before calling it; validate_event shows
        what it would do. The same idempotency_key records it once."""
        headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
        return await api_of(ctx).post("/events/conversion", event, headers)

    @server.tool(annotations=WRITE)
    async def retry_send(ctx: Context, send_id: str) -> Answer:
        """Tries a failed or skipped send again. Ask the person before calling it."""
        return await api_of(ctx).post(f"/sends/{_part(send_id)}/retry", {})


def _part(text: str) -> str:
    """An id as one part of a path; what is none becomes one that nothing has."""
    return text if text.replace("_", "").isalnum() and text.isascii() else "none"
