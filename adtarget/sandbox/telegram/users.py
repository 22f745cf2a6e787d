"""What Telegram users do, and which updates the bots get for it."""

import time
from typing import Any

from adtarget.sandbox.telegram.state import ADMINISTRATOR, KICKED, LEFT, MEMBER, Bot, Chat, Json, Link, Person, State


class CannotDo(Exception):
    """What the person would read in the app."""


def join(state: State, *, link: str = "", chat_id: int | None = None, person_id: int | None = None) -> Person:
    """Through a link, or without one; a link with approval makes a request of it."""
    with state.changed:
        chat, invited = _entrance(state, link, chat_id)
        person = state.person(person_id)
        if person.id in chat.members:
            raise CannotDo(f"{person.first_name} is in {chat.title} already.")
        if invited and invited.problem:
            raise CannotDo(invited.problem)
        if invited and invited.creates_join_request:
            _request(state, chat, person, invited)
        else:
            enter(state, chat, person, invited)
        return person


def leave(state: State, *, chat_id: int, person_id: int) -> Person:
    with state.changed:
        chat, person = _chat(state, chat_id), state.person(person_id)
        if person.id not in chat.members:
            raise CannotDo(f"{person.first_name} is not in {chat.title}.")
        link = chat.members.pop(person.id)
        if link:
            link.came.discard(person.id)
        _tell_of_member(state, chat, person, old=MEMBER, new=LEFT)
        return person


def start(state: State, *, bot: str, payload: str = "", person_id: int | None = None) -> Person:
    """Presses Start at a bot, by username or id, as behind a link with `?start=`."""
    with state.changed:
        started, person = _bot(state, bot), state.person(person_id)
        started.started_by.add(person.id)
        text = f"/start {payload}".strip()
        private = {"id": person.id, "type": "private", "first_name": person.first_name}
        entity = {"type": "bot_command", "offset": 0, "length": 6}
        message = {"message_id": 1, "from": person.told(), "chat": private, "date": _now(), "text": text}
        state.push(started, "message", {**message, "entities": [entity]})
        return person


def set_rights(state: State, *, chat_id: int, bot: str, status: str = ADMINISTRATOR, can_invite: bool = True) -> None:
    """What an owner of the chat does to the bot."""
    if status not in (ADMINISTRATOR, MEMBER, LEFT, KICKED):
        raise CannotDo(f"{status} is no status of a bot.")
    with state.changed:
        chat, changed = _chat(state, chat_id), _bot(state, bot)
        old = changed.member_told(chat)
        changed.standing[chat.id] = status
        (changed.without_invite_right.discard if can_invite else changed.without_invite_right.add)(chat.id)
        content = {"old_chat_member": old, "new_chat_member": changed.member_told(chat)}
        state.push(changed, "my_chat_member", {**_event(chat, state.person(777_000)), **content})


def migrate(state: State, *, chat_id: int) -> Chat:
    """The group becomes a supergroup with another id; the old one only says where it went."""
    with state.changed:
        old = _chat(state, chat_id)
        new = Chat(-1_002_000_000_000 - abs(chat_id) % 10**9, old.title, "supergroup", old.username)
        new.members, new.requests, new.links = old.members, old.requests, old.links
        old.members, old.requests, old.links = {}, {}, {}
        old.migrated_to, state.chats[new.id] = new.id, new
        for bot in state.bots_in(old):
            message = {"message_id": 1, "date": _now(), "from": state.person(777_000).told()}
            state.push(bot, "message", {**message, "chat": old.told(), "migrate_to_chat_id": new.id})
            state.push(bot, "message", {**message, "chat": new.told(), "migrate_from_chat_id": old.id})
        return new


def repeat(state: State, *, bot: str) -> None:
    """Delivers the bot's last update once more, under the same number."""
    with state.changed:
        told = _bot(state, bot)
        if told.last_update is None:
            raise CannotDo("The bot has had no update yet.")
        told.updates.append(told.last_update)
        state.changed.notify_all()


def set_chat(state: State, *, chat_id: int, **facts: Any) -> Chat:
    """Makes or changes a chat: `title`, `type`, `username`; one with a username is public."""
    if unknown := set(facts) - {"title", "type", "username"}:
        raise CannotDo(f"A chat has no {', '.join(sorted(unknown))}.")
    with state.changed:
        chat = state.chats.setdefault(chat_id, Chat(chat_id, f"Chat {chat_id}"))
        for name, value in facts.items():
            setattr(chat, name, str(value))
        return chat


def enter(state: State, chat: Chat, person: Person, link: Link | None, *, is_approved: bool = False) -> None:
    """Makes the person a member, with updates for the bots of the chat."""
    chat.members[person.id] = link
    if link:
        link.came.add(person.id)
    _tell_of_member(state, chat, person, old=LEFT, new=MEMBER, link=link, is_approved=is_approved)


# ------------------------------------------------------------------ updates
def _request(state: State, chat: Chat, person: Person, link: Link) -> None:
    chat.requests[person.id] = link
    link.pending.add(person.id)
    for bot in state.bots_in(chat):
        if bot.may_invite(chat):
            content = {"user_chat_id": person.id, "bio": "", "invite_link": link.told(bot)}
            state.push(bot, "chat_join_request", {**_event(chat, person), **content})


def _tell_of_member(
    state: State,
    chat: Chat,
    person: Person,
    *,
    old: str,
    new: str,
    link: Link | None = None,
    is_approved: bool = False,
) -> None:
    """Updates for administrators only; without the link where the chat is public, as Telegram does."""
    content: Json = {
        "old_chat_member": {"user": person.told(), "status": old},
        "new_chat_member": {"user": person.told(), "status": new},
    }
    if is_approved:
        content["via_join_request"] = True
    for bot in state.bots_in(chat):
        if bot.status_in(chat) == ADMINISTRATOR:
            seen = {"invite_link": link.told(bot)} if link and not chat.username else {}
            state.push(bot, "chat_member", {**_event(chat, person), **content, **seen})


def _event(chat: Chat, person: Person) -> Json:
    return {"chat": chat.told(), "from": person.told(), "date": _now()}


def _now() -> int:
    return int(time.time())


# ------------------------------------------------------------------ finding
def _entrance(state: State, link: str, chat_id: int | None) -> tuple[Chat, Link | None]:
    if link:
        found = state.find_link(link)
        if not found:
            raise CannotDo("This link leads nowhere.")
        return found
    return _chat(state, chat_id or 0), None


def _chat(state: State, chat_id: int) -> Chat:
    chat = state.chat(chat_id)
    if chat is None:
        raise CannotDo(f"There is no chat {chat_id}.")
    return chat


def _bot(state: State, name: str) -> Bot:
    name = str(name).removeprefix("@")
    found = next((bot for bot in state.bots.values() if name in (bot.username, str(bot.id))), None)
    if found is None:
        raise CannotDo(f"There is no bot {name}.")
    return found
