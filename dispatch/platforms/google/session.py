"""`sessionAttributes`: what Google can match a visit by where there is no click id.

Source: Google Ads Help 16194756 (read in 2026-11): base64url of a JSON object, without padding, at most 4,000
characters.
"""

import base64
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from dispatch.platforms.building import present
from dispatch.platforms.facts import LandingVisit, Payload

LONGEST = 4000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: What can be left out where all together are too long, the least helpful first.
_LEAST_HELPFUL = ("landing_page_referrer", "landing_page_user_agent", "landing_page_url")


def session_attributes(visit: LandingVisit) -> str:
    """The attributes encoded, as many as fit."""
    known = {**_campaign(visit.url), **_landing(visit)}
    for name in ("", *_LEAST_HELPFUL):
        known.pop(name, None)
        encoded = _encoded(known)
        if len(encoded) <= LONGEST:
            return encoded
    return ""


def _landing(visit: LandingVisit) -> Payload:
    return present(
        session_start_time_usec=str((visit.at - _EPOCH) // timedelta(microseconds=1)),
        landing_page_url=visit.url,
        landing_page_referrer=visit.referrer,
        landing_page_user_agent=visit.user_agent,
    )


def _campaign(url: str) -> dict[str, str]:
    """The two parameters that Google's own links carry beside the click id."""
    try:
        query = parse_qs(urlsplit(url).query)
    except ValueError:
        return {}
    return {name: query[name][0] for name in ("gad_source", "gad_campaignid") if name in query}


def _encoded(attributes: dict[str, str]) -> str:
    text = json.dumps(attributes, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
