"""The methods of the Bot API that AdTarget uses, answered as Telegram answers them."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from adtarget.sandbox.request import parse_json
from adtarget.sandbox.telegram import users
from adtarget.sandbox.telegram.delivery import Deliverer
from adtarget.sandbox.telegram.parameters import Refused, check_webhook, flag, link_facts, whole
from adtarget.sandbox.telegram.state import KICKED, LEFT, MEMBER, Bot, Chat, Json, Link, Person, State, Webhook, path_of

LONGEST_POLL_SECONDS = 50


class BotApi:
    """One call at a time, but for the long poll, which lets others in while it waits."""

    def __init__(self, state: State, deliverer: Deliverer) -> None:
        self.state, self.deliverer = state, deliverer

    def call(self, bot: Bot, method: str, params: Mapping[str, Any]) -> Any:
        """The result. Raises Refused."""
        action = METHODS.get(method.lower())
        if action is None:
            raise Refused(404, "Not Found")
        with self.state.changed:
            return action(self, bot, params)

    def get_me(self, bot: Bot, _: Mapping[str, Any]) -> Json:
        return {**bot.told(), "can_join_groups": True, "can_read_all_group_messages": False}

    # -------------------------------------------------------------- links
    def create_link(self, bot: Bot, params: Mapping[str, Any]) -> Json:
        chat = self._chat_to_invite_to(bot, params)
        facts = link_facts(params)
        if wait := self.state.seconds_to_wait(chat, bot):
            raise Refused(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
        link = self.state.new_link(chat, bot)
        _apply(link, facts)
        return link.told()

    def edit_link(self, bot: Bot, params: Mapping[str, Any]) -> Json:
        link = self._own_link(bot, params)
        _apply(link, link_facts(params))
        return link.told()

    def revoke_link(self, bot: Bot, params: Mapping[str, Any]) -> Json:
        link = self._own_link(bot, params)
        link.is_revoked = True
        return link.told()

    # -------------------------------------------------------------- requests
    def approve(self, bot: Bot, params: Mapping[str, Any]) -> bool:
        chat, person, link = self._settle(bot, params)
        users.enter(self.state, chat, person, link, is_approved=True)
        return True

    def decline(self, bot: Bot, params: Mapping[str, Any]) -> bool:
        self._settle(bot, params)
        return True

    def _settle(self, bot: Bot, params: Mapping[str, Any]) -> tuple[Chat, Person, Link]:
        chat, person = self._chat_to_invite_to(bot, params), self.state.person(whole(params, "user_id"))
        if person.id in chat.members:
            raise Refused(400, "Bad Request: USER_ALREADY_PARTICIPANT")
        link = chat.requests.pop(person.id, None)
        if link is None:
            raise Refused(400, "Bad Request: HIDE_REQUESTER_MISSING")
        link.pending.discard(person.id)
        return chat, person, link

    # -------------------------------------------------------------- updates
    def set_webhook(self, bot: Bot, params: Mapping[str, Any]) -> bool:
        url, secret = str(params.get("url") or ""), str(params.get("secret_token") or "")
        if url:
            check_webhook(url, secret)
        self._allow(bot, params)
        if flag(params, "drop_pending_updates"):
            bot.updates.clear()
        bot.webhook = Webhook(url, secret, whole(params, "max_connections", default=40))
        if url:
            self.deliverer.serve(bot)
            self.state.changed.notify_all()
        return True

    def delete_webhook(self, bot: Bot, params: Mapping[str, Any]) -> bool:
        if flag(params, "drop_pending_updates"):
            bot.updates.clear()
        bot.webhook = Webhook()
        return True

    def webhook_info(self, bot: Bot, _: Mapping[str, Any]) -> Json:
        webhook = bot.webhook
        info: Json = {
            "url": webhook.url,
            "has_custom_certificate": False,
            "pending_update_count": len(bot.updates),
            "max_connections": webhook.max_connections,
        }
        if webhook.last_error_date:
            info |= {
                "last_error_date": webhook.last_error_date,
                "last_error_message": webhook.last_error_message,
            }
        return info | ({"allowed_updates": list(bot.allowed_updates)} if bot.allowed_updates else {})

    def get_updates(self, bot: Bot, params: Mapping[str, Any]) -> list[Json]:
        if bot.webhook.url:
            text = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
            raise Refused(409, f"Conflict: {text}")
        self._allow(bot, params)
        offset = whole(params, "offset", default=0)
        while offset < 0 and len(bot.updates) > -offset:
            bot.updates.popleft()
        while bot.updates and bot.updates[0]["update_id"] < offset:
            bot.updates.popleft()
        seconds = min(whole(params, "timeout", default=0), LONGEST_POLL_SECONDS)
        self.state.changed.wait_for(lambda: bot.updates or self.deliverer.is_stopping, timeout=seconds)
        return list(bot.updates)[: max(1, min(whole(params, "limit", default=100), 100))]

    def _allow(self, bot: Bot, params: Mapping[str, Any]) -> None:
        """Not naming the list keeps it, an empty one means the default."""
        wanted = params.get("allowed_updates")
        wanted = parse_json(wanted) if isinstance(wanted, str) else wanted
        if isinstance(wanted, list):
            bot.allowed_updates = tuple(map(str, wanted))

    # -------------------------------------------------------------- chats
    def get_chat(self, bot: Bot, params: Mapping[str, Any]) -> Json:
        chat = self._chat(bot, params)
        return {**chat.told(), "accent_color_id": 0, "max_reaction_count": 11}

    def get_member(self, bot: Bot, params: Mapping[str, Any]) -> Json:
        chat, user_id = self._chat(bot, params), whole(params, "user_id")
        known = next((other for other in self.state.bots.values() if other.id == user_id), None)
        if known:
            return known.member_told(chat)
        person = self.state.people.get(user_id)
        if person is None:
            raise Refused(400, "Bad Request: user not found")
        return {"user": person.told(), "status": MEMBER if user_id in chat.members else LEFT}

    def send_message(self, bot: Bot, params: Mapping[str, Any]) -> Json:
        text, chat_id = str(params.get("text") or ""), whole(params, "chat_id")
        if not text:
            raise Refused(400, "Bad Request: message text is empty")
        if len(text) > 4096:
            raise Refused(400, "Bad Request: message is too long")
        if chat_id > 0:
            asked = any(chat_id in chat.requests for chat in self.state.chats.values())
            if chat_id not in bot.started_by and not asked:
                raise Refused(403, "Forbidden: bot can't initiate conversation with a user")
            chat = {"id": chat_id, "type": "private", "first_name": self.state.person(chat_id).first_name}
        else:
            chat = self._chat(bot, params).told()
        message = {"message_id": 2, "from": bot.told(), "chat": chat, "date": int(time.time()), "text": text}
        bot.said.append(message)
        return message

    # -------------------------------------------------------------- finding
    def _chat(self, bot: Bot, params: Mapping[str, Any]) -> Chat:
        named = str(params.get("chat_id", ""))
        if named.startswith("@"):
            chat = next((one for one in self.state.chats.values() if one.username == named[1:]), None)
        else:
            chat = self.state.chat(whole(params, "chat_id"))
        if chat is None:
            raise Refused(400, "Bad Request: chat not found")
        if chat.migrated_to:
            told = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refused(400, told, migrate_to_chat_id=chat.migrated_to)
        if bot.status_in(chat) == KICKED:
            raise Refused(403, f"Forbidden: bot was kicked from the {chat.type} chat")
        if bot.status_in(chat) == LEFT:
            raise Refused(403, f"Forbidden: bot is not a member of the {chat.type} chat")
        return chat

    def _chat_to_invite_to(self, bot: Bot, params: Mapping[str, Any]) -> Chat:
        chat = self._chat(bot, params)
        if not bot.may_invite(chat):
            raise Refused(400, "Bad Request: not enough rights to manage chat invite link")
        return chat

    def _own_link(self, bot: Bot, params: Mapping[str, Any]) -> Link:
        url = str(params.get("invite_link", ""))
        link = self._chat_to_invite_to(bot, params).links.get(path_of(url))
        if link is None or link.url != url or link.creator is not bot:
            raise Refused(400, "Bad Request: INVITE_HASH_EXPIRED")
        return link


METHODS: Mapping[str, Callable[[BotApi, Bot, Mapping[str, Any]], Any]] = {
    "getme": BotApi.get_me,
    "createchatinvitelink": BotApi.create_link,
    "editchatinvitelink": BotApi.edit_link,
    "revokechatinvitelink": BotApi.revoke_link,
    "approvechatjoinrequest": BotApi.approve,
    "declinechatjoinrequest": BotApi.decline,
    "setwebhook": BotApi.set_webhook,
    "deletewebhook": BotApi.delete_webhook,
    "getwebhookinfo": BotApi.webhook_info,
    "getupdates": BotApi.get_updates,
    "getchat": BotApi.get_chat,
    "getchatmember": BotApi.get_member,
    "sendmessage": BotApi.send_message,
}


def _apply(link: Link, facts: Json) -> None:
    for name, value in facts.items():
        setattr(link, name, value)
