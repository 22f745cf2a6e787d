"""The demo account of `manage.py run --demo`: a site, two channels, and pixels whose platform is the sandbox."""

import json
import os
import secrets
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from adtarget import provisioning
from adtarget.core import errors
from dispatch.platforms.registry import PLATFORMS
from leads import api_keys
from leads.models import Account, ApiKey, Bot
from tracker.models import Invite

ACCOUNT, KEY_NAME, USERNAME, DOMAIN = "Demo", "demo", "demo", "demo.example"
BOT = {"username": "demo_bot", "token": "1000000001:AA-sandbox-token"}


def demo_pixels() -> dict[str, Mapping[str, Any]]:
    """A pixel of each platform that the demo shows, as the sandbox knows it, in `provision`'s words."""
    return {slug: platform.demo_pixel for slug, platform in PLATFORMS.items() if platform.demo_pixel}


@dataclass(frozen=True, kw_only=True, slots=True)
class Demo:
    """What a newcomer needs in hand; kept beside the embedded database, for its owner's eyes only."""

    token: str
    password: str
    site_id: str
    channel_id: str


def prepare(file: Path, *, now: datetime) -> Demo:
    """The demo account as it should be, with the key and password of the first time."""
    kept = json.loads(file.read_text()) if file.exists() else {}
    token = kept.get("token", "") if _is_ours(kept.get("token", "")) else ""
    password = kept.get("password") or secrets.token_urlsafe(9)
    if not token:
        _revoke_forgotten_keys(now)
    answer = provisioning.provision(document(password), now=now, actor="manage.py run --demo")
    site = answer["sites"][0]
    _forget_last_sandbox(answer["bots"][0]["botId"], now=now)
    demo = Demo(
        token=answer["apiKeys"][0].get("token") or token,
        password=password,
        site_id=site["siteId"],
        channel_id=site["channels"][0]["channelId"],
    )
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as output:
        json.dump(asdict(demo), output, indent=2)
    return demo


def document(password: str) -> dict[str, Any]:
    """The demo account in `provision`'s words."""
    channels = [("-1001000000001", "VIP signals", "Lead", True), ("-1001000000002", "Community", "Subscribe", False)]
    return {
        "account": {"name": ACCOUNT},
        "users": [{"username": USERNAME, "password": password, "role": provisioning.OPS}],
        "bots": [BOT],
        "sites": [
            {
                "domain": DOMAIN,
                "name": "Demo shop",
                "allowedDomains": ["127.0.0.1", "localhost"],  # where /demo/ is opened
                "defaultPhoneRegion": "DE",
                "pixels": [{"platform": slug, **pixel} for slug, pixel in demo_pixels().items()],
                "channels": [
                    {
                        "telegramChannelId": telegram_id,
                        "title": title,
                        "funnelOrder": order,
                        "default": is_default,
                        "eventType": event_type,
                        "bot": BOT["username"],
                        "inviteLink": f"https://t.me/+demo{telegram_id[-1]}",
                    }
                    for order, (telegram_id, title, event_type, is_default) in enumerate(channels)
                ],
            }
        ],
        "apiKeys": [{"name": KEY_NAME, "mode": "live"}],
    }


def greeting(demo: Demo, *, address: str, sandbox: str, person: int) -> str:
    """What to open and what to paste, about a Telegram user who should be another one at each start."""
    return f"""
  AdTarget is ready.

  Dashboard  {address}/   login {USERNAME}, password {demo.password}
  Landing    {address}/demo/?fbclid=IwAR0Demo-Click_1   a visit from an ad, a tap on Join, a join
  Admin      {address}/admin/   for operations, same login
  API        {address}/api/docs/
  API key    {demo.token}
  Sandbox    {sandbox}/   what the platforms received

  Send a purchase; it is at the platform a moment later:

{_curl(demo, address=address, person=person)}

  How it went:

curl -s -H 'Authorization: Bearer {demo.token}' {address}/api/v1/leads/{person}

  Ctrl-C stops everything; the data stays.

"""


def _curl(demo: Demo, *, address: str, person: int) -> str:
    body = {
        "telegramUserId": person,
        "siteId": demo.site_id,
        "channelId": demo.channel_id,
        "eventType": "Purchase",
        "value": 49.9,
        "currency": "EUR",
        "contentName": "VIP access, one month",
        "orderId": f"demo-{person}",
        "pii": {"email": "Ada.Lovelace@Example.com"},
        "fbc": f"fb.1.{person}.IwAR0DemoClick",
        "fbp": f"fb.1.{person}.1098115397",
        "clientIp": "8.8.8.8",
        "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "eventSourceUrl": f"https://{DOMAIN}/vip?utm_source=facebook",
    }
    return " \\\n".join(
        (
            f"curl -s {address}/api/v1/events/conversion",
            f"  -H 'Authorization: Bearer {demo.token}' -H 'Content-Type: application/json'",
            f"  -d {shlex.quote(json.dumps(body))}",
        )
    )


def _is_ours(token: str) -> bool:
    try:
        return api_keys.verify(token).account.name == ACCOUNT
    except errors.ApiError:
        return False


def _forget_last_sandbox(bot_id: str, *, now: datetime) -> None:
    """A sandbox that starts anew knows no links of the last one, and numbers its updates anew."""
    Invite.objects.filter(channel__bot=bot_id, revoked_at__isnull=True).update(revoked_at=now)
    Bot.objects.filter(pk=bot_id).update(poll_offset=0)


def _revoke_forgotten_keys(now: datetime) -> None:
    """Revokes keys of an earlier demo, whose tokens are lost."""
    for key in ApiKey.objects.active().filter(account__in=Account.objects.filter(name=ACCOUNT), name=KEY_NAME):
        api_keys.revoke(key, now=now)
