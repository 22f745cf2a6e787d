"""No query string and no form makes a page of the dashboard or the admin fail with a 5xx."""

from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.contrib.auth import get_user_model
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adtarget.alerts.models import Alert
from conversions.models import Conversion
from dispatch.models import Pixel, Send
from dispatch.webhooks.models import WebhookMessage
from leads import sign_in
from leads.choices import Role
from leads.models import Account, ApiKey, AuditEntry, Bot, Channel, Lead, Membership, Site
from tests.factories import (
    AlertFactory,
    ApiKeyFactory,
    AttemptFactory,
    BotFactory,
    ConversionFactory,
    MembershipFactory,
    UserFactory,
)
from tracker.models import Invite, Join, TelegramUpdate, UnattributableClick, Visit

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore:.*received a naive datetime:RuntimeWarning")]

SOME = settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

ODD = [
    "",
    " ",
    "\0",
    "a\0b",
    "0",
    "-1",
    "1e99",
    "NaN",
    "9" * 20,
    "9" * 4300,
    "9" * 4301,
    "²",
    "٣",
    "0001-01-01",
    "9999-12-31",
    "9999-12-31 23:59:59",
    "2026-02-30",
    "2026-11-01",
    "csv",
    "7",
    "true",
    "' OR 1=1 --",
    "%s",
    "a" * 3000,
    "🦊",
    "\u202e",
    "\ufeff",
    "..",
    "{}",
    "[]",
]
values = st.one_of(st.sampled_from(ODD), st.text(max_size=40))
bytes_of_a_url = st.binary(max_size=30).map(lambda raw: quote(raw, safe=""))

#: Values that were, or easily are, a 500 for a number, a date or PostgreSQL's text.
WORST = ["\0", "9" * 4300, "²", "-1", "9" * 4301, "9" * 20, "0001-01-01 00:00:00+14:00", "9999-12-31 23:59:59-12:00"]
WORST += ["0001-01-01", "9999-12-31"]

PERIOD = ["days", "since", "until"]
LISTS = {
    "overview/": [*PERIOD, "export"],
    "overview/sources/": [*PERIOD, "export"],
    "values/": ["page"],
    "conversions/": ["page", "q", "channel", "event_type", "status", "source", "since", "until", "format"],
    "leads/": ["page", "q"],
    "channels/": ["page", "q", "site", "state", *PERIOD],
    "channels/{channel}/": ["page", *PERIOD, "format"],
    "delivery/": ["page", "q", "status", "reason", "platform", "pixel", "since", "until"],
    "alerts/": ["page"],
}
#: A lookup that the list does not know leads back to the list; one it knows has to bear any value.
ADMIN_LISTS: dict[Any, list[str]] = {
    Account: [],
    Alert: ["kind__exact", "resolved_at__isempty"],
    ApiKey: ["mode__exact", "account__id__exact"],
    AuditEntry: ["created_at__gte", "created_at__lt", "account__id__exact"],
    Bot: ["account__id__exact"],
    Channel: ["site__id__exact", "is_active__exact"],
    Conversion: ["attributed_at__gte", "attributed_at__lt", "capi", "lead__id__exact", "is_test__exact"],
    Invite: ["state", "channel__id__exact", "visit__id__exact"],
    Join: ["route__exact", "joined_at__gte", "joined_at__lt"],
    Lead: ["id__exact"],
    Membership: ["role__exact"],
    Pixel: ["state", "platform__exact"],
    Send: ["question", "status__exact", "pixel__id__exact", "created_at__gte", "created_at__lt"],
    Site: ["is_paused__exact", "account__id__exact"],
    TelegramUpdate: ["bot__id__exact", "received_at__gte", "received_at__lt"],
    UnattributableClick: ["reason__exact", "clicked_at__gte"],
    Visit: ["site__id__exact", "visited_at__gte", "visited_at__lt"],
    WebhookMessage: ["status__exact", "endpoint__id__exact"],
    get_user_model(): ["is_staff__exact", "groups__id__exact"],
}
OF_EVERY_LIST = ["p", "o", "q", "all", "_to_field"]


def browser(user: Any, **options: Any) -> Client:
    client = Client(raise_request_exception=False, **options)
    client.force_login(user)
    session = client.session
    sign_in.note_confirmed(session)
    session.save()
    return client


@pytest.fixture
def names(account: Account, channel: Channel) -> dict[str, str]:
    """Ids of one row of each kind, so that pages of single rows have something to show."""
    conversion = ConversionFactory(channel=channel, awaiting_value=True)
    send = AttemptFactory(send__conversion=conversion).send
    AlertFactory(account=account)
    return {
        "account": account.pk,
        "channel": channel.pk,
        "site": channel.site_id,
        "conversion": conversion.pk,
        "send": send.pk,
        "lead": str(conversion.lead_id),
        "pixel": send.pixel_id,
        "bot": BotFactory(account=account).pk,
        "key": ApiKeyFactory(account=account).pk,
        "membership": str(MembershipFactory(account=account).pk),
    }


@pytest.fixture(params=[Role.VIEWER, Role.OWNER])
def person(request: pytest.FixtureRequest, account: Account) -> Client:
    return browser(MembershipFactory(account=account, role=request.param).user)


@pytest.fixture
def viewer(account: Account) -> Client:
    return browser(MembershipFactory(account=account, role=Role.VIEWER).user)


@pytest.fixture
def owner(account: Account) -> Client:
    return browser(MembershipFactory(account=account, role=Role.OWNER).user)


@pytest.fixture
def ops(db: None) -> Client:
    return browser(UserFactory(ops=True))


def survives(answer: HttpResponse, what: object) -> None:
    assert answer.status_code < 500, (answer.status_code, what)
    if getattr(answer, "streaming", False):
        b"".join(answer)  # type: ignore[arg-type]


@pytest.mark.parametrize("page", LISTS)
@SOME
@given(data=st.data())
def test_a_list_survives_any_filter(person: Client, names: dict[str, str], page: str, data: st.DataObject) -> None:
    query = data.draw(st.dictionaries(st.sampled_from(LISTS[page]), values, min_size=1))
    survives(person.get(f"/accounts/{names['account']}/{page.format(**names)}?{urlencode(query)}"), query)


@pytest.mark.parametrize("page", LISTS)
def test_a_list_survives_the_worst_values(viewer: Client, names: dict[str, str], page: str) -> None:
    address = f"/accounts/{names['account']}/{page.format(**names)}"
    for name in LISTS[page]:
        for value in WORST:
            survives(viewer.get(f"{address}?{urlencode({name: value})}"), (name, value[:20]))


@pytest.mark.parametrize("page", [page for page, names in LISTS.items() if "since" in names])
@pytest.mark.parametrize(("since", "until"), [("0001-01-01", "0001-01-02"), ("9999-12-30", "9999-12-31")])
def test_a_list_survives_the_ends_of_time(
    viewer: Client, names: dict[str, str], page: str, since: str, until: str
) -> None:
    address = f"/accounts/{names['account']}/{page.format(**names)}"
    for zone in ("Pacific/Kiritimati", "Pacific/Midway"):
        viewer.cookies["timezone"] = zone
        survives(viewer.get(address, {"since": since, "until": until}), zone)


@SOME
@given(name=st.sampled_from(LISTS["conversions/"]), raw=bytes_of_a_url)
def test_a_list_survives_any_bytes(viewer: Client, names: dict[str, str], name: str, raw: str) -> None:
    survives(viewer.get(f"/accounts/{names['account']}/conversions/?{name}={raw}"), raw)


@pytest.mark.parametrize("model", ADMIN_LISTS)
@SOME
@given(data=st.data())
def test_a_list_of_the_admin_survives_any_filter(
    ops: Client, names: dict[str, str], model: Any, data: st.DataObject
) -> None:
    query = data.draw(st.dictionaries(st.sampled_from(OF_EVERY_LIST + ADMIN_LISTS[model]), values, min_size=1))
    survives(ops.get(f"{list_of(model)}?{urlencode(query)}"), query)


@pytest.mark.parametrize("model", ADMIN_LISTS)
def test_a_list_of_the_admin_survives_the_worst_values(ops: Client, names: dict[str, str], model: Any) -> None:
    for name in OF_EVERY_LIST[:3] + ADMIN_LISTS[model]:
        for value in WORST[3:]:
            survives(ops.get(f"{list_of(model)}?{urlencode({name: value})}"), (name, value[:20]))


def list_of(model: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


#: Forms that change rows of ours only; those that ask Telegram or a platform have tests with a sandbox.
FORMS = {
    "alerts/settings/": [
        "watched",
        "failure_percent",
        "failure_least",
        "addresses",
        "telegram_bot",
        "telegram_chat_id",
    ],
    "channels/{channel}/settings/": [
        "event_type",
        "custom_event_name",
        "value",
        "currency",
        "stay_hours",
        "invite_link",
    ],
    "channels/{channel}/archive/": ["is_active"],
    "delivery/retry/": ["send"],
    "leads/{lead}/erase/": ["yes"],
    "people/": ["who", "role"],
    "people/{membership}/role/": ["role"],
    "people/second-step/": ["is_required"],
    "set-up/keys/": ["name", "mode", "site"],
    "set-up/sites/new/": ["domain", "name", "allowed_domains", "default_phone_region", "ad_user_data_consent"],
    "set-up/sites/{site}/": ["domain", "name", "allowed_domains", "default_phone_region", "kept_query_parameters"],
    "set-up/sites/{site}/channels/found/1/": ["event_type"],
    "set-up/sites/{site}/pixels/new/meta/": ["pixel_id", "new_token", "test_event_code"],
    "set-up/sites/{site}/pixels/{pixel}/": ["pixel_id", "new_token", "is_active", "event_names"],
    "values/{conversion}/": ["value", "currency", "email", "phone", "first_name", "last_name"],
    "values/several/": ["text", "step"],
    "webhooks/": ["url", "events"],
}


@pytest.mark.promise("S13")
@pytest.mark.parametrize("page", FORMS)
@SOME
@given(data=st.data())
def test_a_form_survives_any_entry(person: Client, names: dict[str, str], page: str, data: st.DataObject) -> None:
    given_values = data.draw(st.dictionaries(st.sampled_from(FORMS[page]), values, min_size=1))
    address = f"/accounts/{names['account']}/{page.format(**names)}"
    survives(person.post(address, given_values), given_values)


@pytest.mark.parametrize("page", FORMS)
def test_a_form_survives_the_worst_values(owner: Client, names: dict[str, str], page: str) -> None:
    address = f"/accounts/{names['account']}/{page.format(**names)}"
    for value in WORST:
        survives(owner.post(address, dict.fromkeys(FORMS[page], value)), value[:20])


@pytest.mark.parametrize("cookie", ["sessionid", "csrftoken", "timezone", "messages"])
def test_a_cookie_with_a_nul_is_no_error(names: dict[str, str], cookie: str) -> None:
    client = Client(raise_request_exception=False, HTTP_COOKIE=f'{cookie}="abcdefghijklmnopqrstuvwxyz012345\\000"')
    survives(client.get(f"/accounts/{names['account']}/values/"), cookie)
