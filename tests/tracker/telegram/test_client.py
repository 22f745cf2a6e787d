"""Bot API calls: results, refusals, and no token in any message."""

import pytest

from tests.tracker.telegram.fake_telegram import error
from tracker.telegram import client
from tracker.telegram.client import TelegramError

TOKEN = "42:AA-token"


def test_a_call_gives_telegrams_result(telegram) -> None:
    telegram.answers["getMe"] = [{"id": 42}]
    assert client.call(TOKEN, "getMe", params={"a": [1, "b"]}) == {"id": 42}
    assert telegram.calls == [(TOKEN, "getMe", {"a": [1, "b"]})]


def test_a_refusal_says_how_long_to_wait_and_where_the_group_went(telegram) -> None:
    telegram.answers["x"] = [error(429, "Too Many Requests", retry_after=7, migrate_to_chat_id=-1007)]
    with pytest.raises(TelegramError, match="429 Too Many Requests") as raised:
        client.call(TOKEN, "x", params={})
    assert (raised.value.code, raised.value.retry_after, raised.value.migrate_to_chat_id) == (429, 7, -1007)


@pytest.mark.parametrize("answer", [{"ok": None}, {"ok": "yes", "result": 1}, {"ok": False, "parameters": 7}])
def test_an_answer_that_is_no_envelope_is_an_error(telegram, answer) -> None:
    telegram.answers["x"] = [answer]
    with pytest.raises(TelegramError) as raised:
        client.call(TOKEN, "x", params={})
    assert raised.value.code == 0


def test_an_unreachable_telegram_is_an_error_without_the_token(settings) -> None:
    settings.TELEGRAM_API_URL = "http://127.0.0.1:9"
    with pytest.raises(TelegramError) as raised:
        client.call(TOKEN, "x", params={})
    assert raised.value.code == 0
    assert "token" not in str(raised.value)
