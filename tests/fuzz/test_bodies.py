"""No bytes sent to an endpoint of the API make it fail: a documented answer in JSON, and nothing kept of a refusal."""

from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from conversions.models import Conversion
from leads.models import Account, Channel
from tests.api.conftest import SIGNALS
from tests.factories import ConversionFactory
from tests.fuzz.effort import effort
from tests.fuzz.inputs import bodies, header_value, headers, texts

pytestmark = [pytest.mark.django_db, pytest.mark.fuzz, pytest.mark.xdist_group("fuzz")]

EVENT = {"eventType": "Purchase", "value": 49.9, "currency": "USD", "eventTime": 1, "orderId": "A-1", **SIGNALS}
WRITES = {
    "/api/v1/events/conversion": {"telegramUserId": 123, "websiteId": "", "channelId": "", "pii": {}, **EVENT},
    "/api/v1/leads/700000001/events": {"channelId": "", "pii": {"email": "a@b.de"}, **EVENT},
    "/api/v1/leads/700000001/conversions/{conversion}/value": {"value": 49.9, "currency": "USD"},
    "/api/v1/webhooks": {"url": "https://hooks.acme.example/", "events": []},
}
READ_PARAMETERS = ["limit", "before", "cursor", "siteId", "channelId", "since", "until", "eventType", "status"]


@pytest.fixture
def conversion(unlimited: None, account: Account, channel: Channel) -> Conversion:
    return ConversionFactory(channel=channel, awaiting_value=True)


@pytest.mark.promise("S13")
@pytest.mark.parametrize("path", WRITES)
def test_no_body_makes_it_fail(api: Any, conversion: Conversion, path: str) -> None:
    ours = {"channelId": conversion.channel_id, "websiteId": conversion.site.website_id}
    right = {name: ours.get(name, value) for name, value in WRITES[path].items()}

    @effort(60)
    @given(body=bodies(right), more=headers("Idempotency-Key", "X-Adtarget-Client-IP", "X-Adtarget-Client-User-Agent"))
    def send(body: bytes, more: dict[str, str]) -> None:
        before = Conversion.objects.count()
        answer = api.post(path.format(conversion=conversion.pk), body, headers=more)
        assert answer.status_code in (200, 201, 400, 404, 409, 410, 413, 415), answer.content
        assert answer["Content-Type"] == "application/json"
        answer.json()
        assert answer.status_code < 400 or Conversion.objects.count() == before

    send()


@pytest.mark.parametrize("path", ["conversions", "sends", "leads/700000001", "channels", "sites", "pixels"])
def test_no_query_makes_it_fail(api: Any, conversion: Conversion, path: str) -> None:
    @effort(30)
    @given(query=st.dictionaries(st.sampled_from(READ_PARAMETERS), texts, max_size=4))
    def ask(query: dict[str, str]) -> None:
        query = {name: value.encode(errors="replace").decode() for name, value in query.items()}
        answer = api.get(f"/api/v1/{path}", query)
        assert answer.status_code in (200, 400, 404), answer.content
        answer.json()

    ask()


@pytest.mark.parametrize("way", ["", "/v1", "/v1/events/conversion", "/v1/leads", "/docs", "/schema"])
def test_no_path_makes_it_fail(unlimited: None, way: str) -> None:
    @effort(20)
    @given(raw=st.binary(max_size=40), verb=st.sampled_from(["get", "post", "delete", "patch", "put", "options"]))
    def ask(raw: bytes, verb: str) -> None:
        environ = {"PATH_INFO": f"/api{way}/" + raw.decode("latin-1")}
        answer = getattr(Client(), verb)("/api", **environ)
        assert answer.status_code < 500, answer.content

    ask()


def test_no_authorization_makes_it_fail(unlimited: None, settings: Any) -> None:
    settings.API_FAILED_KEYS_PER_MINUTE = 10**9

    @effort(60)
    @given(value=texts | texts.map("Bearer {}".format) | texts.map("Bearer atk_live_{}".format))
    def ask(value: str) -> None:
        answer = Client().get("/api/v1/channels", headers={"Authorization": header_value(value)})
        assert answer.status_code == 401, answer.content

    ask()
