"""Tokens go in and never come out; a new one lets the pixel go on; tests show the platform's own answer."""

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.utils import timezone

from dispatch.forms import PixelForm
from dispatch.models import Pixel, Send
from leads.models import AuditEntry
from tests.factories import PixelFactory, SendFactory, SiteFactory

pytestmark = pytest.mark.django_db

PIXELS = "/admin/dispatch/pixel/"
TOKEN = "EAAnew-token-of-the-platform"


def form(pixel: Pixel, **changes: str) -> dict[str, str]:
    values = {"pixel_id": pixel.pixel_id, "options": json.dumps(pixel.options), "test_event_code": "", "new_token": ""}
    return {**values, "is_active": "on", **changes}


@pytest.mark.promise("S16")
def test_a_token_is_kept_encrypted_and_never_shown(ops) -> None:
    site = SiteFactory()
    values = {"site": site.pk, "platform": "meta", "pixel_id": "123", "options": "{}", "is_active": "on"}
    ops.post(PIXELS + "add/", {**values, "new_token": TOKEN})
    pixel = Pixel.objects.get()
    assert pixel.credential() == TOKEN
    assert TOKEN not in pixel.credential_encrypted
    page = ops.get(f"{PIXELS}{pixel.pk}/change/").content.decode()
    assert TOKEN not in page
    assert "…form" in page
    assert TOKEN not in str(list(AuditEntry.objects.values()))


def test_a_pixel_needs_a_token(ops) -> None:
    values = {"site": SiteFactory().pk, "platform": "meta", "pixel_id": "123", "options": "{}"}
    answer = ops.post(PIXELS + "add/", values)
    assert "A pixel needs its access token." in answer.content.decode()
    assert not Pixel.objects.exists()


def test_saving_without_a_token_keeps_the_one_that_is_stored(ops) -> None:
    pixel = PixelFactory()
    ops.post(f"{PIXELS}{pixel.pk}/change/", form(pixel, test_event_code="TEST1"))
    pixel.refresh_from_db()
    assert (pixel.test_event_code, pixel.credential()) == ("TEST1", "EAA-platform-token")


def test_a_new_token_lets_a_paused_pixel_go_on(ops) -> None:
    send = SendFactory(waiting=True, pixel__paused=True)
    ops.post(f"{PIXELS}{send.pixel_id}/change/", form(send.pixel, new_token=TOKEN))
    assert Pixel.objects.get().paused_at is None
    assert Send.objects.due(timezone.now()).get() == send
    assert list(AuditEntry.objects.order_by("pk").values_list("action", flat=True)) == ["pixel.change", "pixel.resume"]


def test_a_pause_that_comes_while_a_form_is_saved_stays(ops, monkeypatch) -> None:
    pixel, clean = PixelFactory(), PixelForm.clean_options

    def pause_and_clean(self):
        Pixel.objects.update(paused_at=timezone.now(), pause_code="190")
        return clean(self)

    monkeypatch.setattr(PixelForm, "clean_options", pause_and_clean)
    ops.post(f"{PIXELS}{pixel.pk}/change/", form(pixel, test_event_code="TEST1"))
    assert (Pixel.objects.get().test_event_code, Pixel.objects.get().pause_code) == ("TEST1", "190")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ('{"credentials": {"clientId": "a"}}', "Credentials go into the field"),
        ("[1]", "This is a JSON object"),
        ('{"testPixel": "yes"}', "testPixel"),
    ],
)
def test_options_that_cannot_work_are_refused_beside_the_field(ops, options, complaint) -> None:
    pixel = PixelFactory()
    answer = ops.post(f"{PIXELS}{pixel.pk}/change/", form(pixel, options=options))
    assert complaint in str(answer.context["adminform"].form.errors["options"])


@pytest.mark.parametrize("token", ["{not json", '{"clientId": "a"}'])
def test_google_credentials_that_cannot_work_are_refused(ops, token) -> None:
    pixel = PixelFactory(google=True)
    answer = ops.post(f"{PIXELS}{pixel.pk}/change/", form(pixel, new_token=token))
    assert answer.context["adminform"].form.errors["new_token"]


def test_pausing_resuming_and_switching_off_ask_first(ops) -> None:
    pixel = PixelFactory()
    for action, is_done in (
        ("pause", lambda: Pixel.objects.get().paused_at is not None),
        ("resume", lambda: Pixel.objects.get().paused_at is None),
        ("deactivate", lambda: not Pixel.objects.get().is_active),
    ):
        was_done = is_done()
        ops.post(PIXELS, {"action": action, "_selected_action": pixel.pk})
        assert is_done() is was_done
        ops.post(PIXELS, {"action": action, "_selected_action": pixel.pk, "confirmed": "yes"})
        assert is_done()
        assert AuditEntry.objects.order_by("pk").last().action == f"pixel.{action}"


def test_a_pixel_with_history_cannot_be_deleted_and_a_mistaken_one_can(ops) -> None:
    used, mistaken = SendFactory(sent=True).pixel, PixelFactory()
    Pixel.objects.update(is_active=False, updated_at=timezone.now() - timedelta(minutes=2))
    assert ops.post(f"{PIXELS}{used.pk}/delete/", {"post": "yes"}).status_code == 403
    assert ops.post(f"{PIXELS}{mistaken.pk}/delete/", {"post": "yes"}).status_code == 302
    assert Pixel.objects.get() == used


def test_a_pixel_that_events_may_be_on_their_way_to_cannot_be_deleted(ops) -> None:
    pixel = PixelFactory()
    for is_active in (True, False):  # switched off a moment ago
        pixel.is_active = is_active
        pixel.save()
        assert ops.post(f"{PIXELS}{pixel.pk}/delete/", {"post": "yes"}).status_code == 403


# ------------------------------------------------------------------ a test event
@pytest.fixture
def meta(settings):
    """A platform on loopback: answers with `answer` and keeps what it got."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.server.got = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps(self.server.answer).encode()
            self.send_response(400 if "error" in self.server.answer else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.answer, server.got = {"events_received": 1, "messages": [], "fbtrace_id": "Trace1"}, None
    settings.PLATFORM_API_URLS = {**settings.PLATFORM_API_URLS, "meta": f"http://127.0.0.1:{server.server_port}"}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_test_event_shows_the_platforms_own_answer(ops, meta) -> None:
    pixel = PixelFactory(test=True, test_event_code="TEST42")
    page = ops.post(f"{PIXELS}{pixel.pk}/test-event/").content.decode()
    assert "It works." in page
    assert "Trace1" in page
    assert (meta.got["test_event_code"], len(meta.got["data"])) == ("TEST42", 1)
    assert not Send.objects.exists()


def test_a_refused_test_event_says_what_to_do(ops, meta) -> None:
    meta.answer = {"error": {"message": "Invalid OAuth access token", "code": 190, "fbtrace_id": "Trace2"}}
    pixel = PixelFactory(test=True)
    page = ops.post(f"{PIXELS}{pixel.pk}/test-event/").content.decode()
    assert "It does not work." in page
    assert "Enter a new access token" in page
    assert Pixel.objects.get().paused_at is None


def test_a_pixel_that_takes_no_tests_gets_a_name_no_campaign_counts(ops, meta) -> None:
    pixel = PixelFactory()
    assert "AdTargetTest" in ops.get(f"{PIXELS}{pixel.pk}/test-event/").content.decode()
    ops.post(f"{PIXELS}{pixel.pk}/test-event/")
    assert [event["event_name"] for event in meta.got["data"]] == ["AdTargetTest"]


def test_looking_at_the_test_page_sends_nothing(ops, meta) -> None:
    ops.get(f"{PIXELS}{PixelFactory().pk}/test-event/")
    assert meta.got is None
