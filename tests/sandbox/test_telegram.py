"""The sandbox's Telegram: the Bot API, and people who come and go."""

import json
import queue
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from adtarget.sandbox.server import Sandbox
from adtarget.sandbox.telegram import users
from adtarget.sandbox.telegram.state import State
from adtarget.sandbox.telegram.users import CannotDo
from tests.sandbox.conftest import Client

TOKEN, CHAT = "42:AAgood", -1001234567890
ALL = ["message", "chat_member", "my_chat_member", "chat_join_request"]


class BotClient:
    """`bot.createChatInviteLink(chat_id=…)` gives the result, `bot.refused(…)` the error."""

    def __init__(self, client: Client, token: str = TOKEN) -> None:
        self.client, self.token = client, token

    def __getattr__(self, method: str) -> Any:
        return lambda **params: self._call(method, params, ok=True)["result"]

    def refused(self, method: str, **params: Any) -> tuple[int, str]:
        answer = self._call(method, params, ok=False)
        return answer["error_code"], answer["description"]

    def _call(self, method: str, params: dict[str, Any], *, ok: bool) -> dict[str, Any]:
        answer = self.client.post(f"/bot{self.token}/{method}", params).json()
        assert answer["ok"] is ok, answer
        return dict(answer)


@pytest.fixture
def bot(client: Client) -> BotClient:
    made = BotClient(client)
    made.getUpdates(allowed_updates=ALL)
    return made


@pytest.fixture
def state(sandbox: Sandbox) -> State:
    return sandbox.telegram.state


class Receiver:
    """Our webhook's place: keeps what comes, answers what it is told."""

    def __init__(self) -> None:
        self.came: queue.Queue[tuple[str, dict[str, Any]]] = queue.Queue()
        self.statuses: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()
                receiver.came.put((self.headers["X-Telegram-Bot-Api-Secret-Token"], body))

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/telegram/webhook/bot_1"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def next(self) -> tuple[str, dict[str, Any]]:
        return self.came.get(timeout=5)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


# ------------------------------------------------------------------ links
def test_a_link_is_made_as_asked(bot: BotClient) -> None:
    expires = int(time.time()) + 600
    link = bot.createChatInviteLink(chat_id=CHAT, name="visit 1", member_limit=1, expire_date=expires)
    assert link["invite_link"].startswith("https://t.me/+")
    assert (link["name"], link["member_limit"], link["expire_date"]) == ("visit 1", 1, expires)
    assert (link["creates_join_request"], link["is_revoked"], link["creator"]["id"]) == (False, False, 42)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"name": "x" * 33}, "name is too long"),
        ({"member_limit": 100_000}, "member limit"),
        ({"member_limit": 1, "creates_join_request": True}, "administrator approval"),
        ({"expire_date": 1000}, "expire date"),
        ({"chat_id": 7}, "chat not found"),
        ({"chat_id": "nowhere"}, "chat_id must be a number"),
    ],
)
def test_a_link_that_cannot_be_is_refused(bot: BotClient, params: dict[str, Any], words: str) -> None:
    code, description = bot.refused("createChatInviteLink", **{"chat_id": CHAT, **params})
    assert code == 400
    assert words in description


def test_a_revoked_link_lets_nobody_in(bot: BotClient, state: State) -> None:
    url = bot.createChatInviteLink(chat_id=CHAT)["invite_link"]
    assert bot.revokeChatInviteLink(chat_id=CHAT, invite_link=url)["is_revoked"] is True
    with pytest.raises(CannotDo, match="revoked"):
        users.join(state, link=url)


def test_a_link_may_be_changed_by_the_bot_that_made_it_only(bot: BotClient, client: Client) -> None:
    url = bot.createChatInviteLink(chat_id=CHAT)["invite_link"]
    assert bot.editChatInviteLink(chat_id=CHAT, invite_link=url, member_limit=5)["member_limit"] == 5
    other = BotClient(client, "43:AAother")
    assert other.refused("revokeChatInviteLink", chat_id=CHAT, invite_link=url) == (
        400,
        "Bad Request: INVITE_HASH_EXPIRED",
    )


def test_a_one_person_link_opens_again_when_that_person_leaves(bot: BotClient, state: State) -> None:
    url = bot.createChatInviteLink(chat_id=CHAT, member_limit=1)["invite_link"]
    first = users.join(state, link=url)
    with pytest.raises(CannotDo, match="used up"):
        users.join(state, link=url)
    users.leave(state, chat_id=CHAT, person_id=first.id)
    users.join(state, link=url)


# ------------------------------------------------------------------ people
def test_a_join_and_a_leave_are_told(bot: BotClient, state: State) -> None:
    link = bot.createChatInviteLink(chat_id=CHAT, name="visit 1")
    person = users.join(state, link=link["invite_link"])
    users.leave(state, chat_id=CHAT, person_id=person.id)
    joined, left = (update["chat_member"] for update in bot.getUpdates())
    assert (joined["chat"]["id"], joined["from"]["id"], joined["invite_link"]) == (CHAT, person.id, link)
    assert (joined["old_chat_member"]["status"], joined["new_chat_member"]["status"]) == ("left", "member")
    assert (left["old_chat_member"]["status"], left["new_chat_member"]["status"]) == ("member", "left")
    assert "invite_link" not in left


def test_joining_without_a_link_or_in_public_tells_of_none(bot: BotClient, state: State) -> None:
    users.join(state, chat_id=CHAT)
    users.set_chat(state, chat_id=CHAT, username="open_house")
    users.join(state, link=bot.createChatInviteLink(chat_id=CHAT)["invite_link"])
    assert ["invite_link" in update["chat_member"] for update in bot.getUpdates()] == [False, False]


def test_another_bot_sees_half_of_the_link(bot: BotClient, state: State, client: Client) -> None:
    other = BotClient(client, "43:AAother")
    other.getUpdates(allowed_updates=ALL)
    url = bot.createChatInviteLink(chat_id=CHAT)["invite_link"]
    users.join(state, link=url)
    seen = other.getUpdates()[0]["chat_member"]["invite_link"]["invite_link"]
    assert seen.endswith("…")
    assert url.startswith(seen[:-1])


def test_chat_member_comes_only_to_whom_it_was_asked_for(client: Client, state: State) -> None:
    quiet = BotClient(client)
    quiet.getChat(chat_id=CHAT)
    person = users.join(state, chat_id=CHAT)
    users.start(state, bot="42", payload="abc", person_id=person.id)
    [update] = quiet.getUpdates()
    assert update["message"]["text"] == "/start abc"


def test_a_request_waits_until_it_is_approved(bot: BotClient, state: State) -> None:
    link = bot.createChatInviteLink(chat_id=CHAT, creates_join_request=True)
    person = users.join(state, link=link["invite_link"])
    [asked] = bot.getUpdates()
    assert asked["chat_join_request"]["user_chat_id"] == person.id
    assert asked["chat_join_request"]["invite_link"]["pending_join_request_count"] == 1
    assert bot.sendMessage(chat_id=person.id, text="Welcome")["text"] == "Welcome"
    assert bot.approveChatJoinRequest(chat_id=CHAT, user_id=person.id) is True
    joined = bot.getUpdates(offset=asked["update_id"] + 1)[0]["chat_member"]
    assert joined["via_join_request"] is True
    assert joined["invite_link"]["invite_link"] == link["invite_link"]
    assert bot.refused("approveChatJoinRequest", chat_id=CHAT, user_id=person.id)[1].endswith("ALREADY_PARTICIPANT")


def test_a_declined_request_is_over(bot: BotClient, state: State) -> None:
    person = users.join(state, link=bot.createChatInviteLink(chat_id=CHAT, creates_join_request=True)["invite_link"])
    assert bot.declineChatJoinRequest(chat_id=CHAT, user_id=person.id) is True
    assert bot.refused("approveChatJoinRequest", chat_id=CHAT, user_id=person.id)[1].endswith("HIDE_REQUESTER_MISSING")
    assert bot.getChatMember(chat_id=CHAT, user_id=person.id)["status"] == "left"


def test_a_bot_that_lost_its_rights_is_told_and_refused(bot: BotClient, state: State) -> None:
    users.set_rights(state, chat_id=CHAT, bot="42", can_invite=False)
    changed = bot.getUpdates()[0]["my_chat_member"]["new_chat_member"]
    assert (changed["status"], changed["can_invite_users"]) == ("administrator", False)
    assert bot.refused("createChatInviteLink", chat_id=CHAT)[1].startswith("Bad Request: not enough rights")
    users.set_rights(state, chat_id=CHAT, bot="42", status="kicked")
    assert bot.refused("createChatInviteLink", chat_id=CHAT)[0] == 403
    users.set_rights(state, chat_id=CHAT, bot="42")
    bot.createChatInviteLink(chat_id=CHAT)


def test_a_group_that_became_a_supergroup_says_where_it_went(bot: BotClient, state: State, client: Client) -> None:
    users.set_chat(state, chat_id=-77, title="Small", type="group")
    moved = users.migrate(state, chat_id=-77)
    answer = client.post(f"/bot{TOKEN}/getChat", {"chat_id": -77}).json()
    assert answer["parameters"] == {"migrate_to_chat_id": moved.id}
    assert [update["message"].get("migrate_to_chat_id") for update in bot.getUpdates()] == [moved.id, None]


# ------------------------------------------------------------------ delivery
def test_updates_wait_until_confirmed(bot: BotClient, state: State) -> None:
    for _ in range(3):
        users.join(state, chat_id=CHAT)
    numbers = [update["update_id"] for update in bot.getUpdates()]
    assert [update["update_id"] for update in bot.getUpdates(offset=numbers[1])] == numbers[1:]
    assert len(bot.getUpdates(limit=1)) == 1
    assert bot.getUpdates(offset=numbers[2] + 1) == []


def test_a_long_poll_ends_when_something_happens(bot: BotClient, state: State) -> None:
    threading.Timer(0.2, users.join, args=(state,), kwargs={"chat_id": CHAT}).start()
    started = time.monotonic()
    assert len(bot.getUpdates(timeout=4)) == 1
    assert time.monotonic() - started < 2


def test_a_webhook_is_told_with_its_secret(bot: BotClient, state: State, receiver: Receiver) -> None:
    assert bot.setWebhook(url=receiver.url, secret_token="s3cret", allowed_updates=ALL) is True
    person = users.join(state, chat_id=CHAT)
    secret, update = receiver.next()
    assert (secret, update["chat_member"]["from"]["id"]) == ("s3cret", person.id)
    assert bot.refused("getUpdates")[0] == 409


def test_a_webhook_that_fails_is_told_again(bot: BotClient, state: State, receiver: Receiver, sandbox: Sandbox) -> None:
    sandbox.telegram.deliverer.retry_seconds = 0.05
    receiver.statuses = [500, 500]
    bot.setWebhook(url=receiver.url)
    users.join(state, chat_id=CHAT)
    users.join(state, chat_id=CHAT)
    numbers = [receiver.next()[1]["update_id"] for _ in range(4)]
    assert numbers == [numbers[0]] * 3 + [numbers[0] + 1]
    assert bot.getWebhookInfo()["last_error_message"] == "Wrong response from the webhook: 500"


def test_an_update_can_be_delivered_twice(bot: BotClient, state: State, receiver: Receiver) -> None:
    bot.setWebhook(url=receiver.url)
    users.join(state, chat_id=CHAT)
    users.repeat(state, bot="42")
    assert receiver.next() == receiver.next()


def test_nothing_is_posted_to_another_machine(bot: BotClient, state: State) -> None:
    bot.setWebhook(url="https://adtarget.example/telegram/webhook/1")
    users.join(state, chat_id=CHAT)
    while "last_error_message" not in (info := bot.getWebhookInfo()):
        time.sleep(0.01)
    assert (info["last_error_message"], info["pending_update_count"]) == ("The sandbox posts to this machine only", 1)
    assert bot.deleteWebhook(drop_pending_updates=True) is True
    assert bot.getUpdates() == []


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"url": "http://adtarget.example/"}, "HTTPS URL"),
        ({"url": "https://adtarget.example:9000/"}, "ports 80, 88, 443 or 8443"),
        ({"url": "https://adtarget.example/", "secret_token": "ä"}, "unallowed characters"),
    ],
)
def test_a_wrong_webhook_is_refused(bot: BotClient, params: dict[str, Any], words: str) -> None:
    assert words in bot.refused("setWebhook", **params)[1]


# ------------------------------------------------------------------ the frame
@pytest.mark.parametrize(
    ("token", "method", "code"),
    [("42:expired", "getMe", 401), ("nonsense", "getMe", 404), (TOKEN, "flyToTheMoon", 404), (TOKEN, "getMe", None)],
)
def test_a_call_needs_a_good_token_and_a_known_method(
    client: Client, token: str, method: str, code: int | None
) -> None:
    assert client.post(f"/bot{token}/{method}", {}).json().get("error_code") == code


def test_telegram_can_be_told_to_throttle_one_method(bot: BotClient, sandbox: Sandbox, client: Client) -> None:
    sandbox.fault(
        kind="platform_error",
        platform="telegram",
        event_name="createChatInviteLink",
        times=1,
        params={"name": "throttled"},
    )
    assert bot.getMe()["id"] == 42
    answer = client.post(f"/bot{TOKEN}/createChatInviteLink", {"chat_id": CHAT})
    assert (answer.status_code, answer.json()["parameters"]) == (429, {"retry_after": 7})
    bot.createChatInviteLink(chat_id=CHAT)


def test_calls_are_kept_without_secrets_and_vain_polls_are_not(bot: BotClient, sandbox: Sandbox) -> None:
    bot.setWebhook(url="", secret_token="s3cret-s3cret")
    bot.getUpdates()
    [kept] = sandbox.events(platform="telegram")
    assert (kept["name"], kept["event"]["secret_token"], kept["pixel"]) == ("setWebhook", "s3cr…et", "42")


# ------------------------------------------------------------------ pages
def test_a_person_joins_through_the_page_behind_the_link(bot: BotClient, client: Client) -> None:
    url = bot.createChatInviteLink(chat_id=CHAT, member_limit=1)["invite_link"]
    path = url.removeprefix("https://t.me")
    assert "<button>Join</button>" in client.session.get(f"{client.url}{path}", timeout=5).text
    form = {"link": url, "person_id": "77", "back": path}
    after = client.session.post(f"{client.url}/_sandbox/telegram/join", data=form, timeout=5).text
    assert "Person 77: done." in after
    assert "This link is used up." in after
    assert bot.getUpdates()[0]["chat_member"]["from"]["id"] == 77


def test_links_may_lead_to_the_sandbox_itself() -> None:
    with Sandbox(local_links=True) as sandbox:
        client = Client(sandbox.url)
        url = BotClient(client).createChatInviteLink(chat_id=CHAT)["invite_link"]
        assert url.startswith(f"{sandbox.url}/+")
        assert "<button>Join</button>" in client.session.get(url, timeout=5).text
        client.session.close()


def test_the_telegram_page_shows_chats_links_and_people(bot: BotClient, client: Client, state: State) -> None:
    url = bot.createChatInviteLink(chat_id=CHAT, name="<b>visit</b>", creates_join_request=True)["invite_link"]
    users.join(state, chat_id=CHAT, person_id=4711)
    html = client.session.get(f"{client.url}/telegram", timeout=5).text
    for shown in (url, "&lt;b&gt;visit", "4711", "Request to join", "Leave", "@sandbox_42_bot"):
        assert shown in html
    assert "AAgood" not in html


def test_what_cannot_be_done_is_said_on_the_page(client: Client) -> None:
    form = {"link": "https://t.me/+nothing", "back": "/telegram"}
    answer = client.session.post(f"{client.url}/_sandbox/telegram/join", data=form, timeout=5)
    assert "This link leads nowhere." in answer.text


def test_people_are_told_what_to_do_in_json_as_well(bot: BotClient, client: Client) -> None:
    person = client.control("POST", "telegram/join", {"chat_id": CHAT})["person"]
    assert client.control("GET", "telegram")["chats"][0]["members"][0]["id"] == person["id"]
    assert client.control("POST", "telegram/leave", {"chat_id": CHAT, "person_id": person["id"]})["person"] == person
    assert "not in" in client.control("POST", "telegram/leave", {"chat_id": CHAT, "person_id": person["id"]})["error"]
    assert client.control("POST", "telegram/dance", {})["error"].startswith("Nobody can dance.")
