"""Says why an event is, or is not, at a platform, from what the API answered."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from importlib.resources import files
from typing import Any

Facts = Mapping[str, Any]
#: What each platform can find a person by; docs/pixels.md.
SIGNALS = {
    "meta": "fbc, fbp, e-mail, phone, externalUserId, or address with user agent",
    "tiktok": "ttclid, ttp, e-mail, phone, externalUserId, or address with user agent",
    "snapchat": "sccid, e-mail, phone, or address with user agent",
    "google": "gclid, gbraid, wbraid, e-mail or phone",
}


def reasons() -> dict[str, str]:
    """What each reason code means and what to do; written by `manage.py write_api_files`."""
    words: dict[str, str] = json.loads(files(__package__).joinpath("reasons.json").read_text("utf-8"))
    return words


def explain(platform: str, conversions: Sequence[Facts], pixels: Sequence[Facts], *, asked: str) -> str:
    """One paragraph for each conversion."""
    if not conversions:
        return (
            f"AdTarget has no event {asked} that this key may see, so nothing could go to {platform}. Either it was "
            "never sent here, or it was refused, or it came with another key: a test key sees test events only."
        )
    return "\n".join(_of_one(platform, conversion, pixels) for conversion in conversions)


def _of_one(platform: str, conversion: Facts, pixels: Sequence[Facts]) -> str:
    name = f"{conversion['eventType']} {conversion['conversionId']}"
    mine = [pixel for pixel in pixels if pixel["siteId"] == conversion["siteId"] and pixel["platform"] == platform]
    sends = [send for send in conversion["sends"] if send["platform"] == platform]
    if sends:
        return "\n".join(f"{name}: {_of_send(platform, send, mine)}" for send in sends)
    return f"{name}: nothing was ever to be sent to {platform}. {_no_send(platform, conversion, mine)}"


def _no_send(platform: str, conversion: Facts, pixels: Sequence[Facts]) -> str:
    if conversion.get("awaitingManualInput"):
        return "It awaits its value: staff submit it in the dashboard, or your backend by the API."
    if conversion["source"] == "webhook":
        return "It is an organic join, without an ad behind it."
    if not pixels:
        return f"Its site {conversion['siteId']} has no {platform} pixel. Add one in the set-up."
    if not any(pixel["active"] for pixel in pixels):
        return f"The {platform} pixel of its site is switched off."
    signals = SIGNALS.get(platform, "a click id or a contact")
    return (
        f"It came without anything that {platform} could find the person by ({signals}), or before the pixel was "
        "there, or it was imported as history."
    )


def _of_send(platform: str, send: Facts, pixels: Sequence[Facts]) -> str:
    status, error = send["status"], _error(send)
    if status == "sent":
        return f"it is at {platform}, pixel {send['pixelId']}, since {_when(send.get('sentAt'))}."
    if status == "pending":
        paused = next((p["paused"] for p in pixels if p["pixelId"] == send["pixelId"] and p.get("paused")), None)
        if paused:
            return (
                f"it waits, because the {platform} pixel {send['pixelId']} is paused since {_when(paused['since'])}: "
                f"{paused['message']} ({paused['code']}). Correct the token in the set-up; it then goes out by itself."
            )
        due = f"The next try is due {_when(send['nextAttemptAt'])}." if "nextAttemptAt" in send else "It is on its way."
        return f"it waits after {send['attempts']} tries. {due}{error}"
    reason = send.get("reason", "")
    return f"it was {status} ({reason}): {reasons().get(reason, 'No more is known of this reason.')}{error}"


def _error(send: Facts) -> str:
    error = send.get("lastError")
    return f" The last answer was {error['code']}: {error['message']}" if error else ""


def _when(milliseconds: int | None) -> str:
    if milliseconds is None:
        return "an unknown time"
    return datetime.fromtimestamp(milliseconds / 1000, tz=timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
