"""Bodies that are not what the API takes: each refused by a sentence of its own, and none a 500."""

import gzip
import json

import pytest
from django.utils import timezone

from dispatch.webhooks import endpoints
from tests.api.conftest import CONVERSION

pytestmark = pytest.mark.django_db


def send(api, body, **headers):
    kind = headers.pop("content_type", "application/json")
    return api.client.post(
        CONVERSION, body, content_type=kind, headers={"Authorization": f"Bearer {api.token}", **headers}
    )


def refusal(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["message"]


@pytest.mark.parametrize("number", ["1e9999999999999999999", "-1e9999999999999999999", "1.5e99999999999999999999999"])
def test_a_number_without_measure_is_refused(api, number) -> None:
    answer = send(api, f'{{"value": {number}}}')
    assert refusal(answer) == (400, "The body is not valid JSON: a number is out of range.")


def test_a_number_without_measure_is_refused_of_visitors(client) -> None:
    answer = client.post("/backend/track/init", '{"x": 1e9999999999999999999}', content_type="application/json")
    assert answer.status_code == 400


def test_a_byte_order_mark_is_named(api, lead) -> None:
    status, message = refusal(send(api, b"\xef\xbb\xbf" + json.dumps(lead).encode()))
    assert status == 400
    assert "byte order mark" in message


def test_a_compressed_body_is_415(api, lead) -> None:
    answer = send(api, gzip.compress(json.dumps(lead).encode()), **{"Content-Encoding": "gzip"})
    assert refusal(answer) == (415, "Send the body as it is, not compressed: leave Content-Encoding out.")


def test_another_charset_is_415(api, lead) -> None:
    answer = send(api, json.dumps(lead), content_type="application/json; charset=iso-8859-1")
    assert answer.status_code == 415
    assert "utf-8" in answer.json()["error"]["message"]


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"'])
def test_utf_8_may_be_said(api, lead, charset) -> None:
    assert send(api, json.dumps(lead), content_type=f"application/json; charset={charset}").status_code == 200


@pytest.mark.parametrize("written", ["123456789.0", "1.23456789e8"])
def test_a_whole_number_may_be_written_as_a_fraction(api, lead, written) -> None:
    body = json.dumps(lead).replace("123456789", written)
    assert send(api, body).status_code == 200


def test_a_time_may_be_written_as_a_fraction(api, lead) -> None:
    now = int(timezone.now().timestamp() * 1000)
    body = json.dumps({**lead, "eventTime": 0}).replace('"eventTime": 0', f'"eventTime": {now}.0')
    assert send(api, body).status_code == 200


def test_an_empty_list_is_phps_empty_object(api, lead) -> None:
    assert send(api, json.dumps({**lead, "pii": []})).status_code == 200
    assert send(api, json.dumps({**lead, "pii": [1]})).status_code == 400


def test_a_wrong_choice_names_the_choices(api, lead) -> None:
    status, message = refusal(send(api, json.dumps({**lead, "eventType": "lead"})))
    assert status == 400
    assert message == "eventType must be one of Lead, Purchase, CompleteRegistration, Subscribe, Custom."


@pytest.mark.parametrize("wrong", ["yes", 1, "true"])
def test_what_only_means_true_is_refused(api, account, wrong) -> None:
    endpoint = endpoints.register(account=account, url="https://hooks.acme.com/told")
    answer = api.client.patch(
        f"/api/v1/webhooks/{endpoint.pk}",
        json.dumps({"active": wrong}),
        content_type="application/json",
        headers={"Authorization": f"Bearer {api.token}"},
    )
    assert answer.status_code == 400
