"""Parses a Telegram update (Bot API 10.3) into one event, or None.

Pure. Never raises, whatever JSON comes: an unreadable update counts as unknown.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from leads.models.lead import LARGEST_TELEGRAM_ID

#: The kinds we ask Telegram for; `chat_member` is not in its default list.
ALLOWED_UPDATES = ("message", "chat_member", "my_chat_member", "chat_join_request")

NO_ADMIN = "The bot is not an administrator here: it neither sees who joins nor makes invite links."
NO_INVITES = "The bot may not invite users here: give it the right 'Invite users via link'."

_INSIDE = frozenset({"member", "administrator", "creator"})
_OUTSIDE = frozenset({"left", "kicked"})
_START = re.compile(r"/start(?:@\w{1,64})? ([A-Za-z0-9_-]{1,64})", re.ASCII)
_USERNAME = re.compile(r"\w{1,64}", re.ASCII)
_LATEST_DATE = 2**32
_LONGEST_LINK = 255


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    telegram_user_id: int
    username: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Joined:
    """`link` as Telegram gave it, '' where it gave none."""

    chat_id: int
    person: Person
    at: datetime
    link: str = ""
    was_added: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    chat_id: int
    person: Person
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class JoinRequested:
    chat_id: int
    person: Person
    at: datetime
    link: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class BotStarted:
    """Somebody opened the bot by a link that carried a payload."""

    person: Person
    payload: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class BotRightsChanged:
    """`problem` says what the bot cannot do in the chat, '' where it can work; the names are the chat's."""

    chat_id: int
    problem: str
    title: str = ""
    username: str = ""
    is_inside: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupMigrated:
    """A group became a supergroup, which has another id."""

    old_chat_id: int
    new_chat_id: int


Event = Joined | Left | JoinRequested | BotStarted | BotRightsChanged | GroupMigrated


def parse(update: object) -> Event | None:
    """The event in an update, or None for whatever does not concern us."""
    match update:
        case {"chat_member": dict(change)}:
            return _membership(change)
        case {"chat_join_request": dict(request)}:
            return _join_request(request)
        case {"my_chat_member": dict(change)}:
            return _bot_rights(change)
        case {"message": dict(message)}:
            return _migration(message) or _bot_start(message)
    return None


def update_id(update: object) -> int | None:
    """The number under which Telegram repeats an update."""
    match update:
        case {"update_id": int(number)} if not isinstance(number, bool) and 0 <= number < 2**63:
            return number
    return None


def rights_problem(member: object) -> str:
    """What a bot with this ChatMember cannot do; '' where it can work."""
    match member:
        case {"status": "creator"} | {"status": "administrator", "can_invite_users": True}:
            return ""
        case {"status": "administrator"}:
            return NO_INVITES
    return NO_ADMIN


_READ = frozenset(
    "update_id message chat_member my_chat_member chat_join_request chat from user id type title is_bot username "
    "date text old_chat_member new_chat_member status is_member can_invite_users invite_link via_join_request "
    "migrate_to_chat_id".split()
)


def without_personal_data(update: object, *, depth: int = 5) -> Any:
    """The update reduced to what `parse` reads: no names, no bio, no photo, nothing a database refuses."""
    if isinstance(update, dict) and depth:
        return {name: without_personal_data(value, depth=depth - 1) for name, value in update.items() if name in _READ}
    if isinstance(update, str):
        return _text(update[: _LONGEST_LINK + 1])
    return update if isinstance(update, int) and abs(update) < 2**63 else None


def _membership(change: Mapping[str, object]) -> Event | None:
    """Joined, Left or None, from the old and the new membership status."""
    chat_id, at = _chat_id(change), _date(change)
    match change:
        case {"old_chat_member": dict(old), "new_chat_member": dict(new)}:
            was_inside, is_inside, person = _is_inside(old), _is_inside(new), _person(new.get("user"))
        case _:
            return None
    if chat_id is None or at is None or person is None or was_inside is None or is_inside in (None, was_inside):
        return None
    if not is_inside:
        return Left(chat_id=chat_id, person=person, at=at)
    link = _link(change)
    by_request = change.get("via_join_request") is True
    return Joined(
        chat_id=chat_id,
        person=person,
        at=at,
        link=link,
        # An administrator who approves a request is also named in `from`.
        was_added=not link and not by_request and _is_another(change.get("from"), person),
    )


def _join_request(request: Mapping[str, object]) -> Event | None:
    chat_id, at, person = _chat_id(request), _date(request), _person(request.get("from"))
    if chat_id is None or at is None or person is None:
        return None
    return JoinRequested(chat_id=chat_id, person=person, at=at, link=_link(request))


def _bot_rights(change: Mapping[str, object]) -> Event | None:
    chat_id = _chat_id(change)
    match change:
        case {"chat": {"type": "private"}}:
            return None  # somebody blocked the bot, or lets it write again
        case {"new_chat_member": dict(member)} if chat_id is not None and isinstance(member.get("status"), str):
            title, username = chat_names(change.get("chat"))
            return BotRightsChanged(
                chat_id=chat_id,
                problem=rights_problem(member),
                title=title,
                username=username,
                is_inside=_is_inside(member) is not False,
            )
    return None


def chat_names(chat: object) -> tuple[str, str]:
    """Title and public name of a channel or group, '' for what it has not."""
    match chat:
        case {"title": str(title), **more}:
            username = more.get("username")
            is_name = isinstance(username, str) and _USERNAME.fullmatch(username)
            return _text(title)[:_LONGEST_LINK], str(username) if is_name else ""
    return "", ""


def _migration(message: Mapping[str, object]) -> Event | None:
    old, new = _chat_id(message), _id(message.get("migrate_to_chat_id"))
    return None if old is None or new is None else GroupMigrated(old_chat_id=old, new_chat_id=new)


def _bot_start(message: Mapping[str, object]) -> Event | None:
    match message:
        case {"chat": {"type": "private"}, "from": sender, "text": str(text)}:
            person, at, start = _person(sender), _date(message), _START.fullmatch(text)
            if person and at and start:
                return BotStarted(person=person, payload=start[1], at=at)
    return None


def _is_inside(member: Mapping[str, object]) -> bool | None:
    """Whether a ChatMember is in the chat; None for a status we do not know."""
    status = member.get("status")
    if not isinstance(status, str):
        return None
    if status == "restricted":
        return member.get("is_member") is True
    return status in _INSIDE if status in _INSIDE | _OUTSIDE else None


def _person(user: object) -> Person | None:
    """The user, unless it is a bot or no Telegram user at all."""
    match user:
        case {"is_bot": True}:
            return None
        case {"id": int(number), **more} if number is not True and 1 <= number <= LARGEST_TELEGRAM_ID:
            username = more.get("username")
            is_name = isinstance(username, str) and _USERNAME.fullmatch(username)
            return Person(telegram_user_id=number, username=str(username) if is_name else "")
    return None


def _is_another(user: object, person: Person) -> bool:
    return isinstance(user, dict) and user.get("id") != person.telegram_user_id


def _chat_id(holder: Mapping[str, object]) -> int | None:
    match holder:
        case {"chat": {"id": number}}:
            return _id(number)
    return None


def _id(number: object) -> int | None:
    """A chat id: at most 52 significant bits, negative for groups and channels."""
    is_id = isinstance(number, int) and not isinstance(number, bool) and 0 < abs(number) <= LARGEST_TELEGRAM_ID
    return number if is_id else None  # type: ignore[return-value]


def _date(holder: Mapping[str, object]) -> datetime | None:
    seconds = holder.get("date")
    if isinstance(seconds, int) and not isinstance(seconds, bool) and 0 < seconds < _LATEST_DATE:
        return datetime.fromtimestamp(seconds, tz=UTC)
    return None


def _link(holder: Mapping[str, object]) -> str:
    match holder:
        case {"invite_link": {"invite_link": str(link)}} if len(link) <= _LONGEST_LINK:
            return _text(link)
    return ""


def _text(text: str) -> str:
    return text.replace("\0", "").encode(errors="replace").decode()
