"""How long each page of the dashboard, and each list of the admin, takes at the size of the database.

    DATABASE_URL=… manage.py seed
    DATABASE_URL=… python -m benchmarks.pages [--account Seeded] [--rounds 7] [--only overview]

Calls the pages in this process, with nothing kept from the request before, and
prints the queries and the milliseconds until the first byte; over 100 ms is
marked with `!`, over 300 ms with `!!`. Changes nothing: what it writes, a
session, is rolled back.
"""

import argparse
import logging
import os
import statistics
import time
from collections.abc import Iterator
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "adtarget.settings")
os.environ["REDIS_URL"] = ""  # a cache of its own, which may be emptied
django.setup()
logging.disable(logging.INFO)

from django.contrib.auth import get_user_model  # noqa: E402
from django.core.cache import cache  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from conversions.choices import CapiStatus, EventType  # noqa: E402
from conversions.models import Conversion  # noqa: E402
from dispatch.choices import Reason, SendStatus  # noqa: E402
from dispatch.models import Send  # noqa: E402
from dispatch.platforms.registry import PLATFORMS  # noqa: E402
from leads import sign_in  # noqa: E402
from leads.models import Account  # noqa: E402

GOOD_MS, MOST_MS = 100, 300


def main() -> None:
    options = _options()
    account = Account.objects.get(name=options.account)
    with transaction.atomic():
        client = _signed_in()
        client.get(f"/accounts/{account.pk}/")  # the session notes the account once
        print(f"{'page':58} queries  median ms  worst ms")
        for page in _pages(account):
            if options.only in page:
                _measure(client, page, account=account, rounds=options.rounds)
        transaction.set_rollback(True)


def _pages(account: Account) -> Iterator[str]:
    """Every page that shows events, and those filters that have the most to look through."""
    home = f"/accounts/{account.pk}/"
    conversion = Conversion.objects.of_account(account).latest_first()[50]
    send = Send.objects.filter(pixel__site=conversion.site_id).latest("created_at")
    yield "/"
    for page, queries in _account_pages(conversion, send).items():
        for query in queries:
            yield f"{home}{page}/{query}"
    for model, queries in _admin_lists(conversion, send).items():
        for query in queries:
            yield f"/admin/{model}/{query}"
    yield "/admin/"
    yield f"/admin/conversions/conversion/{conversion.pk}/change/"
    yield f"/admin/dispatch/send/{send.pk}/change/"
    yield f"/admin/dispatch/pixel/{send.pixel_id}/change/"


def _account_pages(conversion: Conversion, send: Send) -> dict[str, list[str]]:
    person, pixel, site = conversion.telegram_user_id, send.pixel_id, conversion.site_id
    today = conversion.attributed_at.date()
    return {
        "overview": [
            *(f"?days={days}" for days in (7, 30, 90)),
            f"?since={today - timedelta(days=365)}&until={today}",
        ],
        "overview/sources": [f"?days={days}" for days in (7, 30, 90)],
        "conversions": [
            *("", "?page=200", "?format=csv", "?source=webhook", f"?channel={conversion.channel_id}"),
            *(f"?status={status}" for status in CapiStatus),
            *(f"?event_type={event_type}" for event_type in EventType),
            *(f"?q={text}" for text in ("nothing", "@nobody", person, conversion.pk)),
            f"?since={today - timedelta(days=60)}&until={today - timedelta(days=59)}",
        ],
        f"conversions/{conversion.pk}": [""],
        "delivery": [
            *("", "?page=200", f"?pixel={pixel}", f"?pixel={pixel}&status=failed"),
            *(f"?status={status}" for status in SendStatus),
            *(f"?platform={platform}" for platform in PLATFORMS),
            *(f"?reason={reason}" for reason in (Reason.REJECTED, Reason.EXHAUSTED, Reason.POISON)),
            *(f"?q={text}" for text in ("nothing", person, send.pk)),
            f"?since={today - timedelta(days=60)}&until={today - timedelta(days=59)}",
        ],
        "delivery/quality": [""],
        f"delivery/{send.pk}": [""],
        "leads": ["", "?page=200", *(f"?q={text}" for text in ("nothing", "@nobody", person, conversion.pk))],
        f"leads/{conversion.lead_id}": [""],
        "channels": ["", "?days=90", "?state=all&q=a"],
        f"channels/{conversion.channel_id}": ["", "?days=90", "?days=90&page=200", "?days=90&format=csv"],
        f"channels/{conversion.channel_id}/settings": [""],
        "values": [""],
        **{page: [""] for page in ("values/several", "alerts", "alerts/settings", "people", "set-up", "set-up/keys")},
        **{
            f"set-up/sites/{site}/{step}".rstrip("/"): [""]
            for step in ("", "snippet", "snippet/seen", "bot", "channels", "pixels", "key")
        },
    }


def _admin_lists(conversion: Conversion, send: Send) -> dict[str, list[str]]:
    person = conversion.telegram_user_id
    return {
        "dispatch/send": [
            *("", "?p=3", "?o=1", "?q=nothing", f"?q={person}", "?platform__exact=google", "?reason__exact=poison"),
            *(f"?question={name}" for name in ("stuck", "failed", "token", "uncounted", "slow")),
            *(f"?status__exact={status}" for status in SendStatus),
            f"?pixel__id__exact={send.pixel_id}",
        ],
        "conversions/conversion": [
            *("", "?p=3", "?q=nothing", f"?q={person}", "?awaiting_manual_input__exact=1", "?is_test__exact=1"),
            *(f"?capi={status}" for status in CapiStatus),
            *("?event_type__exact=Purchase", "?source__exact=webhook"),
        ],
        "leads/lead": ["", "?p=3", "?q=nothing", f"?q={person}"],
        "tracker/visit": ["", "?p=3", "?q=nothing", f"?site__id__exact={conversion.site_id}"],
        "tracker/join": ["", "?route__exact=public_channel", f"?q={person}"],
        "tracker/invite": ["", "?state=waiting", "?q=nothing"],
    }


def _signed_in() -> Client:
    client = Client(headers={"host": "localhost"})
    client.force_login(get_user_model().objects.create(username="benchmark", is_staff=True, is_superuser=True))
    session = client.session
    sign_in.note_confirmed(session)
    session.save()
    return client


def _measure(client: Client, page: str, *, account: Account, rounds: int) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        status = client.get(page).status_code
    count = len(queries)  # before the next request forgets them
    times = [_time_to_first_byte(client, page) for _ in range(rounds)]
    median, worst = statistics.median(times), max(times)
    mark = "!!" if median > MOST_MS else "!" if median > GOOD_MS else ""
    said = "" if status in (200, 302) else f"  answered {status}"
    name = page.replace(f"/accounts/{account.pk}/", "").strip()[:58]
    print(f"{name:58} {count:7} {median:10.0f} {worst:9.0f} {mark}{said}", flush=True)


def _time_to_first_byte(client: Client, page: str) -> float:
    cache.clear()
    began = time.perf_counter()
    answer = client.get(page)
    if answer.streaming:
        next(iter(answer.streaming_content))
    return (time.perf_counter() - began) * 1000


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--account", default="Seeded", help="whose pages")
    parser.add_argument("--rounds", type=int, default=7, help="calls of each page")
    parser.add_argument("--only", default="", help="pages whose address holds this")
    return parser.parse_args()


if __name__ == "__main__":
    main()
