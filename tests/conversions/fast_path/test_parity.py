"""The fast path leaves the rows and gives the answers of the plain one, over invented histories of a person."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from conversions.fast_path import answering, recording
from conversions.models import Conversion
from dispatch.models import Send
from leads import api_keys
from leads.choices import KeyMode
from leads.models import Lead, Site
from tests.factories import AccountFactory, ChannelFactory, PixelFactory, SiteFactory, VisitFactory
from tests.fuzz.conftest import unlimited as unlimited
from tests.fuzz.effort import effort

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="the fast path is PostgreSQL's"),
]
START = datetime(2026, 11, 1, 12, tzinfo=UTC)
ID = re.compile(r"\b(?:cnv|snd|site|chn|acc|key|pix|atid|vis|ses)_[0-9a-z]{26}\b")

events = st.fixed_dictionaries(
    {"eventType": st.sampled_from(["Lead", "Lead", "Subscribe", "Purchase", "Custom"])},
    optional={
        "orderId": st.sampled_from(["1", "2"]),
        "externalUserId": st.sampled_from(["u1", "U2 "]),
        "contentName": st.just("VIP \u2028 ä"),
        "value": st.sampled_from([49.9, 0.3, 10**9]),
        "pii": st.sampled_from(
            [{"email": "Ada@Example.com"}, {"phone": "030 901820"}, {"firstName": "Ada", "phone": "x"}]
        ),
        "fbc": st.sampled_from(["fb.1.1791990000123.IwAR0aBc", "no fbc"]),
        "gclid": st.just("Cj0KCQ"),
        "gbraid": st.just("0AAA"),
        "wbraid": st.just("CjA"),
        "clientIp": st.sampled_from(["203.0.113.9", "10.0.0.1"]),
        "userAgent": st.just("Mozilla/5.0"),
        "eventSourceUrl": st.sampled_from(
            ["https://acme.example/a?fbclid=IwAR1&utm_source=x&email=a@b.de", "https://acme.example/?gclid=G"]
        ),
        "eventTime": st.just(int(START.timestamp() * 1000) - 5000),
        "consent": st.sampled_from([None, None, None, {"ads": False}]),
    },
)
steps = st.tuples(
    events, st.integers(0, 1), st.sampled_from([1, 700, 90_000, 700_000]), st.sampled_from([False, False, False, True])
)


class Side:
    """An account with two channels, three pixels and two keys; the same on both sides."""

    def __init__(self) -> None:
        account = AccountFactory()
        self.site: Site = SiteFactory(account=account, domain="acme.example", default_phone_region="DE")
        self.channels = [ChannelFactory(site=self.site, telegram_channel_id=-100 - n) for n in range(2)]
        for number, platform in enumerate(("meta", "google", "tiktok")):
            PixelFactory(site=self.site, platform=platform, pixel_id=f"1{number}", created_at=START)
        self.visit = VisitFactory(session__site=self.site, fbc="fb.1.1791990000000.Visit", visited_at=START)
        self.tokens = [
            api_keys.create_key(account=account, site=None, name="k", mode=mode)[1]
            for mode in (KeyMode.LIVE, KeyMode.TEST)
        ]

    def ask(self, person: int, step: Any) -> tuple[int, str]:
        event, channel, _, is_test = step
        body = {"telegramUserId": person, "siteId": self.site.pk, "channelId": self.channels[channel].pk, **event}
        if "value" in body or event["eventType"] == "Purchase":
            body |= {"value": body.get("value", 5), "currency": "usd"}
        body |= {"customEventName": "Quiz"} if event["eventType"] == "Custom" else {}
        answer = Client().post(
            "/api/v1/events/conversion",
            json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.tokens[is_test]}"},
        )
        return answer.status_code, answer.content.decode()

    def rows(self, person: int) -> str:
        """Everything that is stored of the person, ids numbered in order of appearance."""
        of_person = {"telegram_user_id": person}
        leads = Lead.objects.filter(site=self.site, **of_person).order_by("pk").values()
        conversions = Conversion.objects.filter(site=self.site, **of_person).order_by("attributed_at", "pk").values()
        sends = Send.objects.filter(conversion__site=self.site, conversion__telegram_user_id=person)
        found = [*leads, *conversions, *sends.order_by("conversion__attributed_at", "platform", "pk").values()]
        return "\n".join(str({**row, "lead_id": None, "id": row["id"] if row.get("platform") else ""}) for row in found)


def numbered(text: str, names: dict[str, str]) -> str:
    return ID.sub(lambda hit: names.setdefault(hit[0], f"{hit[0][:3]}{len(names)}"), text)


@pytest.fixture
def sides(unlimited: None) -> tuple[Side, Side]:
    return Side(), Side()


@given(history=st.lists(steps, min_size=2, max_size=5), has_visit=st.booleans(), number=st.integers(1, 2**40))
@effort(20)
def test_both_paths_leave_the_same(sides: Any, history: Any, has_visit: bool, number: int) -> None:
    told = []
    for side, is_fast in zip(sides, (True, False), strict=True):
        person = number
        while Lead.objects.filter(site=side.site, telegram_user_id=person).exists():
            person += 1
        told.append(_tell(side, person, history, is_fast=is_fast, has_visit=has_visit))
    assert told[0] == told[1]


def _tell(side: Side, person: int, history: Any, *, is_fast: bool, has_visit: bool) -> str:
    names: dict[str, str] = {}
    now = START
    answers = []
    with pytest.MonkeyPatch.context() as patched:
        if not is_fast:
            patched.setattr(answering, "_suits", lambda request: False)
        for number, step in enumerate(history):
            now += timedelta(seconds=step[2])
            patched.setattr(timezone, "now", lambda moment=now: moment)
            answers.append(side.ask(person, step))
            if has_visit and not number:  # as a join leaves it
                Conversion.objects.filter(site=side.site, telegram_user_id=person).update(visit=side.visit)
    return numbered(f"{answers}\n{side.rows(person)}", names)


@given(history=st.lists(steps, min_size=3, max_size=3))
@effort(4)
def test_the_fast_path_is_what_was_compared(sides: Any, history: Any) -> None:
    side, taken = sides[0], []
    plain = [{**step[0], "consent": None} for step in history]
    with pytest.MonkeyPatch.context() as patched:
        for name in ("write_first", "write_next"):
            original = getattr(recording.writing, name)
            patched.setattr(
                recording.writing, name, lambda *a, _of=original, **k: taken.append(_of(*a, **k)) or taken[-1]
            )
        person = 2**41 + Lead.objects.count()
        for number, event in enumerate(plain):
            side.ask(person, ({**event, "orderId": str(number)}, 0, 0, False))
    assert taken == [True] * 3
