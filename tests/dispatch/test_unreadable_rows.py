"""A row that cannot be read stops nothing beside itself: no pixel, page, export or audit."""

import io
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from adtarget.alerts import finding, watching
from adtarget.alerts.models import Alert
from conversions.models import Conversion
from dispatch import auditing, sweeping
from dispatch.choices import Reason, SendStatus
from dispatch.models import Pixel, Send
from leads import unreadable
from leads.choices import Role
from leads.models import UnreadableRow
from tests.dashboard.conftest import sign_in_recently
from tests.dispatch.test_delivery import FakeMeta, deliver, due
from tests.factories import ConversionFactory, MembershipFactory, PixelFactory, UserFactory

pytestmark = pytest.mark.django_db


def damage(conversion: Conversion) -> None:
    """Makes its row one that the database holds and the driver or Django cannot turn into values."""
    wrong = "'garbage'" if connection.vendor == "sqlite" else "'20000-01-01T00:00:00Z'::timestamptz"
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE conversions_conversion SET event_time = {wrong} WHERE id = %s", [conversion.pk])


@pytest.fixture
def pixel(site):
    return PixelFactory(site=site)


@pytest.fixture
def damaged(pixel, channel) -> Send:
    """The oldest of three due sends; its conversion cannot be read."""
    sends = due(pixel, 3, channel=channel, telegram_user_id=1)
    damage(sends[0].conversion)
    return sends[0]


@pytest.fixture
def viewer(account) -> Client:
    browser = Client()
    sign_in_recently(browser, MembershipFactory(account=account, role=Role.OWNER, user=UserFactory()).user)
    return browser


def test_the_pixel_goes_on_and_the_send_says_why(pixel, damaged) -> None:
    deliver(pixel, FakeMeta())

    damaged = Send.objects.get(pk=damaged.pk)
    assert (damaged.status, damaged.reason, damaged.error_code) == (SendStatus.FAILED, Reason.POISON, "unreadable")
    assert "cannot be read" in damaged.error_message
    assert Send.objects.filter(status=SendStatus.SENT).count() == 2


def test_what_comes_later_is_sent_too(pixel, damaged, channel) -> None:
    deliver(pixel, FakeMeta())
    (later,) = due(pixel, channel=channel)
    deliver(pixel, FakeMeta())
    assert Send.objects.get(pk=later.pk).status == SendStatus.SENT


def test_it_is_noted_once_with_its_account(pixel, damaged, account) -> None:
    for _ in range(2):
        unreadable.read_rows(Conversion.objects.all())
    row = UnreadableRow.objects.get()
    assert (row.table, row.row_id, row.account) == ("conversions.conversion", damaged.conversion_id, account)


def test_the_api_lists_its_neighbours(api, damaged) -> None:
    assert len(api.get("/api/v1/conversions").json()["conversions"]) == 2
    assert len(api.get("/api/v1/sends").json()["sends"]) == 3


def test_a_page_of_the_list_is_as_long_as_before(api, damaged) -> None:
    first = api.get("/api/v1/conversions?limit=2").json()
    second = api.get(f"/api/v1/conversions?limit=2&cursor={first['nextCursor']}").json()
    assert len(first["conversions"]) + len(second["conversions"]) == 2


def test_a_lead_shows_its_other_conversions(api, damaged) -> None:
    lead = damaged.conversion.lead
    other = ConversionFactory(lead=lead, channel=damaged.conversion.channel)
    shown = api.get(f"/api/v1/leads/{lead.telegram_user_id}").json()["conversions"]
    assert [one["conversionId"] for one in shown] == [other.pk]


@pytest.mark.parametrize("page", ["", "conversions/", "leads/", "delivery/", "values/", "channels/"])
def test_every_page_is_shown(viewer, account, damaged, page) -> None:
    assert viewer.get(f"/accounts/{account.pk}/{page}", follow=True).status_code == 200


def test_the_page_of_its_lead_is_shown(viewer, account, damaged) -> None:
    lead = damaged.conversion.lead
    assert viewer.get(f"/accounts/{account.pk}/leads/{lead.pk}/").status_code == 200


def test_the_export_holds_its_neighbours(viewer, account, damaged) -> None:
    answer = viewer.get(f"/accounts/{account.pk}/conversions/", {"format": "csv"}, follow=True)
    lines = b"".join(answer).decode().strip().splitlines()
    assert len(lines) == 1 + 2


def test_the_admin_lists_its_neighbours(damaged) -> None:
    ops = Client()
    sign_in_recently(ops, UserFactory(ops=True))
    page = ops.get("/admin/conversions/conversion/")
    assert (page.status_code, len(page.context["cl"].result_list)) == (200, 2)
    assert ops.get("/admin/dispatch/send/").status_code == 200


#: What makes a column unreadable: SQLite takes any text, and JSON may have another shape than it should.
DAMAGES = {"utms": "utms = '[1]'", "left_out": "left_out = '7'", "pii": "pii = '[1]'"}
UNREADABLE = {"value": "value = 'garbage', currency = 'EUR'"} if connection.vendor == "sqlite" else {}


def damage_by(change: str, conversion: Conversion) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE conversions_conversion SET event_time = attributed_at, {change} WHERE id = %s", [conversion.pk]
        )


@pytest.mark.parametrize("column", [*DAMAGES, *UNREADABLE])
def test_its_own_page_says_what_cannot_be_read(viewer, account, damaged, column) -> None:
    damage_by((DAMAGES | UNREADABLE)[column], damaged.conversion)
    page = viewer.get(f"/accounts/{account.pk}/conversions/{damaged.conversion_id}/")
    assert page.status_code == 200
    assert f"damaged: {column.replace('_', ' ')} cannot be read" in page.text


def test_its_own_page_shows_what_can_be_read(viewer, account, damaged) -> None:
    page = viewer.get(f"/accounts/{account.pk}/conversions/{damaged.conversion_id}/")
    assert "damaged: event time cannot be read" in page.text
    assert str(damaged.conversion.telegram_user_id) in page.text


def test_another_accounts_damaged_row_stays_unknown(viewer, account, stranger_channel) -> None:
    theirs = ConversionFactory(channel=stranger_channel)
    damage(theirs)
    assert viewer.get(f"/accounts/{account.pk}/conversions/{theirs.pk}/").status_code == 404


def test_its_page_of_the_admin_says_what_cannot_be_read(damaged) -> None:
    ops = Client()
    sign_in_recently(ops, UserFactory(ops=True))
    page = ops.get(f"/admin/conversions/conversion/{damaged.conversion_id}/change/")
    assert page.status_code == 200
    assert "damaged: event time cannot be read" in page.text
    assert damaged.conversion.event_type in page.text


def test_a_damaged_row_of_the_admin_asks_for_permission(damaged) -> None:
    nobody = Client()
    sign_in_recently(nobody, UserFactory(is_staff=True))
    assert nobody.get(f"/admin/conversions/conversion/{damaged.conversion_id}/change/").status_code == 403


def test_the_audit_ends_and_names_it(damaged, pixel) -> None:
    Send.objects.all().delete()
    report = auditing.audit(timezone.now())
    assert report.orphans["Rows that cannot be read"] == [f"conversions.conversion {damaged.conversion_id}"]
    with pytest.raises(SystemExit):
        call_command("audit_sends", stdout=io.StringIO())


def test_the_sweep_ends_it_beside_its_neighbours(pixel, damaged) -> None:
    Send.objects.update(attempts=1)
    Conversion.objects.exclude(pk=damaged.conversion_id).update(event_time=timezone.now() - timedelta(days=30))
    wrong = "garbage" if connection.vendor == "sqlite" else "infinity"
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE conversions_conversion SET attributed_at = %s WHERE id = %s", [wrong, damaged.conversion_id]
        )
    Conversion.objects.filter(pk=damaged.conversion_id).update(event_time=timezone.now() - timedelta(days=30))
    Pixel.objects.update(paused_at=timezone.now())

    sweeping.settle_stranded(timezone.now())

    assert {send.status for send in Send.objects.all()} == {SendStatus.FAILED}
    assert Send.objects.get(pk=damaged.pk).reason == Reason.POISON


# ------------------------------------------------------------------ who is told
@pytest.mark.redis
def test_readyz_and_metrics_tell_and_stay_ready(client, damaged, pixel) -> None:
    from adtarget.operating import metrics, readiness

    deliver(pixel, FakeMeta())
    assert readiness.rows() == {"ok": True, "unreadable": 1}
    assert b"adtarget_unreadable_rows 1.0" in metrics.render_metrics(timezone.now())


def test_an_alert_opens_and_closes(damaged, pixel, account) -> None:
    deliver(pixel, FakeMeta())
    watching.watch(timezone.now())
    alert = Alert.objects.get(kind="unreadable")
    assert (alert.account, alert.resolved_at) == (account, None)
    assert alert.text == "1 stored row cannot be read and is left out of lists and exports."

    Conversion.objects.filter(pk=damaged.conversion_id).update(event_time=timezone.now())
    unreadable.recheck(timezone.now())
    watching.watch(timezone.now())
    alert.refresh_from_db()
    assert alert.resolved_at


def test_the_note_stays_while_the_row_is_damaged(damaged) -> None:
    unreadable.read_rows(Conversion.objects.all())
    assert unreadable.recheck(timezone.now()) == 0
    assert list(finding.unreadable_rows(timezone.now(), {}))


def test_the_note_of_a_row_that_is_gone_goes(damaged) -> None:
    unreadable.read_rows(Conversion.objects.all())
    Send.objects.all().delete()
    gone = Conversion.objects.filter(pk=damaged.conversion_id)
    gone._raw_delete(gone.db)  # without reading it
    assert unreadable.recheck(timezone.now()) == 1


def test_a_list_without_damage_takes_one_query(damaged, django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        assert unreadable.read_rows(Send.objects.all()).looked_at == 3
