"""Actions of users, owners and Telegram itself, from the page or under /_sandbox/telegram/."""

from collections.abc import Callable, Mapping
from typing import Any

from adtarget.sandbox.telegram import users
from adtarget.sandbox.telegram.state import Chat, Json, Person, State

ACTIONS: Mapping[str, Callable[..., Person | Chat | None]] = {
    "join": users.join,
    "leave": users.leave,
    "start": users.start,
    "rights": users.set_rights,
    "migrate": users.migrate,
    "repeat": users.repeat,
    "chat": users.set_chat,
}
NUMBERS = frozenset({"chat_id", "person_id"})


def act(state: State, action: str, told: Mapping[str, Any]) -> Json:
    """Does the action and describes its person or chat. Raises CannotDo, TypeError or ValueError."""
    if action not in ACTIONS:
        raise ValueError(f"Nobody can {action}. There are: {', '.join(ACTIONS)}.")
    outcome = ACTIONS[action](state, **{name: _read(name, value) for name, value in told.items() if value != ""})
    if isinstance(outcome, Person):
        return {"person": outcome.told()}
    return {"chat": outcome.told()} if outcome else {}


def overview(state: State) -> Json:
    """All that there is; of bots everything but their tokens and secrets."""
    with state.changed:
        bots = [
            {
                **bot.told(),
                "webhook": bot.webhook.url,
                "pending": len(bot.updates),
                "error": bot.webhook.last_error_message,
                "said": list(bot.said),
            }
            for bot in state.bots.values()
        ]
        return {"bots": bots, "chats": [_chat(state, chat) for chat in state.chats.values() if not chat.migrated_to]}


def _chat(state: State, chat: Chat) -> Json:
    return {
        **chat.told(),
        "links": [
            {**link.told(), "path": path, "came": len(link.came), "problem": link.problem}
            for path, link in chat.links.items()
        ],
        "members": [
            {**state.person(person_id).told(), "link": link.url if link else ""}
            for person_id, link in chat.members.items()
        ],
        "requests": [state.person(person_id).told() for person_id in chat.requests],
        "bots": [{**bot.member_told(chat), "may_invite": bot.may_invite(chat)} for bot in state.bots.values()],
    }


def _read(name: str, value: Any) -> Any:
    if name in NUMBERS:
        return int(value)
    if name == "can_invite":
        return str(value).lower() in ("true", "1")
    return str(value)
