"""Bots, chats, links and people, and how the Bot API writes them down."""

import secrets
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

MOST_PENDING = 10_000
#: Links a bot may make in a chat within a minute. Telegram names no figure; this one is as strict as its limit of
#: 20 messages a minute in a group (core.telegram.org/bots/faq).
LINKS_PER_MINUTE = 20
MOST_KEPT_MESSAGES = 100
#: What a bot gets that never named its `allowed_updates`: `chat_member` is not among it.
DEFAULT_UPDATES = ("message", "my_chat_member", "chat_join_request", "callback_query", "channel_post")
ADMINISTRATOR, MEMBER, LEFT, KICKED = "administrator", "member", "left", "kicked"

Json = dict[str, Any]


@dataclass(slots=True)
class Person:
    id: int
    first_name: str
    username: str = ""

    def told(self) -> Json:
        told = {"id": self.id, "is_bot": False, "first_name": self.first_name, "language_code": "en"}
        return told | ({"username": self.username} if self.username else {})


@dataclass(slots=True)
class Webhook:
    url: str = ""
    secret: str = ""
    max_connections: int = 40
    last_error_date: int = 0
    last_error_message: str = ""


@dataclass(slots=True, eq=False)
class Bot:
    """`standing` is its status by chat; where it is not named it is an administrator who may invite."""

    id: int
    token: str
    username: str
    webhook: Webhook = field(default_factory=Webhook)
    allowed_updates: tuple[str, ...] = ()
    updates: deque[Json] = field(default_factory=lambda: deque(maxlen=MOST_PENDING))
    next_update_id: int = field(default_factory=lambda: secrets.randbelow(10**8) + 10**8)
    last_update: Json | None = None
    standing: dict[int, str] = field(default_factory=dict)
    without_invite_right: set[int] = field(default_factory=set)
    started_by: set[int] = field(default_factory=set)
    said: deque[Json] = field(default_factory=lambda: deque(maxlen=MOST_KEPT_MESSAGES))

    def told(self) -> Json:
        return {"id": self.id, "is_bot": True, "first_name": self.username, "username": self.username}

    def status_in(self, chat: "Chat") -> str:
        return self.standing.get(chat.id, ADMINISTRATOR)

    def may_invite(self, chat: "Chat") -> bool:
        return self.status_in(chat) == ADMINISTRATOR and chat.id not in self.without_invite_right

    def member_told(self, chat: "Chat") -> Json:
        status = self.status_in(chat)
        rights = {"can_be_edited": False, "can_invite_users": self.may_invite(chat)} if status == ADMINISTRATOR else {}
        return {"user": self.told(), "status": status, **rights}


@dataclass(slots=True, eq=False)
class Link:
    """`came` are the members of now that came through it: when one leaves, the slot opens again."""

    url: str
    creator: Bot
    name: str = ""
    expires_at: int = 0
    member_limit: int = 0
    creates_join_request: bool = False
    is_revoked: bool = False
    came: set[int] = field(default_factory=set)
    pending: set[int] = field(default_factory=set)

    @property
    def problem(self) -> str:
        """Why the link cannot be used, or ''."""
        if self.is_revoked:
            return "This link has been revoked."
        if self.expires_at and self.expires_at <= time.time():
            return "This link has expired."
        return "This link is used up." if self.member_limit and len(self.came) >= self.member_limit else ""

    def told(self, reader: Bot | None = None) -> Json:
        """To another bot the second half of the address is not shown."""
        is_own = reader is None or reader is self.creator
        told: Json = {
            "invite_link": self.url if is_own else f"{self.url[: len(self.url) // 2]}…",
            "creator": self.creator.told(),
            "creates_join_request": self.creates_join_request,
            "is_primary": False,
            "is_revoked": self.is_revoked,
        }
        optional = {"name": self.name, "expire_date": self.expires_at, "member_limit": self.member_limit}
        told |= {key: value for key, value in optional.items() if value}
        return told | ({"pending_join_request_count": len(self.pending)} if self.creates_join_request else {})


@dataclass(slots=True)
class Chat:
    """`members` and by which link each came; None: without one. `links` are found by their path."""

    id: int
    title: str
    type: str = "channel"
    username: str = ""
    migrated_to: int = 0
    members: dict[int, Link | None] = field(default_factory=dict)
    requests: dict[int, Link] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)

    def told(self) -> Json:
        told = {"id": self.id, "title": self.title, "type": self.type}
        return told | ({"username": self.username} if self.username else {})


def path_of(url: str) -> str:
    """Where the sandbox shows a link, whatever host it names."""
    return f"/{url.rpartition('/')[2]}"


class State:
    """Everything, under one lock. `changed` is notified of new updates."""

    def __init__(self, link_base: str) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.link_base = link_base
        self.links_per_minute = LINKS_PER_MINUTE
        self.clear()

    def clear(self) -> None:
        with self.changed:
            self.bots: dict[str, Bot] = {}
            self.chats: dict[int, Chat] = {}
            self.people: dict[int, Person] = {}
            self.made: dict[tuple[int, int], deque[float]] = {}
            self.changed.notify_all()

    def bot(self, token: str) -> Bot:
        """Made when first heard of; its id is the number in its token."""
        number = token.partition(":")[0]
        return self.bots.setdefault(token, Bot(int(number), token, f"sandbox_{number}_bot"))

    def chat(self, chat_id: int) -> Chat | None:
        """A channel or supergroup is made when first named: provisioning a demo needs no further step."""
        if chat_id not in self.chats and str(chat_id).startswith("-100"):
            self.chats[chat_id] = Chat(chat_id, f"Channel {str(chat_id)[4:]}")
        return self.chats.get(chat_id)

    def person(self, person_id: int | None = None) -> Person:
        """The person of that id; without one, somebody new."""
        person_id = person_id or 5_000_000_000 + secrets.randbelow(10**9)
        return self.people.setdefault(person_id, Person(person_id, f"Person {str(person_id)[-4:]}"))

    def seconds_to_wait(self, chat: Chat, bot: Bot) -> int:
        """How long the bot must wait before it may make another link in the chat; 0 notes that it makes one now."""
        made, now = self.made.setdefault((bot.id, chat.id), deque()), time.time()
        while made and made[0] <= now - 60:
            made.popleft()
        if len(made) >= self.links_per_minute:
            return max(1, int(made[0] + 60 - now) + 1)
        made.append(now)
        return 0

    def new_link(self, chat: Chat, creator: Bot) -> Link:
        link = Link(f"{self.link_base}/+{secrets.token_urlsafe(12)}", creator)
        chat.links[path_of(link.url)] = link
        return link

    def find_link(self, url: str) -> tuple[Chat, Link] | None:
        """By its whole address, or by the path of it where it is opened here."""
        path = path_of(url)
        found = ((chat, chat.links[path]) for chat in self.chats.values() if path in chat.links)
        return next(((chat, link) for chat, link in found if url in (link.url, path)), None)

    def bots_in(self, chat: Chat) -> Iterator[Bot]:
        return (bot for bot in self.bots.values() if bot.status_in(chat) not in (LEFT, KICKED))

    def push(self, bot: Bot, kind: str, content: Json) -> None:
        """Queues an update if the bot wants its kind."""
        if kind in (bot.allowed_updates or DEFAULT_UPDATES):
            bot.last_update = {"update_id": bot.next_update_id, kind: content}
            bot.next_update_id += 1
            bot.updates.append(bot.last_update)
            self.changed.notify_all()
