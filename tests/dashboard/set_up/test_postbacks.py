"""The set-up page of a postback: a network by its name, or an address of one's own."""

import pytest
from django.test import Client

from dispatch.models import Pixel
from dispatch.platforms.postback.presets import PRESETS
from leads.models import Site
from tests.factories import PixelFactory

VALUES = {
    "value_tracker": "t.example",
    "value_aid": "1",
    "value_pid": "2",
    "value_tid": "3",
    "value_pixel_id": "7",
    "value_id": "8",
    "new_token": "k-1234567890",
}


@pytest.fixture
def steps(home: str, site: Site) -> str:
    return f"{home}set-up/sites/{site.pk}/pixels/"


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_network_is_set_up_by_its_name(owner: Client, steps: str, name: str) -> None:
    assert f"new/postback/?preset={name}" in owner.get(steps).text
    page = f"{steps}new/postback/?preset={name}"
    assert PRESETS[name].landing.replace("&", "&amp;") in owner.get(page).text
    assert f'value="{name}"' in owner.get(page).text
    assert owner.post(page, {"pixel_id": name, **VALUES}).status_code == 302
    assert Pixel.objects.get().options["preset"] == name


def test_its_secret_is_kept_apart(owner: Client, steps: str) -> None:
    owner.post(f"{steps}new/postback/?preset=keitaro", {"pixel_id": "k", **VALUES})
    pixel = Pixel.objects.get()
    assert pixel.options == {"preset": "keitaro", "parameters": {"tracker": "t.example"}}
    assert pixel.credential() == "k-1234567890"


def test_the_page_shows_the_filled_address(owner: Client, steps: str, site: Site) -> None:
    options = {"preset": "binom", "parameters": {"tracker": "t.example"}}
    pixel = PixelFactory(site=site, platform="postback", pixel_id="b", options=options, credential="")
    page = owner.get(f"{steps}{pixel.pk}/").text
    assert "https://t.example/click?cnv_id=Ab12-Cd34&amp;payout=49.9&amp;cnv_status=lead" in page


@pytest.mark.parametrize(
    ("preset", "typed", "field", "told"),
    [
        ("", {}, "template", "Give the address to call"),
        ("", {"template": "https://a.example/{nonsense}"}, "template", "There is no macro {nonsense}"),
        ("", {"template": "https://127.0.0.1/x"}, "template", "private to a network"),
        ("", {"template": "http://a.example/x"}, "template", "https://"),
        ("", {"template": "https://a.example/", "rename": "Lead"}, "rename", "is no pair"),
        ("binom", {}, "value_tracker", "This field is required"),
        ("binom", {"value_tracker": "10.0.0.1"}, "value_tracker", "private to a network"),
        ("keitaro", {"value_tracker": "t.example"}, "new_token", "Keitaro needs it"),
    ],
)
def test_an_error_stands_beside_its_field(
    owner: Client, steps: str, preset: str, typed: dict[str, str], field: str, told: str
) -> None:
    answer = owner.post(f"{steps}new/postback/?preset={preset}", {"pixel_id": "crm", **typed})
    assert told in str(answer.context["form"].errors[field])
    assert not Pixel.objects.exists()


def test_filters_are_kept(owner: Client, steps: str) -> None:
    typed = {"pixel_id": "crm", "template": "https://a.example/?z={param:zone}", "only": ["Lead", "Purchase"]}
    owner.post(f"{steps}new/postback/", typed | {"rename": "Lead = install", "only_with_value": "on", "method": "POST"})
    assert Pixel.objects.get().options == {
        "template": "https://a.example/?z={param:zone}",
        "rename": {"Lead": "install"},
        "only": ["Lead", "Purchase"],
        "onlyWithValue": True,
        "method": "POST",
    }
    assert Site.objects.get().kept_query_parameters == ["zone"]


def test_saving_resumes_a_paused_one(owner: Client, steps: str, site: Site) -> None:
    options = {"template": "https://a.example/old"}
    pixel = PixelFactory(site=site, platform="postback", pixel_id="b", options=options, paused=True)
    owner.post(f"{steps}{pixel.pk}/", {"pixel_id": "b", "template": "https://a.example/new", "is_active": "on"})
    pixel.refresh_from_db()
    assert (pixel.options["template"], pixel.paused_at) == ("https://a.example/new", None)
