"""What the OpenAPI document says of leads and channels: summaries, parameters, examples."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from adtarget.api.schema import PERSON, SITE
from conversions.schema import CONVERSION

_CONVERSION_OF_A_LEAD = (
    "conversionId eventId channelId eventType capiStatus attributedAt eventTime eventValue eventCurrency source".split()
)
LEAD = {
    "telegramUserId": 123456789,
    "siteId": "site_01k9z3b7q2m4n6p8r0s2t4v6w8",
    "firstSeenAt": 1791990000000,
    "lastSeenAt": 1792000000000,
    "externalUserId": "customer-7",
    "conversions": [{name: value for name, value in CONVERSION.items() if name in _CONVERSION_OF_A_LEAD}],
}
CHANNELS = {
    "channels": [
        {
            "siteId": "site_01k9z3b7q2m4n6p8r0s2t4v6w8",
            "siteDomain": "acme.example",
            "channelId": "chn_01k9z3b7q2m4n6p8r0s2t4v6w8",
            "telegramChannelId": "-1001234567890",
            "title": "VIP",
            "funnelOrder": 0,
            "eventType": "Lead",
        }
    ]
}
GET_LEAD: dict[str, Any] = {
    "operation_id": "getLead",
    "summary": "Everything known about a lead",
    "description": "The latest conversions first. With several sites the one where the lead was seen last answers.",
    "examples": [OpenApiExample("Somebody who bought", value=LEAD, response_only=True)],
    "tags": ["Leads"],
    "parameters": [
        PERSON,
        *SITE,
        OpenApiParameter("limit", int, description="1 to 100 conversions."),
        OpenApiParameter("before", str, description="Only conversions before this conversionId or time in ms."),
    ],
}
ERASE_LEAD: dict[str, Any] = {
    "operation_id": "eraseLead",
    "summary": "Erase a person from the account, for good",
    "description": "Hashes, addresses, click ids and what was sent are deleted; events stay in the figures without the "
    "person. Open sends end as `skipped`, reason `erased`. Events of the person are answered 410 until they join a "
    "channel again.",
    "tags": ["Leads"],
    "parameters": [PERSON],
}
LIST_CHANNELS: dict[str, Any] = {
    "operation_id": "listChannels",
    "summary": "The active channels of the account, or of one site",
    "description": "`channelId` or `telegramChannelId` names a channel in events.",
    "examples": [OpenApiExample("One channel", value=CHANNELS, response_only=True)],
    "tags": ["Channels"],
    "parameters": SITE,
}
LIST_SITES: dict[str, Any] = {
    "operation_id": "listSites",
    "summary": "The sites of the account, or the key's own",
    "description": "`siteId` or `websiteId` names a site in events; `websiteId` also stands in the page's snippet.",
    "tags": ["Account"],
    "examples": [
        OpenApiExample(
            "One site",
            value={
                "sites": [
                    {
                        "siteId": "site_01k9z3b7q2m4n6p8r0s2t4v6w8",
                        "websiteId": "atid_01k9z3b7q2m4n6p8r0s2t4v6w8",
                        "domain": "acme.example",
                        "name": "Acme",
                        "paused": False,
                    }
                ]
            },
            response_only=True,
        )
    ],
}
GET_ME: dict[str, Any] = {
    "operation_id": "getMe",
    "summary": "The key itself: account, site, mode and limits",
    "description": "A quick way to check a key. `mode` is `live` or `test`.",
    "tags": ["Account"],
    "examples": [
        OpenApiExample(
            "A live key of the whole account",
            value={
                "accountId": "acc_01k9z3b7q2m4n6p8r0s2t4v6w8",
                "accountName": "Acme",
                "keyName": "backend",
                "prefix": "k7m2q9x4",
                "mode": "live",
                "rateLimit": {"perMinute": 300, "burst": 50},
            },
            response_only=True,
        )
    ],
}
