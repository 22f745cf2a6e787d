"""POST /events/conversion: what is kept, and what the answer says of it."""

import pytest
from django.utils import timezone

from conversions.models import Conversion
from dispatch.choices import Reason, SendStatus
from dispatch.models import Send
from leads.models import Lead
from tests.api.conftest import CONVERSION, SIGNALS
from tests.factories import PixelFactory

pytestmark = pytest.mark.django_db


def test_the_answer_is_the_pages(accept, lead, meta_pixel) -> None:
    answer = accept(lead)
    conversion, send = Conversion.objects.get(), Send.objects.get()
    assert answer == {
        "conversionId": conversion.pk,
        "capiStatus": "pending",
        "coldLead": True,
        "dispatched": True,
        "siteId": lead["siteId"],
        "channelId": lead["channelId"],
        "eventId": conversion.pk,
        "sends": [{"sendId": send.pk, "platform": "meta"}],
    }


def test_a_cold_lead_keeps_its_signals_in_the_override(accept, lead, meta_pixel) -> None:
    accept({**lead, "gclid": "Gg-1_", "ttclid": "T.t", "sccid": "Ss"})
    override = Conversion.objects.get().api_visit_override
    assert override == {
        "fbc": SIGNALS["fbc"],
        "fbp": SIGNALS["fbp"],
        "gclid": "Gg-1_",
        "ttclid": "T.t",
        "sccid": "Ss",
        "client_ip": SIGNALS["clientIp"],
        "user_agent": SIGNALS["userAgent"],
        "event_source_url": SIGNALS["eventSourceUrl"],
    }


def test_headers_win_over_the_bodys_client(accept, lead, meta_pixel) -> None:
    accept(lead, **{"X-Adtarget-Client-IP": "198.51.100.4", "X-Adtarget-Client-User-Agent": "Opera"})
    override = Conversion.objects.get().api_visit_override
    assert (override["client_ip"], override["user_agent"]) == ("198.51.100.4", "Opera")


def test_the_callers_own_address_is_never_the_users(accept, lead, meta_pixel) -> None:
    accept({name: value for name, value in lead.items() if name not in ("clientIp", "userAgent")})
    assert not {"client_ip", "user_agent"} & set(Conversion.objects.get().api_visit_override)


@pytest.mark.promise("S9")
def test_contacts_are_hashed_and_nothing_clear_is_kept(accept, lead, meta_pixel) -> None:
    clear = {"email": "Ada@Example.com", "phone": "+16505551212", "firstName": "Ada", "lastName": "Lovelace"}
    accept({**lead, "pii": clear})
    row = str(Conversion.objects.values().get())
    assert not [value for value in (*clear.values(), "ada@example.com", "16505551212") if value in row]
    assert len(Conversion.objects.get().pii["email"]) == 64


def test_without_a_pixel_nothing_is_dispatched_and_the_warning_says_so(accept, lead) -> None:
    answer = accept(lead)
    assert (answer["dispatched"], answer["capiStatus"], answer["sends"]) == (False, "skipped", [])
    assert "pixel" in answer["warning"]


def test_without_a_signal_the_warning_names_what_would_help(accept, lead, meta_pixel) -> None:
    bare = {name: value for name, value in lead.items() if name not in SIGNALS}
    answer = accept(bare)
    assert (answer["dispatched"], answer["sends"]) == (False, [])
    assert "fbc" in answer["warning"]


def test_each_active_pixel_with_a_signal_gets_a_send(accept, lead, site, meta_pixel) -> None:
    PixelFactory(site=site, tiktok=True)
    PixelFactory(site=site, google=True)  # no gclid, e-mail or phone: no signal
    PixelFactory(site=site, snapchat=True, inactive=True)
    PixelFactory(tiktok=True)  # of another account
    assert [send["platform"] for send in accept(lead)["sends"]] == ["meta", "tiktok"]


def test_a_paused_pixels_send_waits(accept, lead, site) -> None:
    PixelFactory(site=site, paused=True)
    assert accept(lead)["dispatched"] is True


def test_a_private_address_is_no_signal(accept, lead, meta_pixel) -> None:
    only_address = {name: value for name, value in lead.items() if name not in ("fbc", "fbp")}
    assert accept({**only_address, "clientIp": "192.168.1.7"})["dispatched"] is False


def test_the_lead_is_made_once_and_seen_again(accept, lead, purchase) -> None:
    accept(lead)
    first = Lead.objects.get()
    accept({**purchase, "externalUserId": "user-7"})
    again = Lead.objects.get()
    assert again.first_seen_at == first.first_seen_at < again.last_seen_at
    assert again.external_user_id == "user-7"


def test_a_telegram_channel_id_is_understood_and_ours_is_answered(accept, lead, channel) -> None:
    answer = accept({**lead, "channelId": str(channel.telegram_channel_id)})
    assert answer["channelId"] == channel.pk


def test_an_event_time_ahead_of_the_clock_is_now(accept, lead) -> None:
    accept({**lead, "eventTime": int(timezone.now().timestamp() * 1000) + 60_000})
    assert Conversion.objects.get().event_time <= timezone.now()


def test_the_event_time_is_kept(accept, lead) -> None:
    accept({**lead, "eventTime": 1795400000123})
    assert Conversion.objects.get().event_time.timestamp() == 1795400000.123


def test_a_test_key_sends_nothing_that_counts(lead, site, account, meta_pixel) -> None:
    from leads import api_keys
    from leads.choices import KeyMode
    from tests.conftest import Api

    _, token = api_keys.create_key(account=account, site=None, name="test", mode=KeyMode.TEST)
    answer = Api(token).post(CONVERSION, lead).json()
    assert (answer["dispatched"], answer["sends"]) == (False, [])
    assert "test" in answer["warning"]
    send = Send.objects.get()
    assert (send.status, send.reason) == (SendStatus.SKIPPED, Reason.TEST_MODE)
    assert Conversion.objects.get().is_test


def test_a_paused_site_takes_nothing(refuse, lead, site) -> None:
    site.is_paused = True
    site.save()
    refuse(lead, status=402, code="SUBSCRIPTION_INACTIVE")
    assert not Conversion.objects.exists()


def test_the_lead_row_is_not_made_by_a_refused_event(refuse, lead) -> None:
    refuse({**lead, "channelId": "chn_unknown"}, status=404, code="CHANNEL_NOT_FOUND")
    assert not Lead.objects.exists()
