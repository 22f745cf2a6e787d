"""track.js in headless Chromium, on a page of acme.example; and how it is served."""

import gzip
import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from tests.browser import CHROMIUM
from tests.core.consent.test_strings import tc_string
from tests.factories import ChannelFactory, InviteFactory
from tests.faults.stack import wait_for
from tracker import script
from tracker.models import Invite, Visit

pytest.importorskip("playwright.sync_api")

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"
BLOCK_STORAGE = """
Object.defineProperty(document, "cookie", {get() { throw new Error("no"); }, set() { throw new Error("no"); }});
Object.defineProperty(window, "localStorage", {get() { throw new Error("no"); }});
"""
OLD_BROWSER = """
delete window.fetch; delete window.XMLHttpRequest; delete window.crypto; delete history.__proto__.pushState;
Navigator.prototype.sendBeacon = undefined; Element.prototype.closest = undefined;
Object.defineProperty(document, "currentScript", {get() { return null; }});
"""

in_browser = [
    pytest.mark.processes,
    pytest.mark.xdist_group("browser"),
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not os.path.exists(CHROMIUM), reason="Chromium is not installed"),
]


def browser_test(test: Callable[..., None]) -> Callable[..., None]:
    for mark in in_browser:
        test = mark(test)
    return test


class Landing:
    """A page of acme.example with the script in it, in a browser of its own."""

    def __init__(self, context: Any, port: int, website_id: str) -> None:
        self.context, self.website_id = context, website_id
        self.own, self.tracker = f"http://acme.example:{port}", f"http://tracker.example:{port}"
        self.page = context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, query: str = "", *, body: str = "", script: str = "", early: str = "", host: str = "") -> None:
        html = (
            f"<body>{early}<script async src='{host or self.tracker}/track.js' data-website-id='{self.website_id}' "
            f"{script}></script>{body}</body>"
        )
        self.page.route(
            re.compile(rf"{self.own}/page"), lambda route: route.fulfill(body=html, content_type="text/html")
        )
        self.page.goto(f"{self.own}/page{query}")
        self.page.wait_for_function("!!(window.adtarget && adtarget.tempId)")

    def block_tracker(self) -> None:
        self.context.route("**/backend/track/**", lambda route: route.abort("blockedbyclient"))

    def click(self, selector: str, **options: Any) -> str:
        """The first address outside our hosts that a click leads to."""
        with self.context.expect_event("request", lambda request: "t.me" in request.url) as asked:
            self.page.click(selector, **options)
        return str(asked.value.url)

    def settle(self) -> None:
        """Until the script knows whether the tracker can be reached."""
        self.page.wait_for_load_state("networkidle")


@pytest.fixture
def landing(chromium: Any, live_server: Any, site: Any, settings: Any) -> Iterator[Landing]:
    settings.ALLOWED_HOSTS = ["*"]
    context = chromium.new_context()
    context.set_default_timeout(10_000)
    made = Landing(context, live_server.thread.port, site.website_id)
    yield made
    context.close()
    assert made.errors == []


def visits(count: int) -> list[Visit]:
    def enough() -> list[Visit]:
        found = list(Visit.objects.order_by("visited_at"))
        return found if len(found) >= count else []

    found = wait_for(enough, seconds=5, every=0.05)
    assert len(found) == count
    return list(found)


# ------------------------------------------------------------------ visits
@browser_test
def test_a_visit_is_sent_with_its_click_and_kept_for_the_next(landing) -> None:
    landing.open("?fbclid=AbC-1&gclid=G%2B1&utm_source=fb")
    (visit,) = visits(1)
    assert visit.fbc.endswith(".AbC-1")
    assert (visit.gclid, visit.utm_source, visit.url) == ("G+1", "fb", landing.page.url)
    assert landing.page.evaluate("adtarget.tempId()") == str(visit.temp_id)
    assert re.fullmatch(UUID, str(visit.temp_id))
    landing.settle()
    landing.page.reload()
    assert [again.session_id for again in visits(2)] == [visit.session_id] * 2
    assert landing.page.evaluate("adtarget.tempId()") == str(visit.temp_id)


@browser_test
def test_behind_a_first_party_proxy_the_server_sets_the_cookies(landing) -> None:
    landing.open(host=landing.own, script=f"data-api='{landing.own}/'")
    (visit,) = visits(1)
    landing.settle()
    cookies = {cookie["name"]: cookie for cookie in landing.context.cookies()}
    assert cookies["adtarget_temp_id"]["value"] == str(visit.temp_id)
    assert cookies["adtarget_session_id"]["value"] == visit.session_id
    assert cookies["adtarget_temp_id"]["sameSite"] == "Lax"


@browser_test
def test_browser_ids_that_come_late_are_sent_after(landing) -> None:
    landing.open()
    (visit,) = visits(1)
    landing.page.evaluate("document.cookie = '_fbp=fb.1.1700000000000.77'; document.cookie = '_scid=sc'")

    def ids() -> bool:
        visit.refresh_from_db()
        return (visit.fbp, visit.sc_cookie1) == ("fb.1.1700000000000.77", "sc")

    wait_for(ids, seconds=5)


@browser_test
def test_an_id_made_just_before_the_page_is_left_is_sent_too(landing) -> None:
    landing.page.clock.install()
    landing.open()
    (visit,) = visits(1)
    landing.settle()
    landing.page.clock.run_for(6600)  # the script looks for new ids no longer
    landing.page.evaluate("document.cookie = '_ttp=late'")
    landing.page.goto("about:blank")
    wait_for(lambda: Visit.objects.get(pk=visit.pk).ttp == "late", seconds=5)


@browser_test
def test_navigation_inside_the_page_is_followed(landing) -> None:
    landing.open("?ttclid=T")
    landing.settle()
    landing.page.evaluate("""() => {
        history.replaceState({}, "", location.href);
        location.hash = "top";
        history.pushState({}, "", "/pricing");
    }""")
    first, second = visits(2)
    landing.settle()
    landing.page.go_back()
    third = visits(3)[2]
    assert [visit.url.partition("example")[2][6:] for visit in (first, second)] == ["/page?ttclid=T", "/pricing"]
    assert second.ttclid == third.ttclid == "T"
    assert second.referrer == first.url


@browser_test
def test_nothing_is_sent_or_kept_before_consent(landing, channel) -> None:
    landing.open(script="data-consent=required", body="<a data-adtarget-invite href='https://t.me/+own'>Join</a>")
    landing.page.wait_for_timeout(300)
    assert (Visit.objects.count(), landing.context.cookies()) == (0, [])
    assert landing.page.evaluate("[adtarget.tempId(), localStorage.length]") == ["", 0]
    assert landing.click("a") == "https://t.me/+own"
    assert not Visit.objects.exists()


@browser_test
def test_consent_can_be_given_and_taken_back(landing) -> None:
    landing.open(script="data-consent=required")
    landing.page.evaluate("adtarget.consent(true)")
    visits(1)
    landing.settle()
    landing.page.evaluate("adtarget.consent(false)")
    assert landing.context.cookies() == []
    assert landing.page.evaluate("[adtarget.tempId(), localStorage.length]") == ["", 0]


@browser_test
def test_consent_given_before_the_script_came_counts(landing) -> None:
    landing.open(script="data-consent=required", early="<script>window.adtarget = {consented: true}</script>")
    visits(1)


# ------------------------------------------------------------------ consent of a banner
TCF = tc_string(consents={1, 7})
CMP = """<script>
window.__tcfapi = function (command, version, listen) {
  window.say = function (tcString, storage) {
    listen({gdprApplies: true, eventStatus: "useractioncomplete", tcString: tcString,
            purpose: {consents: {1: storage}}}, true);
  };
};
</script>"""
GPP = """<script>
window.__gpp = function (command, listen) {
  listen({eventName: "listenerRegistered", pingData: {gppString: "DBABTA~1YYN", signalStatus: "ready"}}, true);
};
</script>"""
MODE = """<script>
window.dataLayer = window.dataLayer || []; function gtag() { dataLayer.push(arguments); }
gtag("consent", "default", {ad_storage: "denied", ad_user_data: "denied", region: ["DE"]});
gtag("consent", "default", {ad_storage: "granted", ad_user_data: "denied"});
</script>"""


def said_on(visit: Visit, name: str, expected: object) -> None:
    def arrived() -> bool:
        visit.refresh_from_db()
        return visit.consent.get(name) is expected

    assert wait_for(arrived, seconds=5)


@browser_test
def test_our_own_call_is_kept_with_the_visit(landing) -> None:
    landing.open()
    (visit,) = visits(1)
    landing.settle()
    landing.page.evaluate("adtarget.consent({ads: true, userData: false})")
    said_on(visit, "userData", False)


@browser_test
def test_a_tcf_banner_is_read(landing) -> None:
    landing.open(early=CMP)
    (visit,) = visits(1)
    landing.page.wait_for_function("!!window.say")
    landing.page.evaluate(f"say('{TCF}', true)")
    said_on(visit, "userData", True)
    assert visit.consent["raw"]["tcf"] == TCF


@browser_test
def test_a_page_that_waits_begins_with_the_banners_yes(landing) -> None:
    landing.open(script="data-consent=required", early=CMP)
    landing.page.wait_for_function("!!window.say")
    landing.page.evaluate(f"say('{TCF}', false)")
    landing.page.wait_for_timeout(300)
    assert not Visit.objects.exists()
    landing.page.evaluate(f"say('{TCF}2', true)")
    visits(1)


@browser_test
def test_a_gpp_banner_is_read(landing) -> None:
    landing.open(early=GPP)
    said_on(visits(1)[0], "limited", True)


@browser_test
def test_google_consent_mode_is_read_and_followed(landing) -> None:
    landing.open(early=MODE)
    (visit,) = visits(1)
    said_on(visit, "userData", False)
    assert visit.consent["ads"] is True
    landing.page.evaluate("gtag('consent', 'update', {ad_user_data: 'granted'})")
    said_on(visit, "userData", True)


@browser_test
def test_consent_taken_back_is_told(landing) -> None:
    landing.open()
    (visit,) = visits(1)
    landing.settle()
    landing.page.evaluate("adtarget.consent(false)")
    said_on(visit, "ads", False)


@browser_test
def test_without_a_banner_the_second_script_is_not_loaded(landing) -> None:
    landing.open()
    visits(1)
    assert landing.page.evaluate("document.querySelectorAll('script').length") == 1


# ------------------------------------------------------------------ invites
@browser_test
@pytest.mark.parametrize(
    "body",
    [
        "<a data-adtarget-invite href='https://t.me/+own'><b>Join</b></a>",
        "<a data-adtarget-invite href='#'><b>Join</b></a>",
        "<a href='https://t.me/+own'><b>Join</b></a>",
        "<a href='https://telegram.me/+own?x=1'><b>Join</b></a>",
        "<button data-adtarget-invite><b>Join</b></button>",
    ],
)
def test_a_tap_on_join_leads_to_the_visitors_own_link(landing, channel, body) -> None:
    invite = InviteFactory(channel=channel)
    landing.open("?gclid=G", body=body)
    (visit,) = visits(1)
    landing.settle()
    assert landing.click("b") == invite.link
    assert Invite.objects.get().visit == visit


@browser_test
def test_a_link_opened_in_a_new_tab_is_the_visitors_own_too(landing, channel) -> None:
    InviteFactory(channel=channel)
    landing.open("?gclid=G", body="<a href='https://t.me/+own'>Join</a>")
    landing.settle()
    landing.page.click("a", modifiers=["Control"])
    wait_for(lambda: Invite.objects.get().given_at, seconds=5)
    assert landing.page.url.endswith("/page?gclid=G")


@browser_test
def test_a_link_drawn_later_may_name_its_channel(landing, site, channel) -> None:
    second = ChannelFactory(site=site, bot=channel.bot)
    InviteFactory(channel=channel)
    invite = InviteFactory(channel=second)
    landing.open("?gclid=G")
    landing.settle()
    html = f"<a id=late data-adtarget-invite='{second.pk}' href='https://t.me/+own'>Join</a>"
    landing.page.evaluate("html => document.body.insertAdjacentHTML('beforeend', html)", html)
    assert landing.click("#late") == invite.link


@browser_test
def test_somebody_elses_telegram_link_is_left_alone(landing, channel) -> None:
    landing.open(body="<a href='https://t.me/support'>Ask us</a>")
    landing.settle()
    assert landing.click("a") == "https://t.me/support"


@browser_test
def test_with_the_tracker_blocked_the_link_works_as_written(landing, channel) -> None:
    landing.block_tracker()
    landing.open(body="<a data-adtarget-invite href='https://t.me/+own'>Join</a>")
    landing.page.wait_for_timeout(300)
    assert landing.click("a") == "https://t.me/+own"
    assert not Visit.objects.exists()


@browser_test
def test_a_tap_before_the_visit_is_answered_carries_its_own_click(landing, channel) -> None:
    InviteFactory(channel=channel)
    landing.context.route("**/backend/track/init", lambda route: None)  # never answered
    landing.open("?a=1&ttclid=E.C.P&utm_source=fb", body="<a data-adtarget-invite href='https://t.me/+own'>Join</a>")
    landing.click("a")
    visit = Invite.objects.get().visit
    assert (visit.ttclid, visit.utm_source) == ("E.C.P", "fb")


# ------------------------------------------------------------------ hostile and old browsers
@browser_test
def test_blocked_cookies_and_storage_cost_nothing_but_memory(landing, channel) -> None:
    InviteFactory(channel=channel)
    landing.page.add_init_script(BLOCK_STORAGE)
    landing.open("?gclid=G", body="<a data-adtarget-invite href='https://t.me/+own'>Join</a>")
    (visit,) = visits(1)
    landing.settle()
    landing.click("a")
    assert Invite.objects.get().visit == visit


@browser_test
def test_without_fetch_a_beacon_is_sent(landing) -> None:
    landing.page.add_init_script("delete window.fetch")
    landing.open("?gclid=G")
    assert visits(1)[0].gclid == "G"


@browser_test
def test_without_fetch_and_beacon_an_old_request_is_sent(landing) -> None:
    landing.page.add_init_script("delete window.fetch; Navigator.prototype.sendBeacon = undefined")
    landing.open("?gclid=G")
    assert visits(1)[0].gclid == "G"


@browser_test
def test_a_browser_without_anything_sees_no_error(landing) -> None:
    landing.page.add_init_script(OLD_BROWSER)
    landing.open(body="<a data-adtarget-invite href='https://t.me/+own'>Join</a>")
    landing.page.wait_for_timeout(200)
    assert landing.click("a") == "https://t.me/+own"  # and the fixture asks for errors


@browser_test
def test_the_demo_page_leads_to_the_sandboxs_page_of_the_visitors_own_link(landing, site, channel, settings) -> None:
    settings.DEMO, settings.TELEGRAM_API_URL = True, "http://sandbox.t.me.example"
    site.account.name, site.domain = "Demo", "demo.example"
    site.account.save()
    site.save()
    invite = InviteFactory(channel=channel)
    landing.page.goto(f"{landing.own.replace('acme', 'demo')}/demo/?fbclid=AbC")
    assert visits(1)[0].fbc.endswith(".AbC")
    wait_for(lambda: Visit.objects.get().fbp, seconds=5)
    assert landing.click(".join") == f"http://sandbox.t.me.example/{invite.link.rpartition('/')[2]}"
    assert Invite.objects.get().visit.fbc


# ------------------------------------------------------------------ how it is served
def test_the_script_is_small_kept_for_long_and_asked_for_by_its_tag() -> None:
    answer = Client().get("/track.js", headers={"Accept-Encoding": "gzip, br"})
    assert len(answer.content) < 3000
    assert gzip.decompress(answer.content) == Client().get("/track.js").content
    assert answer["Content-Encoding"] == "gzip"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "max-age=86400" in answer["Cache-Control"]
    again = Client().get("/track.js", headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_both_scripts_together_stay_small() -> None:
    answers = [Client().get(path, headers={"Accept-Encoding": "gzip"}) for path in ("/track.js", "/track-consent.js")]
    assert sum(len(answer.content) for answer in answers) < 3500


@pytest.mark.parametrize("name", ["track.js", "track-consent.js"])
def test_a_script_is_written_for_browsers_of_2011(name: str) -> None:
    source = script.script(name).plain.decode()
    assert not re.search(r"=>|`|\b(?:const|let|class|async|await)\b\s+[\w{\[]", source)


@pytest.mark.django_db
def test_the_demo_page_is_not_there_in_production() -> None:
    assert Client().get("/demo/").status_code == 404
