"""Every code is explained, where docUrl leads and in docs/errors.md."""

from pathlib import Path
from typing import Any

import pytest

from adtarget.core.errors import ErrorCode
from adtarget.openapi import catalogue
from dispatch import reasons

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"


def test_the_file_is_as_the_code_writes_it() -> None:
    assert PAGE.read_text() == catalogue.markdown(), "python manage.py error_catalogue > docs/errors.md"


def test_each_error_code_has_advice() -> None:
    assert set(catalogue.ADVICE) == set(ErrorCode)


@pytest.mark.django_db
def test_each_code_has_its_place_on_the_page(client: Any) -> None:
    page = client.get("/api/docs/errors").content.decode()
    assert [code for code in [*ErrorCode, *reasons.codes()] if f'id="{code}"' not in page] == []


@pytest.mark.django_db
def test_an_error_leads_to_its_explanation(client: Any) -> None:
    assert client.get("/api/v1/me").json()["error"]["docUrl"] == "/api/docs/errors#AUTH_REQUIRED"
