"""Updates as Telegram sends them (Bot API 10.3), with the fields we do not read left in."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

ADMIN = {"id": 5001, "is_bot": False, "first_name": "Olga", "username": "owner"}
CHAT = -1001234567890


def user(person: int = 777, **more: Any) -> dict[str, Any]:
    return {
        "id": person,
        "is_bot": False,
        "first_name": "Ada",
        "last_name": "Lovelace",
        "username": "ada_l",
        "language_code": "en",
        **more,
    }


def invite_link(link: str, **more: Any) -> dict[str, Any]:
    return {
        "invite_link": link,
        "creator": {"id": 42, "is_bot": True, "first_name": "Acme", "username": "acme_bot"},
        "creates_join_request": False,
        "is_primary": False,
        "is_revoked": False,
        "member_limit": 1,
        **more,
    }


def seconds(at: datetime | None) -> int:
    return int((at or timezone.now() - timedelta(seconds=1)).timestamp())


def membership(
    *,
    old: str = "left",
    new: str = "member",
    number: int = 1,
    chat: int = CHAT,
    person: int = 777,
    sender: dict[str, Any] | None = None,
    link: str = "",
    at: datetime | None = None,
    **more: Any,
) -> dict[str, Any]:
    change: dict[str, Any] = {
        "chat": {"id": chat, "title": "VIP", "type": "channel"},
        "from": sender or user(person),
        "date": seconds(at),
        "old_chat_member": {"user": user(person), "status": old},
        "new_chat_member": {"user": user(person), "status": new},
        **more,
    }
    if link:
        change["invite_link"] = invite_link(link)
    return {"update_id": number, "chat_member": change}


def join(**values: Any) -> dict[str, Any]:
    return membership(**values)


def leave(**values: Any) -> dict[str, Any]:
    return membership(old="member", new="left", **values)


def join_request(
    *, number: int = 1, chat: int = CHAT, person: int = 777, link: str = "", at: datetime | None = None
) -> dict[str, Any]:
    request: dict[str, Any] = {
        "chat": {"id": chat, "title": "VIP", "type": "channel"},
        "from": user(person),
        "user_chat_id": person,
        "date": seconds(at),
        "bio": "Analyst and metaphysician",
    }
    if link:
        request["invite_link"] = invite_link(link, creates_join_request=True)
    return {"update_id": number, "chat_join_request": request}


def start(payload: str = "", *, number: int = 1, person: int = 777, at: datetime | None = None) -> dict[str, Any]:
    message = {
        "message_id": 9,
        "from": user(person),
        "chat": {"id": person, "first_name": "Ada", "type": "private"},
        "date": seconds(at),
        "text": f"/start {payload}".strip(),
        "entities": [{"offset": 0, "length": 6, "type": "bot_command"}],
    }
    return {"update_id": number, "message": message}


def bot_rights(*, number: int = 1, chat: int = CHAT, status: str = "administrator", **rights: Any) -> dict[str, Any]:
    bot = {"id": 42, "is_bot": True, "first_name": "Acme", "username": "acme_bot"}
    change = {
        "chat": {"id": chat, "title": "VIP", "type": "channel"},
        "from": ADMIN,
        "date": seconds(None),
        "old_chat_member": {"user": bot, "status": "administrator", "can_invite_users": True},
        "new_chat_member": {"user": bot, "status": status, **rights},
    }
    return {"update_id": number, "my_chat_member": change}


def migration(*, number: int = 1, old: int = -1234, new: int = CHAT) -> dict[str, Any]:
    message = {
        "message_id": 1,
        "from": ADMIN,
        "chat": {"id": old, "title": "VIP", "type": "group"},
        "date": seconds(None),
        "migrate_to_chat_id": new,
    }
    return {"update_id": number, "message": message}
