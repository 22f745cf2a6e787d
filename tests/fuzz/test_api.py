"""Generated requests for every operation of the API document, and chains of them, judged by the document.

Schemathesis writes right and wrong requests from the document and compares each answer with it.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern
from hypothesis import given

from adtarget.api.urls import urlpatterns
from dispatch.models import Pixel
from leads.models import Account, Channel
from tests.factories import ConversionFactory, PixelFactory, SendFactory
from tests.fuzz.effort import effort

pytestmark = [pytest.mark.django_db, pytest.mark.fuzz, pytest.mark.xdist_group("fuzz")]

EXAMPLES = 25  # for each operation
CHAINS = 8  # of several requests each, over the whole document


def operations() -> Iterator[tuple[str, str]]:
    """Verb and path of everything that is routed, as the document should write them."""
    for pattern in urlpatterns:
        for verb in pattern.callback.actions:
            yield verb.upper(), f"/api/v1/{_documented(pattern)}"


def _documented(pattern: URLPattern) -> str:
    """`sends/<str:send_id>` → `sends/{sendId}`"""
    camel = lambda found: "{" + re.sub(r"_(\w)", lambda part: part[1].upper(), found[1]) + "}"  # noqa: E731
    return re.sub(r"<str:(\w+)>", camel, str(pattern.pattern))


@pytest.fixture(scope="module")
def document() -> Any:
    """The API document, bound to the WSGI application of this process."""
    schemathesis = pytest.importorskip("schemathesis")
    from drf_spectacular.generators import SchemaGenerator

    from adtarget.wsgi import application

    written = SchemaGenerator().get_schema(request=None, public=True)
    loaded = schemathesis.openapi.from_dict(written)
    loaded.app = application
    loaded.config.generation.allow_extra_parameters = False  # unknown ones are ignored, as promised
    return loaded


@pytest.fixture
def busy(unlimited: None, account: Account, channel: Channel, meta_pixel: Pixel) -> None:
    """An account in which something happened."""
    PixelFactory(site=channel.site, snapchat=True, pixel_id="0f2e4d6c-8b0a-4c2e-9d4f-6a8b0c2e4d6f")
    for conversion in ConversionFactory.create_batch(2, channel=channel, awaiting_value=True):
        SendFactory(conversion=conversion, failed=True)


#: A batch answers 200 and refuses its events one by one; of a filter without required fields, null leaves one out.
ACCEPTS_WRONG_PARTS = ("/api/v1/events/batch", "/api/v1/sends/retry")


def left_out(path: str) -> list[Any]:
    """Checks that ask of the document what it cannot say.

    Whether a right-looking request is accepted depends on rules between fields, and on what exists.
    """
    from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

    return [positive_data_acceptance, *([negative_data_rejection] if path in ACCEPTS_WRONG_PARTS else [])]


@pytest.mark.promise("S13")
@pytest.mark.parametrize(("verb", "path"), list(operations()))
def test_answers_are_as_documented(document: Any, busy: None, api_key_token: str, verb: str, path: str) -> None:
    from schemathesis import GenerationMode

    operation = document[path][verb]

    @effort(EXAMPLES)
    @given(case=operation.as_strategy(GenerationMode.POSITIVE) | operation.as_strategy(GenerationMode.NEGATIVE))
    def ask(case: Any) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {api_key_token}"}, excluded_checks=left_out(path))

    ask()


@pytest.mark.promise("S13")
def test_chains_of_requests_are_as_documented(document: Any, busy: None, api_key_token: str) -> None:
    """What one answer names, the next request asks for, changes or deletes."""

    headers = {"Authorization": f"Bearer {api_key_token}"}

    class Chain(document.as_state_machine()):  # type: ignore[misc]
        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"headers": headers}

        def validate_response(self, response: Any, case: Any, **_: Any) -> None:
            case.validate_response(
                response, headers=headers, excluded_checks=left_out(case.operation.path), recorder=self.recorder
            )

    Chain.run(settings=effort(CHAINS))
