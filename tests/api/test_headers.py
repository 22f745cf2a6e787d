"""What answers say beside their body."""

import pytest

from tests.api.conftest import CONVERSION

pytestmark = pytest.mark.django_db


def test_a_preflight_names_every_method_of_the_api(client) -> None:
    allowed = client.options("/api/v1/webhooks/whk_1")["Access-Control-Allow-Methods"]
    assert {"GET", "POST", "PATCH", "DELETE"} <= set(allowed.split(", "))


@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [
        ("/backend/track/init", "get", "POST, OPTIONS"),
        ("/backend/track/update-fbp", "delete", "POST, OPTIONS"),
        ("/backend/track/invite", "post", "GET, OPTIONS"),
        ("/telegram/webhook/bot_1", "get", "POST"),
    ],
)
def test_a_wrong_verb_is_told_the_right_ones(client, path, method, allowed) -> None:
    answer = getattr(client, method)(path)
    assert (answer.status_code, answer.headers.get("Allow")) == (405, allowed)


def test_a_wrong_verb_of_the_api_is_told_the_right_ones(api) -> None:
    assert api.get(CONVERSION)["Allow"] == "POST, OPTIONS"


@pytest.mark.parametrize("path", ["/api/v1/channels", "/api/v1/webhooks", "/api/v1/leads/1", "/api/v1/sends/snd_1"])
def test_no_answer_to_a_key_is_stored_on_the_way(api, path) -> None:
    assert api.get(path)["Cache-Control"] == "no-store"
