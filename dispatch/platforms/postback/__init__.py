"""Outgoing postback: one request an event to an address with macros, for every network that takes postbacks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from adtarget.core.http_messages import HttpAnswer, PreparedRequest
from conversions.choices import EventType
from dispatch.platforms.base import ANY_PIXEL_ID, Platform
from dispatch.platforms.facts import CannotExpress, OutgoingEvent, Payload, PixelConfig
from dispatch.platforms.postback import answers, template, values
from dispatch.platforms.postback.options import OPTIONS
from dispatch.platforms.postback.presets import known_parameters
from dispatch.platforms.reading import Verdict
from dispatch.platforms.words import Icon, ReasonWords, Words

FILTERED, NO_CLICK_ID = "postback_filtered", "missing_click_id"
EXAMPLE_CLICK = "adtarget-test"


class Postback(Platform):
    slug = "postback"
    name = "Postback"
    icon = Icon(letter="P", colour="#37474f")
    words = Words(
        pixel_id="Name",
        where_pixel_id="Yours for it, such as keitaro or crm-2.",
        credential="Secret",
        where_credential="Optional: stands in the address as {secret}.",
        takes_tests="its pixel is kept for tests",
    )
    api_url = ""
    pixel_id_form = ANY_PIXEL_ID
    demo_pixel = {}
    needs_credential = False
    accepted_signals = "a click id in eventSourceUrl, or whatever its filters let through"
    click_ids = ()
    kept_parameters = known_parameters()
    event_names = {kind: kind.value for kind in EventType if kind != EventType.CUSTOM}
    max_age = timedelta(days=90)  # as long as click ids are remembered; the networks decide
    batch_limit = 1
    currencies = None
    requests_per_minute = None
    match_weights = {}  # unknown: a network finds its own click id or nothing
    reasons = {
        FILTERED: ReasonWords(
            label="Left out by the postback's filters",
            meaning="The postback sends other events only.",
            advice="Change its filters if it should be sent, then retry.",
        ),
        NO_CLICK_ID: ReasonWords(
            label="No click id of the network",
            meaning="The visitor brought no click id of this network.",
            advice="Check that the ad's address carries the network's click id, as the postback's page shows.",
        ),
    }
    meanings = answers.MEANINGS
    options = OPTIONS
    credential_kinds = ()
    consents = ()
    exchange = None
    later = None

    def has_signal(self, event: OutgoingEvent) -> bool:
        return True

    def wants(self, event: OutgoingEvent, pixel: PixelConfig) -> bool:
        return not _objection(event, pixel)

    def takes_tests(self, pixel: PixelConfig) -> bool:
        return bool(pixel.options.get("testPixel"))

    def express(self, event: OutgoingEvent, pixel: PixelConfig) -> Payload:
        if reason := _objection(event, pixel):
            raise CannotExpress(reason)
        return dict(values.values_of(event, pixel))

    def request(
        self, pixel: PixelConfig, credential: str, payloads: Sequence[Payload], *, test: bool = False
    ) -> PreparedRequest:
        options, known = pixel.options, payloads[0]
        url = template.filled(template.template_of(options, credential), known, credential)
        return PreparedRequest(
            url=template.at_stand_in(url, pixel.api_url) if pixel.api_url else url,
            method="POST" if options.get("method") == "POST" else "GET",
            headers={},
            body=b"",
            shown_url=template.shown(options, known),
            is_guarded=not pixel.api_url,
        )

    def read(self, answer: HttpAnswer, count: int, pixel: PixelConfig | None = None) -> Sequence[Verdict]:
        success = str(pixel.options.get("success") or "") if pixel else ""
        return [answers.verdict(answer, success)] * count

    def judge(self, answer: HttpAnswer, body: Any, count: int) -> Sequence[Verdict]:
        return [answers.verdict(answer, "")] * count

    def options_problem(self, options: Mapping[str, Any]) -> tuple[str, str] | None:
        return template.problem(options)

    def address_of(self, options: Mapping[str, Any]) -> str:
        return template.filled(template.template_of(options), template.EXAMPLES)

    def parameters_read(self, options: Mapping[str, Any]) -> Sequence[str]:
        return [name for name in values.parameters_read(options) if name.lower() not in self.kept_parameters]

    def secret_among(self, options: Mapping[str, Any]) -> tuple[str, str]:
        preset = template.preset_of(options)
        return ("parameters", preset.secret) if preset and preset.secret else ("", "")

    def example(self, event: OutgoingEvent, pixel: PixelConfig) -> OutgoingEvent:
        """The test event as the filters let it through; no network knows its click id."""
        only = pixel.options.get("only") or []
        name = next(iter(values.click_parameters(pixel.options)))
        return replace(
            event,
            event_type=EventType(only[0]) if only else event.event_type,
            parameters={name.lower(): EXAMPLE_CLICK},
            value=event.value or Decimal(1),
            currency=event.currency or "EUR",
            order_id=event.order_id or event.event_id,
            conversion_id=event.event_id,
        )


def _objection(event: OutgoingEvent, pixel: PixelConfig) -> str:
    """The reason for which the pixel does not send the event; '' where it does."""
    options = pixel.options
    only = options.get("only")
    if only and event.event_type.value not in only and event.custom_name not in only:
        return FILTERED
    if options.get("onlyWithValue") and not values.value_of(event):
        return FILTERED
    needs_click = options.get("onlyWithClickId") or template.preset_of(options)
    return NO_CLICK_ID if needs_click and not values.click_id(event, options) else ""
