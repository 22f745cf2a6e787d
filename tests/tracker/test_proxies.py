"""The recipes of docs/first-party-proxy.md: by nginx itself, and by node with what the others' platforms provide."""

import http.client
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.signals import request_started

from tests.factories import InviteFactory
from tests.faults.stack import free_port, wait_for
from tests.tracker.conftest import IPHONE, ORIGIN, VISITOR
from tracker.models import Visit

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "first-party-proxy.md"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
NODE = shutil.which("node")
PERSON = "127.0.0.9"  # a loopback address of its own, unlike the proxy's
FBP = "fb.1.1700000000000.77"
HEADERS = {
    "Origin": ORIGIN,
    "Referer": f"{ORIGIN}/",
    "User-Agent": IPHONE,
    "Content-Type": "text/plain",
    "Cookie": f"login=secret; _fbp={FBP}; adtarget_temp_id={VISITOR}",
    "Authorization": "Basic c2VjcmV0",
}
# Calls the recipe as its platform would, and prints what the visitor gets.
RUNNER = """
import * as recipe from "./recipe.mjs";
const { path, method, headers, body } = JSON.parse(process.argv[2]);
const request = new Request("https://acme.example" + path, { method, headers, body });
let answer;
if (recipe.default) answer = await recipe.default.fetch(request);
else {
  const told = recipe.middleware(request);
  answer = await fetch(told.url, { method, headers: told.request.headers, body, redirect: "manual" });
}
console.log(JSON.stringify({
  status: answer.status, location: answer.headers.get("Location"), cookies: answer.headers.getSetCookie(),
}));
"""
NEXT = "export const NextResponse = { rewrite: (url, { request }) => ({ url, request }) };"

pytestmark = [
    pytest.mark.processes,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not (NGINX and NODE), reason="nginx and node are not installed"),
]
Proxy = Callable[..., "Answer"]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    location: str | None
    cookies: list[str]


def recipe(kind: str, tracker: str) -> str:
    """The recipe's text, its stand-in for AdTarget replaced by the real one."""
    text = DOCUMENT.read_text().partition(f"\n## {kind}")[2]
    block = re.search(r"```\w+\n(.*?)```", text, re.DOTALL)
    assert block, kind
    return block[1].replace("https://ads.example", tracker)


@pytest.fixture
def nginx(tmp_path: Path, live_server: Any) -> Iterator[Proxy]:
    port = free_port()
    places = " ".join(f"{name}_temp_path {tmp_path}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi"))
    server = f"server {{ listen 127.0.0.1:{port}; {recipe('nginx', live_server.url)} }}"
    whole = tmp_path / "nginx.conf"
    whole.write_text(
        f"daemon off; master_process off; pid {tmp_path}/pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off; {places} scgi_temp_path {tmp_path}/scgi;\n{server} }}"
    )
    process = subprocess.Popen([str(NGINX), "-p", tmp_path, "-c", whole], stderr=subprocess.PIPE)

    def send(method: str, path: str, body: str | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20, source_address=(PERSON, 0))
        with closing(connection):
            connection.request(method, path, body, HEADERS)
            answer = connection.getresponse()
            answer.read()
        return Answer(answer.status, answer.headers["Location"], answer.headers.get_all("Set-Cookie") or [])

    def answers() -> bool:
        try:
            return send("GET", "/elsewhere").status == 404
        except OSError:
            return False

    try:
        wait_for(answers, seconds=10)
        yield send
    finally:
        process.kill()
        process.communicate()


def by_node(kind: str, tmp_path: Path, live_server: Any) -> Proxy:
    package = tmp_path / "node_modules" / "next"
    package.mkdir(parents=True)
    (package / "package.json").write_text('{"exports": {"./server": "./server.mjs"}}')
    (package / "server.mjs").write_text(NEXT)
    (tmp_path / "recipe.mjs").write_text(recipe(kind, live_server.url))
    (tmp_path / "runner.mjs").write_text(RUNNER)
    seen = {"CF-Connecting-IP": PERSON} if "Cloudflare" in kind else {"X-Forwarded-For": PERSON}

    def send(method: str, path: str, body: str | None = None) -> Answer:
        request = json.dumps({"path": path, "method": method, "headers": HEADERS | seen, "body": body})
        command = [str(NODE), "runner.mjs", request]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stderr
        return Answer(**json.loads(done.stdout))

    return send


@pytest.fixture(params=["nginx", "Cloudflare Worker", "Next.js middleware"])
def proxy(request: Any, tmp_path: Path, live_server: Any, settings: Any) -> Proxy:
    settings.ALLOWED_HOSTS = ["*"]
    if request.param == "nginx":
        made: Proxy = request.getfixturevalue("nginx")
        return made
    return by_node(request.param, tmp_path, live_server)


@pytest.fixture
def arrived() -> Iterator[list[dict[str, Any]]]:
    """What reaches AdTarget, request by request."""
    seen: list[dict[str, Any]] = []

    def note(environ: dict[str, Any], **_: Any) -> None:
        seen.append({name: value for name, value in environ.items() if name.startswith("HTTP_")})

    request_started.connect(note)
    yield seen
    request_started.disconnect(note)


def test_a_proxy_passes_on_the_visitor_and_nothing_else(proxy, arrived, site, channel) -> None:
    invite = InviteFactory(channel=channel)
    told = {"websiteId": site.website_id, "href": f"{ORIGIN}/?gclid=G"}
    answer = proxy("POST", "/backend/track/init", json.dumps(told))
    visit = Visit.objects.get()
    assert (answer.status, visit.client_ip, visit.user_agent) == (200, PERSON, IPHONE)
    assert (visit.gclid, visit.fbp, str(visit.temp_id)) == ("G", FBP, VISITOR)
    assert [cookie.partition("=")[0] for cookie in answer.cookies] == ["adtarget_temp_id", "adtarget_session_id"]

    tapped = proxy("GET", f"/backend/track/invite?websiteId={site.website_id}")
    assert (tapped.status, tapped.location) == (302, invite.link)
    assert proxy("GET", "/track.js").status == 200
    assert proxy("GET", "/track-consent.js").status == 200
    assert len(arrived) == 4
    assert "secret" not in str(arrived)
    assert not any(headers.get("HTTP_AUTHORIZATION") for headers in arrived)
