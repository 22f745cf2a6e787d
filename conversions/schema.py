"""What the OpenAPI document says of events and conversions: summaries, parameters, examples."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

from adtarget.api.schema import CLIENT, IDEMPOTENCY, PERSON
from dispatch.schema import SEND

_PURCHASE = {
    "eventType": "Purchase",
    "value": 49.9,
    "currency": "USD",
    "orderId": "A-17",
    "pii": {"email": "ada@example.com"},
}
_COLD = {
    "telegramUserId": 123456789,
    "websiteId": "atid_01k9z3b7q2m4n6p8r0s2t4v6w8",
    "channelId": "-1001234567890",
    **_PURCHASE,
    "fbc": "fb.1.1791990000123.IwAR0aBc-_",
    "fbp": "fb.1.1791990000000.1116446470",
    "clientIp": "203.0.113.9",
    "userAgent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)",
    "eventSourceUrl": "https://acme.example/join",
}
_WITHOUT_CURRENCY = {"telegramUserId": 987654321, "eventType": "Purchase", "value": 49.9}
CREATED = {
    "conversionId": "cnv_01k9z3c1d2e3f4g5h6j7k8m9n0",
    "capiStatus": "pending",
    "coldLead": True,
    "dispatched": True,
    "siteId": "site_01k9z3b7q2m4n6p8r0s2t4v6w8",
    "channelId": "chn_01k9z3b7q2m4n6p8r0s2t4v6w8",
    "eventId": "cnv_01k9z3c1d2e3f4g5h6j7k8m9n0",
    "sends": [{"sendId": "snd_01k9z3c1d2e3f4g5h6j7k8m9n1", "platform": "meta"}],
}
_VALIDATED = {
    "valid": True,
    "siteId": "site_01k9z3b7q2m4n6p8r0s2t4v6w8",
    "channelId": "chn_01k9z3b7q2m4n6p8r0s2t4v6w8",
    "coldLead": True,
    "wouldDispatch": True,
    "platforms": [
        {
            "platform": "meta",
            "pixelId": "1234567890",
            "wouldSend": True,
            "payload": {"event_name": "Purchase", "event_id": "cnv_01k9z3c1d2e3f4g5h6j7k8m9n0"},
            "matchKeys": ["email", "fbc", "clientIpAndUserAgent"],
            "missingKeys": ["phone", "externalId", "fbp", "names"],
            "matchQuality": 5.5,
        }
    ],
}
CONVERSION = {
    "conversionId": "cnv_01k9z3c1d2e3f4g5h6j7k8m9n0",
    "eventId": "cnv_01k9z3c1d2e3f4g5h6j7k8m9n0",
    "telegramUserId": 123456789,
    "siteId": "site_01k9z3b7q2m4n6p8r0s2t4v6w8",
    "channelId": "chn_01k9z3b7q2m4n6p8r0s2t4v6w8",
    "eventType": "Purchase",
    "capiStatus": "sent",
    "source": "api",
    "coldLead": False,
    "awaitingManualInput": False,
    "attributedAt": 1792000000000,
    "eventTime": 1792000000000,
    "eventValue": 49.9,
    "eventCurrency": "USD",
    "orderId": "A-17",
    "sends": [SEND],
}
CREATE_CONVERSION: dict[str, Any] = {
    "operation_id": "createConversion",
    "summary": "Record a business event and send it to every ad platform",
    "description": (
        "Kept before it is answered. `dispatched` says that sends are scheduled, not that a platform took them: "
        "GET /api/v1/conversions/{conversionId} tells."
    ),
    "tags": ["Events"],
    "parameters": [IDEMPOTENCY, *CLIENT],
    "examples": [
        OpenApiExample("A purchase of a cold lead", value=_COLD, request_only=True),
        OpenApiExample("Scheduled", value=CREATED, response_only=True),
    ],
}
CREATE_BATCH: dict[str, Any] = {
    "operation_id": "createConversions",
    "summary": "Record up to 500 business events at once",
    "description": (
        "Each event is taken or refused as POST /events/conversion would, by itself and in order: the second of two "
        "equal ones is its duplicate. The answer is 200 with a result for each, also where some are refused. At most "
        "2 MiB. A batch counts as one request, and its events against a limit of their own; over it, nothing is done. "
        "The X-Adtarget-Client headers, which name one person, are not read."
    ),
    "tags": ["Events"],
    "parameters": [IDEMPOTENCY],
    "examples": [
        OpenApiExample(
            "Two events",
            value={"events": [{**_COLD, "idempotencyKey": "A-17"}, _WITHOUT_CURRENCY]},
            request_only=True,
        ),
        OpenApiExample(
            "One was taken, one refused",
            value={
                "accepted": 1,
                "failed": 1,
                "results": [
                    {"index": 0, "status": 200, **CREATED},
                    {
                        "index": 1,
                        "status": 400,
                        "error": {
                            "code": "INVALID_PAYLOAD",
                            "message": "currency is required for Purchase.",
                            "details": [{"field": "currency", "message": "currency is required for Purchase."}],
                            "docUrl": "/api/docs/errors#INVALID_PAYLOAD",
                        },
                    },
                ],
            },
            response_only=True,
        ),
    ],
}
VALIDATE_EVENT: dict[str, Any] = {
    "operation_id": "validateEvent",
    "summary": "What would become of an event, per platform, without recording it",
    "description": "Takes the body of POST /events/conversion and changes nothing. Answers which site and channel it "
    "means, whether it is a duplicate, and for each pixel the exact payload or the reason why there is none. What the "
    "real call refuses is refused alike.",
    "tags": ["Events"],
    "parameters": CLIENT,
    "examples": [
        OpenApiExample("A purchase of a cold lead", value=_COLD, request_only=True),
        OpenApiExample("It would be sent", value=_VALIDATED, response_only=True),
    ],
}
CREATE_LEAD_EVENT: dict[str, Any] = {
    "operation_id": "createLeadEvent",
    "summary": "Record a further event of a known lead",
    "description": "Site, channel and the visit's signals are found in what is known of the lead; name them to choose.",
    "tags": ["Events"],
    "parameters": [PERSON, IDEMPOTENCY, *CLIENT],
    "examples": [
        OpenApiExample("A purchase of a known lead", value=_PURCHASE, request_only=True),
        OpenApiExample("Scheduled", value={**CREATED, "coldLead": False}, response_only=True),
    ],
}
SUBMIT_VALUE: dict[str, Any] = {
    "operation_id": "submitValue",
    "summary": "Submit the value of a conversion that awaits it",
    "description": "It goes to the platforms then, once. The same value again is answered alike, another is refused.",
    "tags": ["Events"],
    "parameters": [PERSON, IDEMPOTENCY],
    "examples": [
        OpenApiExample("A value", value={"value": 49.9, "currency": "USD"}, request_only=True),
        OpenApiExample("Done", value={"success": True}, response_only=True),
    ],
}
GET_CONVERSION: dict[str, Any] = {
    "operation_id": "getConversion",
    "summary": "A conversion with its sends: where each is, and why",
    "description": "`capiStatus` sums the sends up; each send says where it is and, where it is not sent, why.",
    "tags": ["Events"],
    "examples": [OpenApiExample("Sent to Meta", value=CONVERSION, response_only=True)],
}
LIST_CONVERSIONS: dict[str, Any] = {
    "operation_id": "listConversions",
    "summary": "Find conversions: by order, person, channel, state or time",
    "description": "Newest first. All filters given must match; an unknown filter is refused. `platform`, `sendStatus` "
    "and `reason` speak of one and the same send: `platform=meta&sendStatus=failed` finds what failed at Meta.",
    "tags": ["Events"],
    "examples": [OpenApiExample("One page", value={"conversions": [CONVERSION]}, response_only=True)],
}
