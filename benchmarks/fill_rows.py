"""Where each column of benchmarks/fill.py comes from: SQL over one row a lead."""

from collections.abc import Iterator, Mapping

from django.db import models

from conversions.models import Conversion
from dispatch.models import Attempt, Send
from leads.models import Lead
from tracker.models import Invite, Join, TrackingSession, Visit


def _token(moment: str, seed: str) -> str:
    """SQL of an id that sorts by time, as `adtarget.core.ids` makes it: microseconds of a column, then a hash."""
    digits = "0123456789abcdefghjkmnpqrstvwxyz"
    leading = [f"substr('{digits}', (({moment} >> {shift}) & 31)::int + 1, 1)" for shift in range(49, 0, -5)]
    middle = f"substr('{digits[::2]}', ({moment} & 15)::int + 1, 1)"  # four bits of the moment, one of the hash
    return " || ".join([*leading, middle, f"substr(md5('{seed}' || %(run)s || k), 1, 15)"])


#: One row a lead, in the order of time: where, when, and the random parts of ids. `h` is a number drawn for them,
#: `ad` the number of their ad, of which a few bring most of the people; it leads to one channel.
PEOPLE = f"""
CREATE TEMPORARY TABLE people AS
SELECT k, h, ad, p.*, at, at_us, joined_at, bought_at, md5('visitor' || %(run)s || k)::uuid AS temp_id,
       {_token("at_us", "visit")} AS visit_token,
       {_token("joined_us", "join")} AS join_token,
       {_token("bought_us", "buy")} AS buy_token,
       h %% 100 < 75 AS from_ad, h %% 100 BETWEEN 75 AND 86 AS organic
FROM (
    SELECT *, CASE WHEN h %% 100 < 75 THEN ad ELSE h END AS lot, {
    ", ".join(
        f"(extract(epoch FROM {moment}) * 1000000)::bigint AS {moment.removesuffix('_at')}_us"
        for moment in ("at", "joined_at", "bought_at")
    )
}
    FROM (
        SELECT *, joined_at + (h %% 1209600) * (%(now)s - joined_at) / 1209600 / 4 AS bought_at
        FROM (
            SELECT *, h / 1024 %% (1 + k %% %(ads)s) AS ad,
                   at + (h %% 1800) * LEAST(interval '1 second', (%(now)s - at) / 1800) AS joined_at
            FROM (
                SELECT k, abs(hashint8(k * 31 + %(run)s))::bigint AS h,
                       %(began)s + (%(now)s - %(began)s) * (k::float8 / %(leads)s) AS at
                FROM generate_series(1, %(leads)s::bigint) AS k
            ) AS drawn
        ) AS came
    ) AS bought
    OFFSET 0
) AS moments
JOIN places AS p ON p.place = CASE
    WHEN %(others)s = 0 OR k %% 10 < 9 THEN lot %% %(first)s ELSE %(first)s + lot %% GREATEST(%(others)s, 1) END
"""


Table = tuple[type[models.Model], Mapping[str, str], str]


def tables(lead: int, join: int) -> Iterator[Table]:
    """Each table with its columns and where they come from, in the order in which they refer to one another.

    `lead` and `join` are the largest numbers in use.
    """
    of_people = "FROM people WHERE k > %(low)s AND k <= %(high)s"
    yield Lead, _lead(lead), of_people
    yield TrackingSession, SESSION, f"{of_people} AND (from_ad OR h %% 3 = 0)"
    yield Visit, VISIT, f"{of_people} AND (from_ad OR h %% 3 = 0)"
    yield Invite, INVITE, f"{of_people} AND from_ad"
    yield Join, _join(lead, join), f"{of_people} AND (from_ad OR organic)"
    yield Conversion, _joined(lead), of_people
    yield Conversion, _bought(lead), f"{of_people} AND 2 * k <= %(conversions)s"
    yield Send, _send("join_token", "joined_at"), f"{_with_pixels(of_people)} AND NOT organic"
    yield Send, _send("buy_token", "bought_at"), f"{_with_pixels(of_people)} AND 2 * k <= %(conversions)s AND {VALUED}"
    yield Attempt, _attempt("join_token", "joined_at"), f"{_with_pixels(of_people)} AND NOT organic AND {TRIED}"
    yield (
        Attempt,
        _attempt("buy_token", "bought_at"),
        f"{_with_pixels(of_people)} AND 2 * k <= %(conversions)s AND {VALUED} AND {TRIED}",
    )


def _with_pixels(of_people: str) -> str:
    pixels = "CROSS JOIN LATERAL unnest(pixels, platforms) WITH ORDINALITY AS pixel(pixel_id, platform, number)"
    return of_people.replace("FROM people", f"FROM people {pixels}")


#: One value in a hundred has not been entered.
VALUED = "h %% 101 <> 7"
_HASHES = "jsonb_build_object('email', md5(k::text) || md5(h::text), 'email_google', md5(k::text) || md5(h::text))"
_BROWSER = """'{"client_ip": "203.0.113.7", "user_agent": "Mozilla/5.0"}'::jsonb"""
#: What became of a send, by a number of 100 drawn for it.
LUCK = "(h / 64 + CASE WHEN h %% 5 = 0 THEN 0 ELSE number * 37 END) %% 1000"
TRIED = f"{LUCK} >= 34"


def _lead(first: int) -> dict[str, str]:
    return {
        "id": f"{first} + k",
        "site": "site_id",
        "telegram_user_id": f"7000000000 + {first} + k",
        "telegram_username": f"CASE WHEN h %% 5 < 3 THEN 'Person_' || ({first} + k) ELSE '' END",
        "external_user_id": f"CASE WHEN h %% 10 < 3 THEN 'crm-' || ({first} + k) ELSE '' END",
        "first_seen_at": "at",
        "last_seen_at": "CASE WHEN 2 * k <= %(conversions)s THEN bought_at ELSE joined_at END",
    }


SESSION = {
    "id": "'ses_' || visit_token",
    "site": "site_id",
    "temp_id": "temp_id",
    "started_at": "at",
    "last_visit_at": "at",
}
_SOURCE = "(ARRAY['facebook', 'facebook', 'tiktok', 'google', 'snapchat'])[ad %% 5 + 1]"
VISIT = {
    "id": "'vis_' || visit_token",
    "site": "site_id",
    "session": "'ses_' || visit_token",
    "temp_id": "temp_id",
    "visited_at": "at",
    "url": "'https://' || domain || '/vip'",
    "landing_page": "'https://' || domain || '/vip'",
    "client_ip": "'203.0.113.' || h %% 254 + 1",
    "user_agent": "'Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0'",
    "country": "(ARRAY['DE', 'AT', 'ES', 'BR'])[h %% 4 + 1]",
    "fbc": "CASE WHEN ad %% 5 < 2 THEN 'fb.1.' || at_us / 1000 || '.IwAR' || md5(k::text) ELSE '' END",
    "ttclid": "CASE ad %% 5 WHEN 2 THEN 'E.C.P.' || md5(k::text) ELSE '' END",
    "gclid": "CASE ad %% 5 WHEN 3 THEN 'Cj0K' || md5(k::text) ELSE '' END",
    "sccid": "CASE ad %% 5 WHEN 4 THEN md5(k::text) ELSE '' END",
    "utm_source": f"CASE WHEN from_ad THEN {_SOURCE} ELSE '' END",
    "utm_medium": "CASE WHEN from_ad THEN 'paid' ELSE '' END",
    "utm_campaign": "CASE WHEN from_ad THEN 'campaign ' || ad / 20 ELSE '' END",
    "utm_content": "CASE WHEN from_ad THEN 'ad ' || ad ELSE '' END",
}
INVITE = {
    "id": "'inv_' || visit_token",
    "channel": "channel_id",
    "bot": "bot_id",
    "link": "'https://t.me/+' || visit_token",
    "visit": "'vis_' || visit_token",
    "temp_id": "temp_id",
    "created_at": "at",
    "expires_at": "at + interval '7 days'",
    "given_at": "at",
    "clicks": "1",
    "used_at": "joined_at",
    "revoked_at": "joined_at",
}


def _join(first_lead: int, first: int) -> dict[str, str]:
    return {
        "id": f"{first} + k",
        "channel": "channel_id",
        "lead": f"{first_lead} + k",
        "route": "CASE WHEN from_ad THEN 'invite_link' ELSE 'public_channel' END",
        "invite": "CASE WHEN from_ad THEN 'inv_' || visit_token END",
        "visit": "CASE WHEN from_ad THEN 'vis_' || visit_token END",
        "joined_at": "joined_at",
        "last_joined_at": "joined_at",
        "left_at": "CASE WHEN h %% 4 = 0 THEN joined_at + (%(now)s - joined_at) * (h %% 997) / 997 END",
        "counted_at": "joined_at",
    }


def _conversion(first_lead: int, token: str, moment: str) -> dict[str, str]:
    return {
        "id": f"'cnv_' || {token}",
        "account": "account_id",
        "site": "site_id",
        "channel": "channel_id",
        "lead": f"{first_lead} + k",
        "telegram_user_id": f"7000000000 + {first_lead} + k",
        "external_user_id": f"CASE WHEN h %% 10 < 3 THEN 'crm-' || ({first_lead} + k) ELSE '' END",
        "session": "CASE WHEN from_ad THEN 'ses_' || visit_token END",
        "visit": "CASE WHEN from_ad THEN 'vis_' || visit_token END",
        "event_time": moment,
        "attributed_at": moment,
        "api_visit_override": f"CASE WHEN from_ad OR organic THEN '{{}}'::jsonb ELSE {_BROWSER} END",
        "pii": f"CASE WHEN organic THEN '{{}}'::jsonb ELSE {_HASHES} END",
    }


def _joined(first_lead: int) -> dict[str, str]:
    """The event of the first join; of people whom only the shop knows, a registration."""
    return _conversion(first_lead, "join_token", "joined_at") | {
        "source": "CASE WHEN from_ad THEN 'tracker' WHEN organic THEN 'webhook' ELSE 'api' END",
        "event_type": "event_type",
        "is_cold": "NOT (from_ad OR organic)",
    }


def _bought(first_lead: int) -> dict[str, str]:
    return _conversion(first_lead, "buy_token", "bought_at") | {
        "source": "'api'",
        "event_type": "'Purchase'",
        "value": f"CASE WHEN {VALUED} THEN (h %% 400 + 9) * 10000 + 9000 END",
        "currency": f"CASE WHEN {VALUED} THEN currency ELSE '' END",
        "order_id": "'order-' || %(stamp)s || '-' || k",
        "awaiting_manual_input": f"NOT ({VALUED})",
        "is_test": "h %% 200 = 0",
        "api_visit_override": _BROWSER,
        "pii": _HASHES,
    }


def _send(token: str, moment: str) -> dict[str, str]:
    pending = f"({LUCK} BETWEEN 64 AND 73 AND {moment} > %(now)s - interval '2 days')"
    return {
        "id": f"'snd_' || substr({token}, 1, 25) || number",
        "conversion": f"'cnv_' || {token}",
        "pixel": "pixel_id",
        "platform": "platform",
        "status": f"CASE WHEN {LUCK} < 34 THEN 'skipped' WHEN {LUCK} < 64 THEN 'failed' "
        f"WHEN {pending} THEN 'pending' ELSE 'sent' END",
        "reason": f"CASE WHEN {LUCK} < 34 THEN 'missing_identifier' WHEN {LUCK} < 54 THEN 'rejected' "
        f"WHEN {LUCK} < 60 THEN 'expired' WHEN {LUCK} < 64 THEN 'exhausted' ELSE '' END",
        "priority": f"CASE WHEN {pending} THEN 1 ELSE 0 END",
        "due_at": f"CASE WHEN {pending} THEN %(now)s END",
        "attempts": f"CASE WHEN {LUCK} < 34 THEN 0 ELSE 1 END",
        "sent_at": f"CASE WHEN {LUCK} >= 64 AND NOT {pending} THEN {moment} + interval '1 second' END",
        "error_code": f"CASE WHEN {LUCK} BETWEEN 34 AND 53 THEN '100' ELSE '' END",
        "error_message": f"CASE WHEN {LUCK} BETWEEN 34 AND 53 THEN 'Invalid parameter' ELSE '' END",
        "created_at": moment,
    }


def _attempt(token: str, moment: str) -> dict[str, str]:
    return {
        "send": f"'snd_' || substr({token}, 1, 25) || number",
        "number": "1",
        "started_at": f"{moment} + interval '1 second'",
        "duration_ms": "h %% 840 + 60",
        "outcome": f"CASE WHEN {LUCK} < 54 THEN 'rejected' WHEN {LUCK} < 74 THEN 'retry' ELSE 'accepted' END",
        "http_status": f"CASE WHEN {LUCK} < 54 THEN 400 WHEN {LUCK} < 74 THEN 500 ELSE 200 END",
        "code": f"CASE WHEN {LUCK} < 54 THEN '100' WHEN {LUCK} < 74 THEN '2' ELSE '' END",
        "batch_size": "h %% 49 + 1",
        "request": f"jsonb_build_object('event_name', event_type, 'event_id', 'cnv_' || {token})",
    }
