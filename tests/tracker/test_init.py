"""POST /backend/track/init: what a page view keeps, and who may send one."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import time_machine
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import VisitFactory
from tests.tracker.conftest import IPHONE, VISITOR, Browser
from tracker import visit_budget, visits
from tracker.models import TrackingSession, Visit

pytestmark = pytest.mark.django_db
INIT = "/backend/track/init"
FBCLID = "IwAR0aBc-_dEf"


def test_a_visit_is_answered_with_its_ids_and_cookies(browser) -> None:
    answer = browser.init()
    visit = Visit.objects.get()
    assert answer.json() == {
        "visitId": visit.pk,
        "sessionId": visit.session_id,
        "tempId": VISITOR,
        "clientSessionId": visit.session_id,
        "cookies": {
            "tempId": {"name": "adtarget_temp_id", "value": VISITOR, "maxAge": 31536000, "sameSite": "Lax"},
            "session": {"name": "adtarget_session_id", "value": visit.session_id, "maxAge": 1800, "sameSite": "Lax"},
        },
    }
    for cookie in answer.json()["cookies"].values():
        set_cookie = answer.cookies[cookie["name"]]
        assert (set_cookie.value, set_cookie["max-age"]) == (cookie["value"], cookie["maxAge"])
        assert (set_cookie["samesite"], set_cookie["path"], set_cookie["httponly"]) == ("Lax", "/", "")


def test_every_field_is_kept(browser) -> None:
    told = {
        "clientSessionId": "mine",
        "externalUserId": "u-7",
        "landingPage": "https://acme.example/first",
        "referrer": "https://l.facebook.com/",
        "fbc": "fb.1.1700000000000.AbC",
        "fbp": "fb.1.1700000000000.123",
        "gclid": "G",
        "gbraid": "GB",
        "wbraid": "WB",
        "ttclid": "E.C.P.x",
        "ttp": "ttp",
        "sccid": "S",
        "scCookie1": "scid",
        "utmSource": "fb",
        "utmMedium": "cpc",
        "utmCampaign": "spring",
        "utmContent": "video",
        "utmTerm": "word",
        "country": "DE",
        "city": "Köln",
        "region": "NW",
        "clientIp": "2001:db8::1",
        "userAgent": "Told/1.0",
    }
    visit = browser.visit("join", **told)
    columns = {"scCookie1": "sc_cookie1", "landingPage": "landing_page", "clientIp": "client_ip"}
    columns |= {"externalUserId": "external_user_id", "userAgent": "user_agent"}
    columns |= {name: f"utm_{name[3:].lower()}" for name in told if name.startswith("utm")}
    session_id = told.pop("clientSessionId")
    assert {name: getattr(visit, columns.get(name, name)) for name in told} == told
    assert (visit.url, visit.session.client_session_id) == ("https://acme.example/join", session_id)


def test_click_ids_and_utms_are_read_from_the_address(browser) -> None:
    visit = browser.visit(f"?fbclid={FBCLID}&gclid=Cj0&ttclid=E.C&ScCid=Sn&utm_source=fb&utm_campaign=Spring+Sale")
    assert visit.fbc.startswith("fb.1.")
    assert visit.fbc.endswith(f".{FBCLID}")
    assert (visit.gclid, visit.ttclid, visit.sccid) == ("Cj0", "E.C", "Sn")
    assert (visit.utm_source, visit.utm_campaign) == ("fb", "Spring Sale")


def test_the_body_wins_over_the_address(browser) -> None:
    visit = browser.visit("?gclid=address&utm_source=address", gclid="body", utmSource="body")
    assert (visit.gclid, visit.utm_source) == ("body", "body")


def test_a_reload_keeps_the_fbc_of_the_click(browser) -> None:
    first = browser.visit(f"?fbclid={FBCLID}")
    with time_machine.travel(timezone.now() + timedelta(minutes=5), tick=False):
        assert browser.visit(f"?fbclid={FBCLID}").fbc == first.fbc


def test_click_and_browser_ids_stay_with_the_visitor(browser) -> None:
    browser.visit(f"?fbclid={FBCLID}&ttclid=T", fbp="fb.1.1700000000000.5", ttp="cookie")
    later = browser.visit("pricing")
    assert later.fbc.endswith(FBCLID)
    assert (later.ttclid, later.fbp, later.ttp) == ("T", "fb.1.1700000000000.5", "cookie")


def test_the_latest_click_of_a_platform_wins_and_others_are_kept(browser) -> None:
    browser.visit("?gbraid=old&ttclid=T")
    browser.visit("?gclid=new")
    last = browser.visit()
    assert (last.gclid, last.gbraid, last.ttclid) == ("new", "", "T")


def test_a_click_is_forgotten_90_days_after_it_was_seen(browser) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for day, expected in [(0, "G"), (60, "G"), (89, "G"), (91, "")]:
        with time_machine.travel(start + timedelta(days=day), tick=False):
            assert browser.visit("?gclid=G" if day == 0 else "").gclid == expected


def test_another_visitor_or_site_inherits_nothing(browser, stranger_site) -> None:
    browser.visit("?gclid=G")
    other = Browser(browser.site, visitor="aaaaaaaa-6f0a-4d3c-8a52-1f2e3d4c5b6a")
    theirs = Browser(stranger_site, origin="https://stranger.example")
    assert [other.visit().gclid, theirs.visit().gclid] == ["", ""]


def test_a_session_lives_for_30_minutes_after_its_last_visit(browser) -> None:
    start = timezone.now()
    sessions = []
    for minute in (0, 29, 58, 88):
        with time_machine.travel(start + timedelta(minutes=minute), tick=False):
            sessions.append(browser.visit().session_id)
    assert len(set(sessions[:3])) == 1
    assert sessions[3] != sessions[2]
    assert TrackingSession.objects.count() == 2


def test_utms_and_landing_page_last_for_the_session(browser) -> None:
    start = timezone.now()
    browser.visit("?utm_source=fb")
    second = browser.visit("pricing")
    assert (second.utm_source, second.landing_page) == ("fb", "https://acme.example/?utm_source=fb")
    with time_machine.travel(start + timedelta(hours=1), tick=False):
        later = browser.visit("pricing")
    assert (later.utm_source, later.landing_page) == ("", "https://acme.example/pricing")


def test_a_visitor_without_an_id_gets_one(browser) -> None:
    first, second = (browser.init(tempId=None).json()["tempId"] for _ in range(2))
    # The test client keeps cookies, as a browser behind a first-party proxy does.
    assert first == second
    browser.client.cookies.clear()
    assert browser.init(tempId=None).json()["tempId"] != first


def test_a_first_party_proxy_passes_the_platforms_cookies_on(browser) -> None:
    cookies = {"_fbp": "fb.1.1700000000000.9", "_fbc": "fb.1.1700000000000.Ck", "_ttp": "tt", "_scid": "sc"}
    browser.client.cookies.load(cookies | {"ttclid": "E.C.cookie"})
    visit = browser.visit()
    assert [visit.fbp, visit.fbc, visit.ttp, visit.sc_cookie1] == list(cookies.values())
    assert visit.ttclid == "E.C.cookie"


@pytest.mark.parametrize(
    "body",
    [
        {"gclid": "x" * 2049},
        {"externalUserId": "x" * 513},
        {"utmSource": "x" * 513},
        {"city": "x" * 129},
        {"clientSessionId": "x" * 65},
        {"referrer": "https://a.example/" + "x" * 2048},
        {"userAgent": "x" * 1025},
        {"fbc": "fb.1.1700000000000"},
        {"fbp": "made-up"},
        {"gclid": 7},
        {"ttclid": ["T"]},
        {"externalUserId": {"id": 1}},
        {"clientIp": "999.1.1.1"},
        {"links": "perhaps"},
    ],
)
def test_a_field_we_cannot_keep_is_left_out_and_the_visit_kept(browser, body) -> None:
    visit = browser.visit(**body)
    (value,) = body.values()
    assert value not in vars(visit).values()


def test_an_address_too_long_to_keep_still_gives_its_click(browser) -> None:
    visit = browser.visit(f"join?x={'y' * 3000}&gclid=G")
    assert (visit.gclid, visit.url) == ("G", "https://acme.example/join?gclid=G")


def test_a_beacon_and_plain_json_are_both_read(browser) -> None:
    body = {"websiteId": browser.site.website_id, "href": "https://acme.example/"}
    for content_type in ("text/plain;charset=UTF-8", "application/json"):
        assert browser.post(INIT, body, content_type=content_type).status_code == 200


# ------------------------------------------------------------------ refusals
@pytest.mark.parametrize(
    ("change", "status", "code", "field"),
    [
        ({"websiteId": None}, 400, "INVALID_PAYLOAD", "websiteId"),
        ({"href": None}, 400, "INVALID_PAYLOAD", "href"),
        ({"href": "javascript:alert(1)"}, 400, "INVALID_PAYLOAD", "href"),
        ({"tempId": "1"}, 400, "INVALID_PAYLOAD", "tempId"),
        ({"websiteId": 7}, 400, "INVALID_PAYLOAD", "websiteId"),
        ({"websiteId": "atid_unknown"}, 404, "SITE_NOT_FOUND", None),
    ],
)
def test_a_wrong_body_is_refused(browser, change, status, code, field) -> None:
    answer = browser.init(**change)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code)
    assert [detail["field"] for detail in error.get("details", [])] == ([field] if field else [])
    assert not Visit.objects.exists()


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "text/plain", 400),
        (b'{"websiteId": "a\\u0000b", "href": "https://acme.example/"}', "text/plain", 400),
        (b"\xff", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"a=b", "application/x-www-form-urlencoded", 415),
        (b"x" * 70_000, "text/plain", 413),
    ],
)
def test_bytes_that_are_no_body_are_refused(browser, body, content_type, status) -> None:
    assert browser.post(INIT, body, content_type=content_type).status_code == status


@pytest.mark.parametrize(("method", "path"), [("get", INIT), ("put", INIT), ("post", "/backend/track/invite")])
def test_another_verb_is_refused(method, path) -> None:
    answer = getattr(Client(), method)(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "METHOD_NOT_ALLOWED")


def test_every_answer_may_be_read_by_any_page(browser) -> None:
    assert browser.init()["Access-Control-Allow-Origin"] == "*"
    assert browser.init(websiteId="no")["Access-Control-Allow-Origin"] == "*"
    preflight = browser.client.options(INIT)
    assert (preflight.status_code, preflight["Access-Control-Allow-Origin"]) == (204, "*")


# ------------------------------------------------------------------ whose browser
@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ({}, {}, ("198.51.100.7", IPHONE)),
        ({}, {"clientIp": "203.0.113.5", "userAgent": "Body"}, ("203.0.113.5", "Body")),
        (
            {"X-Adtarget-Client-IP": "2001:db8::7", "X-Adtarget-Client-User-Agent": "Header"},
            {"clientIp": "203.0.113.5", "userAgent": "Body"},
            ("2001:db8::7", "Header"),
        ),
        ({"X-Forwarded-For": "203.0.113.99"}, {}, ("198.51.100.7", IPHONE)),  # from nobody we trust
    ],
)
def test_the_visitors_address_and_agent(browser, headers, body, expected) -> None:
    assert browser.init(headers=headers, **body).status_code == 200
    visit = Visit.objects.get()
    assert (visit.client_ip, visit.user_agent) == expected


@pytest.mark.parametrize("claim", [{"X-Adtarget-Client-IP": "nobody"}, {"X-Adtarget-Client-User-Agent": "x" * 1025}])
def test_a_proxy_that_errs_costs_no_visit_and_is_not_taken_for_the_visitor(browser, claim) -> None:
    assert browser.init(headers=claim).status_code == 200
    visit = Visit.objects.get()
    assert (visit.client_ip, visit.user_agent) == ("", "")


def test_a_trusted_proxy_is_believed(browser, settings) -> None:
    settings.TRUSTED_PROXIES = ["198.51.100.0/24"]
    browser.init(headers={"X-Forwarded-For": "1.1.1.1, 203.0.113.99, 198.51.100.8"})
    assert Visit.objects.get().client_ip == "203.0.113.99"


# ------------------------------------------------------------------ limits and cost
@pytest.mark.promise("S8")
def test_a_forged_header_escapes_no_limit(browser, settings) -> None:
    settings.TRACKER_RATE_LIMIT_PER_ADDRESS = 6
    answers = [
        browser.init(headers={"X-Forwarded-For": f"203.0.113.{n}", "X-Adtarget-Client-IP": f"203.0.113.{n}"})
        for n in range(4)
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[3].json()["error"]["code"] == "RATE_LIMITED"
    assert int(answers[3]["Retry-After"]) >= 1


def test_a_site_has_a_limit_of_its_own(site, settings) -> None:
    settings.TRACKER_RATE_LIMIT_PER_SITE = 4
    statuses = []
    for n in range(3):
        browser = Browser(site)
        browser.client.defaults["REMOTE_ADDR"] = f"198.51.100.{n}"
        statuses.append(browser.init().status_code)
    assert statuses == [200, 200, 429]


ON_POSTGRES = connection.vendor == "postgresql"


@pytest.mark.parametrize(
    ("session", "most"), [("", 1 if ON_POSTGRES else 5), ("mine", 2 if ON_POSTGRES else 5)], ids=["new", "returning"]
)
def test_a_visit_costs_few_statements(browser, session, most, django_assert_max_num_queries) -> None:
    """Besides the one that reads the site, once a second."""
    Browser(browser.site, visitor="11111111-6f0a-4d3c-8a52-1f2e3d4c5b6a").init()
    with django_assert_max_num_queries(most):
        assert browser.init("?gclid=G", clientSessionId=session).status_code == 200


def test_a_visitor_who_names_no_session_is_still_known(browser) -> None:
    first, second = browser.visit("?gclid=G"), browser.visit()
    assert second.session == first.session
    assert second.gclid == "G"


def test_a_returning_visitor_begins_a_session_with_old_clicks(browser) -> None:
    with time_machine.travel(timezone.now() - timedelta(hours=2)):
        first = browser.visit("?gclid=G")
    second = browser.visit()
    assert second.session != first.session
    assert second.gclid == "G"


def test_a_full_budget_samples_new_visitors_once(site, settings, monkeypatch) -> None:
    """A new visitor's visit is drawn for once, though two ways lead to its row."""
    drawn: list[int] = []
    settings.VISITS_PER_SITE_AND_DAY = 1
    Browser(site).init()
    monkeypatch.setattr(visit_budget.random, "randrange", lambda _: drawn.append(1) or 7)
    Browser(site, visitor="11111111-6f0a-4d3c-8a52-1f2e3d4c5b6a").init()
    assert len(drawn) == 1


@pytest.mark.promise("S14")
def test_unknown_fields_change_nothing(browser) -> None:
    visit = browser.visit(visited_at="2000-01-01", id="vis_mine", seen_at={"gclid": 1}, session="ses_x")
    assert visit.pk != "vis_mine"
    assert visit.visited_at.year > 2000
    assert visit.seen_at == {}


def test_the_script_learns_which_links_are_the_sites_own(browser, channel) -> None:
    answer = browser.init(links=True).json()
    assert answer["links"] == {"https://t.me/+own": channel.pk}
    assert "links" not in browser.init().json()


def test_an_answer_is_never_kept_by_a_cache(browser) -> None:
    assert browser.init()["Cache-Control"] == "no-store"
    assert json.loads(browser.init(websiteId="no").content)["error"]


def test_a_visitor_is_found_without_a_look_at_the_others(site) -> None:
    """Without statistics PostgreSQL takes any index for as good as any other.

    With statistics of a small table it reads the table instead, which says nothing of a big one: that choice is off.
    """
    if connection.vendor != "postgresql":
        pytest.skip("SQLite chooses by the shape of the question alone.")
    VisitFactory.create_batch(50, site=site)
    with CaptureQueriesContext(connection) as asked:
        visits.latest_visit(site, uuid4(), timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN ANALYZE {asked.captured_queries[-1]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    looked_at = [int(rows) * int(loops) for rows, loops in re.findall(r"actual .*?rows=(\d+) loops=(\d+)", plan)]
    assert max(looked_at) <= 1
    assert "Rows Removed" not in plan


def test_a_row_that_moved_meanwhile_is_asked_again(browser, monkeypatch) -> None:
    keep, moves = visits.keep_page_view, [OperationalError()]
    moves[0].__cause__ = psycopg.errors.SerializationFailure()

    def keep_page_view(*args: Any, **more: Any) -> Visit:
        if moves:
            raise moves.pop()
        return keep(*args, **more)

    monkeypatch.setattr(visits, "keep_page_view", keep_page_view)
    browser.visit()
    assert not moves
