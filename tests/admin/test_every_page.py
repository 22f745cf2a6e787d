"""Each page opens, however it is asked for, and a list costs the same at a hundred rows as at one."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from adtarget.alerts.models import AlertSettings
from conversions.models import Conversion
from dispatch.models import Pixel, Send
from leads.models import Account, ApiKey, AuditEntry, Bot, Channel, Lead, Membership, Site
from tests.dashboard.conftest import sign_in_recently
from tests.factories import (
    AlertSettingsFactory,
    ApiKeyFactory,
    AttemptFactory,
    AuditEntryFactory,
    BotFactory,
    ChannelFactory,
    LeadFactory,
    MembershipFactory,
    SendFactory,
    SiteFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

OURS = [Account, ApiKey, AuditEntry, Bot, Channel, Conversion, Lead, Membership, Pixel, Send, Site, get_user_model()]
FACTORIES = {
    AlertSettings: AlertSettingsFactory,
    ApiKey: lambda: ApiKeyFactory(of_one_site=True),
    AuditEntry: AuditEntryFactory,
    Bot: BotFactory,
    Channel: lambda: ChannelFactory(with_bot=True),
    Conversion: lambda: SendFactory().conversion,
    Lead: LeadFactory,
    Membership: MembershipFactory,
    Pixel: lambda: SendFactory().pixel,
    Send: lambda: AttemptFactory(send__failed=True).send,
    Site: SiteFactory,
}


def list_of(model) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def page_of(row) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


@pytest.mark.parametrize(
    "address", ["/admin/dispatch/send/?q=%00", "/admin/dispatch/send/?pixel__id__exact=a%00", "/admin/leads/site/a%00/"]
)
def test_a_nul_leads_nowhere(ops, address: str) -> None:
    assert ops.get(address).status_code == 404


@pytest.mark.parametrize("model", OURS)
def test_a_list_and_its_search_open(ops, model) -> None:
    for query in ("", "?q=acme", "?q=700000001", "?q=cnv_unknown", "?q=snd_unknown", "?q=@ada", "?q=0"):
        assert ops.get(list_of(model) + query).status_code == 200


@pytest.mark.parametrize("model", FACTORIES)
def test_a_page_opens(ops, model) -> None:
    assert ops.get(page_of(FACTORIES[model]())).status_code == 200


@pytest.mark.parametrize("model", FACTORIES)
def test_a_page_opens_for_who_may_only_look(client, model) -> None:
    looker = UserFactory(is_staff=True)
    looker.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    sign_in_recently(client, looker)
    assert client.get(page_of(FACTORIES[model]())).status_code == 200


@pytest.mark.parametrize("model", [Account, ApiKey, Bot, Channel, Membership, Pixel, Site, get_user_model()])
def test_a_form_for_a_new_one_opens(ops, model) -> None:
    assert ops.get(list_of(model) + "add/").status_code == 200


@pytest.mark.promise("S14")
@pytest.mark.parametrize("model", [AuditEntry, Conversion, Lead, Send])
def test_facts_are_not_made_changed_or_deleted_by_hand(ops, model) -> None:
    row = FACTORIES[model]()
    assert ops.get(list_of(model) + "add/").status_code == 403
    assert ops.post(page_of(row), {}).status_code == 403
    assert ops.post(page_of(row).replace("/change/", "/delete/"), {"post": "yes"}).status_code == 403
    assert model.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("model", FACTORIES)
def test_a_list_of_a_hundred_costs_what_one_of_two_costs(ops, model, django_assert_max_num_queries) -> None:
    for _ in range(2):
        FACTORIES[model]()
    with CaptureQueriesContext(connection) as few:
        ops.get(list_of(model))
    for _ in range(98):
        FACTORIES[model]()
    with django_assert_max_num_queries(len(few)):
        ops.get(list_of(model))
    assert len(few) <= 9  # one of them looks for an account that asks for a second step


@pytest.mark.parametrize("model", [Channel, Conversion, Lead, Pixel, Send, Site])
def test_a_page_leads_to_the_dashboard_and_back(ops, model) -> None:
    row = FACTORIES[model]()
    found = re.search(r'href="(/accounts/[^"]+)">Open in the dashboard', ops.get(page_of(row)).text)
    assert found
    page = ops.get(found[1])
    assert page.status_code == 200
    assert "In the admin" in page.text
