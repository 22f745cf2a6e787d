"""Requests of the tracker's three endpoints.

Only the site, the page and the visitor must be right. An optional field that
is wrong is left out here, one that is too long later: the visit is worth more.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any

from rest_framework import serializers
from rest_framework.fields import SkipField, empty

from adtarget.api import parsing
from adtarget.api.fields import Address, ConsentField, Text, WebUrl
from dispatch.platforms import registry
from dispatch.platforms.base import ClickId
from tracker.page_view import read_uuid


class VisitorId(Text):
    """A UUID in its usual writing; '' means absent where the field is optional."""

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        if not text:
            return None
        if (visitor := read_uuid(text)) is None:
            raise serializers.ValidationError("This field must be a UUID.")
        return visitor


class Forgiving(serializers.Field):
    """A field whose wrong value counts as absent."""

    def run_validation(self, data: Any = empty) -> Any:
        try:
            return super().run_validation(data)
        except serializers.ValidationError:
            raise SkipField from None


class OptionalText(Forgiving, Text):
    pass


class OptionalAddress(Forgiving, Address):
    pass


class OptionalBoolean(Forgiving, serializers.BooleanField):
    pass


def _optional(source: str | None = None) -> OptionalText:
    return OptionalText(required=False, source=source)


class Consent(Forgiving, ConsentField):
    pass


def _with_ids(fields: dict[str, Any], ids: Iterable[ClickId]) -> dict[str, Any]:
    """The fields and an optional one for each id that is not among them."""
    return {known.api_name: _optional_id(known) for known in ids} | fields


def _optional_id(known: ClickId) -> OptionalText:
    return _optional(known.field if known.field != known.api_name else None)


class ClickIds(serializers.Serializer):
    """The ids a request may carry besides those in its address."""

    fbc = _optional()
    fbp = _optional()
    gclid = _optional()
    gbraid = _optional()
    wbraid = _optional()
    ttclid = _optional()
    ttp = _optional()
    sccid = _optional()
    scCookie1 = _optional("sc_cookie1")

    def get_fields(self) -> dict[str, Any]:
        """And those of platforms that were added later."""
        return _with_ids(super().get_fields(), registry.click_ids())


class InitRequest(ClickIds):
    """A page view. A wrong optional field is left out."""

    websiteId = Text(source="website_id")
    href = WebUrl()
    tempId = VisitorId(required=False, source="temp_id")
    clientSessionId = _optional("client_session_id")
    externalUserId = _optional("external_user_id")
    landingPage = _optional("landing_page")
    referrer = _optional()
    utmSource = _optional("utm_source")
    utmMedium = _optional("utm_medium")
    utmCampaign = _optional("utm_campaign")
    utmContent = _optional("utm_content")
    utmTerm = _optional("utm_term")
    country = _optional()
    city = _optional()
    region = _optional()
    clientIp = OptionalAddress(required=False, source="client_ip")
    userAgent = _optional("user_agent")
    links = OptionalBoolean(required=False)
    consent = Consent(required=False)


class UpdateRequest(serializers.Serializer):
    """Browser ids of a visitor who is known already."""

    websiteId = Text(source="website_id")
    tempId = VisitorId(source="temp_id")
    fbp = _optional()
    fbc = _optional()
    ttp = _optional()
    scCookie1 = _optional("sc_cookie1")
    consent = Consent(required=False)

    def get_fields(self) -> dict[str, Any]:
        return _with_ids(super().get_fields(), (known for known in registry.click_ids() if known.cookie))


class InviteRequest(ClickIds):
    """The query of the invite: who taps, for which channel, with which click ids."""

    websiteId = Text(source="website_id")
    tempId = VisitorId(source="temp_id")
    clientSessionId = _optional("client_session_id")
    channelId = _optional("channel_id")
    externalUserId = _optional("external_user_id")


# ------------------------------------------------------------------ reading
def read_fields(serializer_class: type[serializers.Serializer], data: dict[str, Any]) -> dict[str, Any]:
    """The validated fields of `data`. Raises InvalidPayload naming each wrong field.

    As the serializer has them, which is not asked about plain texts: a visit has twenty, and DRF takes its time.
    """
    texts, others = _fields_of(serializer_class)
    found = {texts[name]: value for name, value in data.items() if name in texts and isinstance(value, str)}
    try:
        for name, field in others.items():
            if (value := data.get(name)) is not None:
                found[field.source] = _checked(field, value)
            elif field.required:
                return parsing.validate(serializer_class, data)
    except serializers.ValidationError:
        return parsing.validate(serializer_class, data)
    return {name: value for name, value in found.items() if value is not SKIPPED}


#: Stands for a wrong value of a field that forgives it.
SKIPPED = object()


def _checked(field: Any, value: Any) -> Any:
    """The field's value; its validators look for NUL and half characters, which no request has that came so far."""
    try:
        if isinstance(field, Text) and value != "":
            return field.to_internal_value(value)
        return field.run_validation(value)
    except SkipField:
        return SKIPPED


@cache
def _fields_of(serializer_class: type[serializers.Serializer]) -> tuple[dict[str, str], dict[str, Any]]:
    """Optional texts by their names in the request, with ours; and the other fields."""
    fields = serializer_class().fields
    texts = {name: str(field.source) for name, field in fields.items() if type(field) is OptionalText}
    return texts, {name: field for name, field in fields.items() if name not in texts}
