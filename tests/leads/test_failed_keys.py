"""Guessing keys: 600 failures a minute of one address, then 429 without a look at the database."""

import json

import pytest
from django.test import Client

from leads import failed_keys
from tests.factories import BotFactory

pytestmark = pytest.mark.django_db

GUESS = f"atk_live_abcd1234_{'x' * 32}"


@pytest.fixture(autouse=True)
def _few(settings) -> None:
    failed_keys._refused_until.clear()
    settings.API_FAILED_KEYS_PER_MINUTE = 3


def guess(token: str = GUESS, **headers: str):
    return Client(**headers).get("/api/v1/channels", headers={"Authorization": f"Bearer {token}"})


def test_the_limit_is_six_hundred_a_minute_by_default() -> None:
    from adtarget import settings as product

    assert product.API_FAILED_KEYS_PER_MINUTE == 600


@pytest.mark.promise("S4")
def test_past_the_limit_a_guess_is_429_with_a_wait() -> None:
    assert [guess().status_code for _ in range(5)] == [401, 401, 401, 429, 429]
    answer = guess()
    assert answer.json()["error"]["code"] == "RATE_LIMITED"
    assert 1 <= int(answer["Retry-After"]) <= 20


def test_past_the_limit_the_database_is_not_asked(django_assert_num_queries) -> None:
    for _ in range(4):
        guess()
    with django_assert_num_queries(0):
        assert guess().status_code == 429


def test_each_kind_of_wrong_key_counts(api_key_token: str) -> None:
    wrong = [GUESS, api_key_token[:-1] + ("a" if api_key_token[-1] != "a" else "b"), "atk_live_???"]
    assert [guess(token).status_code for token in wrong] == [401, 401, 401]
    assert guess().status_code == 429


def test_right_keys_cost_nothing(api) -> None:
    assert [api.get("/api/v1/channels").status_code for _ in range(8)] == [200] * 8


def test_another_address_is_not_slowed_down(api_key_token: str) -> None:
    for _ in range(4):
        guess()
    assert guess(api_key_token, REMOTE_ADDR="203.0.113.9").status_code == 200


@pytest.mark.promise("S8")
def test_an_ipv6_network_is_one_address() -> None:
    statuses = [guess(REMOTE_ADDR=f"2001:db8::{number:x}").status_code for number in range(4)]
    assert statuses == [401, 401, 401, 429]


def test_forged_forwarding_escapes_nothing() -> None:
    statuses = [guess(HTTP_X_FORWARDED_FOR=f"203.0.113.{number}").status_code for number in range(4)]
    assert statuses == [401, 401, 401, 429]


def test_secrets_of_bots_are_guessed_as_slowly() -> None:
    bot = BotFactory()

    def tell(secret: str) -> int:
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
        body = json.dumps({"update_id": 1})
        return Client().post(bot.webhook_path, body, content_type="application/json", headers=headers).status_code

    assert [tell("wrong") for _ in range(4)] == [401, 401, 401, 429]


@pytest.mark.promise("R20")
def test_the_refused_addresses_stay_few(monkeypatch) -> None:
    monkeypatch.setattr(failed_keys, "MOST_REMEMBERED", 2)
    for number in range(5):
        for _ in range(4):
            guess(REMOTE_ADDR=f"203.0.113.{number}")
    assert len(failed_keys._refused_until) == 2
