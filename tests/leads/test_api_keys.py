"""Keys and scope."""

import pytest
import time_machine
from django.utils import timezone

from leads import api_keys
from leads.choices import KeyMode
from leads.models import ApiKey
from tests.api.conftest import CONVERSION
from tests.conftest import Api
from tests.factories import SiteFactory

pytestmark = pytest.mark.django_db


@pytest.mark.promise("S2")
def test_a_key_has_the_documented_shape_and_its_secret_is_not_kept(account) -> None:
    key, token = api_keys.create_key(account=account, site=None, name="backend")
    scheme, mode, prefix, secret = token.split("_")
    assert (scheme, mode, len(prefix), len(secret)) == ("atk", "live", 8, 32)
    assert prefix == key.prefix
    assert secret not in str(ApiKey.objects.values().get())


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc", "atk_live_x", "Bearer a b", "Bearer other"])
def test_a_missing_or_malformed_header_asks_for_a_key(api, header) -> None:
    answer = api.client.get("/api/v1/channels", headers={"Authorization": header} if header else {})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "AUTH_REQUIRED")
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.promise("S4")
def test_wrong_secret_wrong_mode_and_unknown_prefix_are_all_the_same(api, api_key) -> None:
    wrong = [api.token[:-1], api.token + "x", api.token.replace("live", "test"), f"atk_live_aaaaaaaa_{'a' * 32}"]
    answers = [Api(token).get("/api/v1/channels") for token in wrong]
    assert {(answer.status_code, answer.content) for answer in answers} == {(401, answers[0].content)}
    assert answers[0].json()["error"]["code"] == "INVALID_KEY"


@pytest.mark.promise("S3")
def test_revoking_works_at_once_and_is_told_only_to_who_has_the_secret(api, api_key) -> None:
    assert api.get("/api/v1/channels").status_code == 200
    api_keys.revoke(api_key, now=timezone.now())
    assert api.get("/api/v1/channels").json()["error"]["code"] == "REVOKED_KEY"
    assert Api(api.token[:-1]).get("/api/v1/channels").json()["error"]["code"] == "INVALID_KEY"


def test_five_account_keys_and_five_a_site(account, site) -> None:
    for owner in (None, site, SiteFactory(account=account)):
        made = [api_keys.create_key(account=account, site=owner, name="k")[0] for _ in range(5)]
        with pytest.raises(api_keys.TooManyKeys):
            api_keys.create_key(account=account, site=owner, name="sixth")
        api_keys.revoke(made[0], now=timezone.now())
        api_keys.create_key(account=account, site=owner, name="after a revocation")


@pytest.mark.promise("S3")
def test_last_use_is_written_at_most_once_a_minute(api, api_key) -> None:
    with time_machine.travel("2026-11-23T10:00:00Z", tick=False) as clock:
        for seconds in (0, 30, 61):
            clock.move_to(f"2026-11-23T10:0{seconds // 60}:{seconds % 60:02}Z")
            api.get("/api/v1/channels")
            api_key.refresh_from_db()
            assert api_key.last_used_at.minute == seconds // 60
            assert api_key.last_used_at.second in (0, 1)


@pytest.mark.promise("S1")
def test_a_site_key_does_not_leave_its_site(account, site, channel, lead) -> None:
    other = SiteFactory(account=account)
    _, token = api_keys.create_key(account=account, site=site, name="site")
    limited = Api(token)
    bare = {name: value for name, value in lead.items() if name != "siteId"}
    assert limited.post(CONVERSION, bare).json()["siteId"] == site.pk
    for named in ({"siteId": other.pk}, {"websiteId": other.website_id}):
        answer = limited.post(CONVERSION, {**bare, **named})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_PAYLOAD")
    assert limited.get(f"/api/v1/channels?siteId={other.pk}").status_code == 400


def test_test_keys_have_a_prefix_of_their_own(account) -> None:
    _, token = api_keys.create_key(account=account, site=None, name="test", mode=KeyMode.TEST)
    assert token.startswith("atk_test_")
    assert Api(token).get("/api/v1/channels").status_code == 200


PATHS = [
    "/api/v1/leads/123456789?siteId={site}",
    "/api/v1/channels?siteId={site}",
    "/api/v1/conversions/{conversion}",
    "/api/v1/sends/{send}",
]


@pytest.mark.promise("S1")
@pytest.mark.parametrize("path", PATHS)
def test_a_strangers_ids_read_as_unknown_ones(accept, lead, meta_pixel, stranger_api, site, path) -> None:
    kept = accept(lead)
    ours = {"site": site.pk, "conversion": kept["conversionId"], "send": kept["sends"][0]["sendId"]}
    theirs = stranger_api.get(path.format(**ours))
    unknown = stranger_api.get(path.format(**{name: value[:-4] + "zzzz" for name, value in ours.items()}))
    assert theirs.status_code in (400, 404)
    assert (theirs.status_code, theirs.content) == (unknown.status_code, unknown.content)


@pytest.mark.promise("S1")
def test_a_stranger_can_write_nothing_of_ours(accept, purchase, stranger_api, channel, stranger_site) -> None:
    kept = accept(purchase)
    person = purchase["telegramUserId"]
    attempts = [
        (CONVERSION, purchase),
        (CONVERSION, {**purchase, "siteId": stranger_site.pk}),
        (f"/api/v1/leads/{person}/events", {"eventType": "Lead"}),
        (f"/api/v1/leads/{person}/conversions/{kept['conversionId']}/value", {"value": 1, "currency": "USD"}),
    ]
    assert {stranger_api.post(path, body).status_code for path, body in attempts} <= {400, 404}
