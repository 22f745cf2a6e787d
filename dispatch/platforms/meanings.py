"""What the platforms' codes mean and what to do, in plain words for whoever looks at a send.

The adapters decide by these codes; this table only explains. Sources and
dates: platforms.md, sections 1.6, 2.6, 3.6 and 4.6 (September 2026).
"""

from collections.abc import Mapping

from dispatch.choices import PlatformSlug

NEW_TOKEN = "Enter a new access token at the pixel: its sends wait and then go out."  # noqa: S105
THROTTLED = "The platform takes no more requests for now. Nothing to do: it is tried again by itself."
THEIR_TROUBLE = "Trouble on the platform's side. Nothing to do: it is tried again by itself."

#: By the whole code, else by what stands before its "/".
MEANINGS: Mapping[str, Mapping[str, str]] = {
    PlatformSlug.META: {
        "190": f"The access token is invalid, expired or was withdrawn. {NEW_TOKEN}",
        "190/460": f"The owner of the token changed their password. {NEW_TOKEN}",
        "190/463": f"The access token has expired. {NEW_TOKEN}",
        "102": f"The token's session has ended. {NEW_TOKEN}",
        "10": "The token may not write to this pixel. Give its system user access in Business settings.",
        "200": "The token may not write to this pixel. Give its system user access in Business settings.",
        "100/33": "There is no such pixel, or the token may not see it. Compare the pixel ID with Events Manager.",
        "100/2804001": "Meta found a malformed field. The answer below names it; mend it at its source, then retry.",
        "100/2804003": "Meta takes events of the last seven days only; this one is too old.",
        "100": "Meta found something wrong in the event. The answer below names it; mend it, then retry.",
        "105": "Meta found too many fields in the event. Report this to the developers of AdTarget.",
        "368": "Meta blocked the account for a while by its policies. See Account quality in Business settings.",
        "wrong_count": "Meta took another number of events than were sent, so nobody knows which. Tried again safely.",
        **dict.fromkeys(["4", "17", "32", "341", "613"], THROTTLED),
        **dict.fromkeys(map(str, range(80000, 80015)), THROTTLED),
        **dict.fromkeys(["1", "2", "5000", "21009"], THEIR_TROUBLE),
    },
    PlatformSlug.TIKTOK: {
        "40000": "TikTok found something wrong in the event. The answer below names it; mend it, then retry.",
        "40001": "The token may not use this pixel. Make it again under Events Manager, Settings, Events API.",
        "40002": "TikTok found something wrong in the event. The answer below names it; mend it, then retry.",
        "40007": "TikTok knows no such pixel. Compare the pixel ID with Events Manager.",
        "20001": "TikTok took a part of the batch and does not say which. It counts as sent.",
        **dict.fromkeys(["40016", "40100", "51021"], THROTTLED),
        **dict.fromkeys(
            ["40101", "40102", "40103", "40104", "40105"],
            f"The access token is invalid, expired or was withdrawn. {NEW_TOKEN}",
        ),
        **dict.fromkeys(["50000", "50002"], THEIR_TROUBLE),
    },
    PlatformSlug.SNAPCHAT: {
        "http_401": f"The access token is invalid or expired. {NEW_TOKEN}",
        "http_403": "The token may not write to this pixel. Make one in the Ads Manager that owns it.",
        "http_404": "Snapchat knows no such pixel. Compare the pixel ID with Events Manager.",
        "INVALID": "Snapchat found something wrong in the event. The answer below names it; mend it, then retry.",
    },
    PlatformSlug.GOOGLE: {
        "UNAUTHENTICATED": "Google refused the credentials. Enter new ones at the pixel: its sends wait.",
        "CREDENTIALS_MISSING": "Google refused the credentials. Enter new ones at the pixel: its sends wait.",
        **dict.fromkeys(
            ["PERMISSION_DENIED", "USER_PERMISSION_DENIED"],
            "The credentials have no access to this customer. Grant it in Google Ads, then resume.",
        ),
        "SERVICE_DISABLED": "The Data Manager API is switched off in the Cloud project. Switch it on, then resume.",
        "ACCESS_TOKEN_SCOPE_INSUFFICIENT": "The credentials lack the datamanager scope. Authorise again with it.",
        "NOT_FOUND": "Google knows no such customer or conversion action. Compare both ids with Google Ads.",
        "NOT_ALLOWLISTED": "Google has not allowed this account to upload yet. Ask Google's support.",
        "INVALID_CONVERSION_ACTION_ID": "There is no such conversion action. Mend conversionActions of the pixel.",
        "INVALID_CONVERSION_ACTION_TYPE": "The conversion action must be of the type “Import”. Choose another.",
        "DESTINATION_ACCOUNT_NOT_ENABLED_ENHANCED_CONVERSIONS_FOR_LEADS": (
            "Enhanced conversions for leads are off in this account. Switch them on in Google Ads, then resume."
        ),
        "DESTINATION_ACCOUNT_ENHANCED_CONVERSIONS_TERMS_NOT_SIGNED": (
            "The customer data terms are not signed. Sign them in Google Ads, then resume."
        ),
        "EU_POLITICAL_ADVERTISING_DECLARATION_REQUIRED": (
            "Google wants the declaration on EU political ads first. Give it in Google Ads, then resume."
        ),
        "INVALID_ARGUMENT": "Google found the event wrong. The answer below says what; mend it, then retry.",
        "RESOURCE_EXHAUSTED": THROTTLED,
        **dict.fromkeys(["ABORTED", "UNAVAILABLE", "INTERNAL", "UNKNOWN", "DEADLINE_EXCEEDED"], THEIR_TROUBLE),
    },
}


def meaning(platform: str, code: str) -> str:
    """What the platform's code means and what to do; '' for a code we know nothing of."""
    known = MEANINGS.get(platform, {})
    return known.get(code) or known.get(code.partition("/")[0], "")


#: What Google gives as reasons later, without their prefix (platforms.md, 4.4).
LATER_MEANINGS: Mapping[str, str] = {
    "INVALID_GCLID": "The click id does not decode: see that the page hands it over whole and in its own case.",
    "INVALID_GBRAID": "The click id does not decode: see that the page hands it over whole and in its own case.",
    "INVALID_WBRAID": "The click id does not decode: see that the page hands it over whole and in its own case.",
    "INVALID_CLICK": "Google knows no such click in this account. Compare the customer id with the ad's account.",
    "OPERATING_ACCOUNT_MISMATCH_FOR_AD_IDENTIFIER": (
        "The click belongs to another account. Compare the customer id with the ad's account."
    ),
    "CONVERSION_PRECEDES_CLICK": "The event is older than its click. Compare eventTime with the visit's time.",
    "TOO_RECENT_CLICK": "The click was too young to be known. Later events will count; this one is lost.",
    "EVENT_TOO_OLD": "The click was too long ago for the window of the conversion action.",
    "DUPLICATE_TRANSACTION_ID": "It was counted before, under the same id: nothing is lost.",
    "DUPLICATE_GCLID": "The conversion action counts one event a click, and had one.",
    **dict.fromkeys(
        ["DENIED_CONSENT", "NO_CONSENT", "UNKNOWN_CONSENT"],
        "Without the visitor's consent Google drops it. Set the site's consent to what your banner collects.",
    ),
}


def later_meaning(reason: str) -> str:
    """What a reason given later means; the reason itself where we know nothing of it."""
    return LATER_MEANINGS.get(reason, f"Google's reason: {reason}.")
