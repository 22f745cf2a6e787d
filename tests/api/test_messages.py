"""Messages in the queue name rows and nothing else."""

import re

import pytest

from adtarget.core import doorbell
from tests.api.conftest import CONVERSION

pytestmark = pytest.mark.django_db


@pytest.mark.promise("S20", "S9")
def test_a_message_carries_ids_only(api, lead, meta_pixel, monkeypatch, django_capture_on_commit_callbacks) -> None:
    messages: list[dict[str, str]] = []
    monkeypatch.setattr(doorbell, "call", lambda task, **ids: messages.append(ids))
    with django_capture_on_commit_callbacks(execute=True):
        api.post(CONVERSION, {**lead, "pii": {"email": "ada@acme.example"}})
    assert messages == [{"pixel_id": meta_pixel.pk}]
    assert all(re.fullmatch(r"[a-z]+_[0-9a-z]+", value) for ids in messages for value in ids.values())
