"""The field names of `events:ingest` (v1): what Google's JSON parser knows, and nothing else."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Known = Mapping[str, Any]

REQUIRED = "REQUIRED_FIELD_MISSING"
LEAF: Known = {}
ANYTHING = None  # parts of the API that we never use
ACCOUNT: Known = {"accountType": LEAF, "accountId": LEAF, "product": LEAF}
CONSENT: Known = {"adUserData": LEAF, "adPersonalization": LEAF}
DEVICE: Known = {"userAgent": LEAF, "ipAddress": LEAF, "languageCode": LEAF, "screenWidth": LEAF, "screenHeight": LEAF}
DESTINATION: Known = {
    "reference": LEAF,
    "operatingAccount": ACCOUNT,
    "loginAccount": ACCOUNT,
    "linkedAccount": ACCOUNT,
    "productDestinationId": LEAF,
}
IDENTIFIER: Known = {
    "emailAddress": LEAF,
    "phoneNumber": LEAF,
    "address": {"givenName": LEAF, "familyName": LEAF, "regionCode": LEAF, "postalCode": LEAF},
}
EVENT: Known = {
    "destinationReferences": LEAF,
    "eventTimestamp": LEAF,
    "lastUpdatedTimestamp": LEAF,
    "transactionId": LEAF,
    "eventSource": LEAF,
    "eventName": LEAF,
    "conversionValue": LEAF,
    "conversionCount": LEAF,
    "currency": LEAF,
    "consent": CONSENT,
    "adIdentifiers": {
        "gclid": LEAF,
        "gbraid": LEAF,
        "wbraid": LEAF,
        "sessionAttributes": LEAF,
        "landingPageDeviceInfo": DEVICE,
    },
    "userData": {"userIdentifiers": IDENTIFIER},
    "eventDeviceInfo": DEVICE,
    "cartData": ANYTHING,
    "customVariables": ANYTHING,
    "experimentalFields": ANYTHING,
    "userProperties": ANYTHING,
    "additionalEventParameters": ANYTHING,
    "clientId": LEAF,
    "userId": LEAF,
}
REQUEST: Known = {
    "destinations": DESTINATION,
    "events": EVENT,
    "consent": CONSENT,
    "validateOnly": LEAF,
    "encoding": LEAF,
    "encryptionInfo": ANYTHING,
}


def unknown_fields(document: Any, known: Known | None = REQUEST, place: str = "") -> Iterator[tuple[str, str]]:
    """Where each unknown name stands, and the name."""
    if known is None:
        return
    if isinstance(document, list):
        for index, one in enumerate(document):
            yield from unknown_fields(one, known, f"{place}[{index}]")
    elif isinstance(document, dict):
        for name, value in document.items():
            if name in known:
                yield from unknown_fields(value, known[name], f"{place}.{snake(name)}" if place else snake(name))
            else:
                yield place, name


def camel(document: Any) -> Any:
    """The document with camelCase keys throughout."""
    if isinstance(document, dict):
        return {re.sub(r"_([a-z0-9])", lambda hit: hit[1].upper(), name): camel(one) for name, one in document.items()}
    return [camel(one) for one in document] if isinstance(document, list) else document


def snake(name: str) -> str:
    return re.sub(r"[A-Z]", lambda hit: f"_{hit[0].lower()}", name)
