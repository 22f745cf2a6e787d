"""What the OpenAPI document says of the tracker's endpoints: summaries, answers, examples."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from adtarget.api.fields import AnswerSerializer, SuccessAnswer
from tracker.choices import FallbackReason
from tracker.serializers import InitRequest, InviteRequest, UpdateRequest

_TEMP_ID = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
_VISIT = {
    "visitId": "vst_01k9z3b7q2m4n6p8r0s2t4v6w8",
    "sessionId": "ses_01k9z3b7q2m4n6p8r0s2t4v6w8",
    "tempId": _TEMP_ID,
    "clientSessionId": "ses_01k9z3b7q2m4n6p8r0s2t4v6w8",
    "cookies": {
        "tempId": {"name": "adtarget_temp_id", "value": _TEMP_ID, "maxAge": 31536000, "sameSite": "Lax"},
        "session": {
            "name": "adtarget_session_id",
            "value": "ses_01k9z3b7q2m4n6p8r0s2t4v6w8",
            "maxAge": 1800,
            "sameSite": "Lax",
        },
    },
}


class CookieAnswer(serializers.Serializer):
    """A cookie for the page to set under its own domain."""

    name = serializers.CharField()
    value = serializers.CharField()
    maxAge = serializers.IntegerField()
    sameSite = serializers.CharField()


class CookiesAnswer(serializers.Serializer):
    """The two cookies that recognise a visitor and a session."""

    tempId = CookieAnswer()
    session = CookieAnswer()


class VisitAnswer(AnswerSerializer):
    """The visit that was kept."""

    visitId = serializers.CharField()
    sessionId = serializers.CharField()
    tempId = serializers.UUIDField()
    clientSessionId = serializers.CharField()
    cookies = CookiesAnswer()
    links = serializers.DictField(child=serializers.CharField(), allow_null=True)


class InviteAnswer(AnswerSerializer):
    """The link that the visitor may join by."""

    inviteLink = serializers.URLField()
    channelId = serializers.CharField()
    visitId = serializers.CharField()
    unattributable = serializers.ChoiceField(choices=FallbackReason.choices, allow_null=True)


INIT: dict[str, Any] = {
    "operation_id": "startVisit",
    "summary": "Keep a page view with its click ids",
    "description": "Called by track.js, or by a first-party proxy. Needs no key; the page's origin must be one of the "
    "site's domains. A wrong optional field is left out, and the visit is kept.",
    "tags": ["Tracker"],
    "auth": [],
    "request": InitRequest,
    "responses": {200: VisitAnswer},
    "examples": [
        OpenApiExample(
            "A page view from an ad",
            value={
                "websiteId": "atid_01k9z3b7q2m4n6p8r0s2t4v6w8",
                "href": "https://acme.example/join?fbclid=IwAR0aBc",
                "referrer": "https://www.facebook.com/",
            },
            request_only=True,
        ),
        OpenApiExample("Kept", value=_VISIT, response_only=True),
    ],
}
UPDATE: dict[str, Any] = {
    "operation_id": "updateVisit",
    "summary": "Add browser ids that the platforms' scripts made late",
    "description": "Called by track.js when `_fbp` and its like appear after the page view. `success` is false where "
    "the visitor is not known.",
    "tags": ["Tracker"],
    "auth": [],
    "request": UpdateRequest,
    "responses": {200: SuccessAnswer},
    "examples": [
        OpenApiExample(
            "A browser id of Meta",
            value={
                "websiteId": "atid_01k9z3b7q2m4n6p8r0s2t4v6w8",
                "tempId": _TEMP_ID,
                "fbp": "fb.1.1791990000000.1116446470",
            },
            request_only=True,
        ),
        OpenApiExample("Known", value={"success": True}, response_only=True),
    ],
}
INVITE: dict[str, Any] = {
    "operation_id": "getInvite",
    "summary": "Send a visitor to the channel by a link of their own",
    "description": "Redirects to Telegram, or answers JSON with `format=json` or `Accept: application/json`. "
    "`unattributable` says why a join by this link will not lead back to the click.",
    "tags": ["Tracker"],
    "auth": [],
    "parameters": [
        InviteRequest,
        OpenApiParameter("format", str, enum=["json"], description="`json` answers JSON instead of redirecting."),
    ],
    "responses": {
        200: InviteAnswer,
        302: OpenApiResponse(description="To the invite link at Telegram."),
    },
    "examples": [
        OpenApiExample(
            "A link of the visitor's own",
            value={
                "inviteLink": "https://t.me/+AbCdEfGhIjKlMnOp",
                "channelId": "chn_01k9z3b7q2m4n6p8r0s2t4v6w8",
                "visitId": "vst_01k9z3b7q2m4n6p8r0s2t4v6w8",
            },
            response_only=True,
        )
    ],
}
