"""An invitation from end to end in a browser, with a mail server of its own and without."""

import os
import re
import socketserver
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from leads.choices import Role
from leads.models import Account, Membership
from tests.browser import CHROMIUM
from tests.factories import MembershipFactory, UserFactory

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import Browser, Page, expect

pytestmark = [
    pytest.mark.processes,
    pytest.mark.xdist_group("browser"),
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not os.path.exists(CHROMIUM), reason="Chromium is not installed"),
]

BOB = "bob@shop.example"
NEW = "quite-another-word-7"
SCREENSHOTS = os.environ.get("SCREENSHOTS", "")  # a folder, to look at the pages


class _Mailbox(socketserver.StreamRequestHandler):
    """As much of SMTP (RFC 5321) as a client needs to leave a message."""

    def handle(self) -> None:
        self.wfile.write(b"220 mailbox\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = iter(self.rfile.readline, b".\r\n")
                self.server.messages.append(b"".join(lines))  # type: ignore[attr-defined]
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 done\r\n")
            if verb == b"QUIT":
                return


@pytest.fixture
def mailbox(settings: Any) -> Iterator[list[bytes]]:
    """The messages that a mail server on this machine was given."""
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Mailbox)
    server.daemon_threads = True
    server.messages = []  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    settings.EMAIL_IS_CONFIGURED = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
    yield server.messages  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()


class Visitor:
    """A person with a browser of their own."""

    def __init__(self, chromium: Browser, server: LiveServer, *, width: int = 1440, scheme: str = "light") -> None:
        scheme_: Any = scheme
        self.context = chromium.new_context(
            base_url=server.url, viewport={"width": width, "height": 900}, color_scheme=scheme_
        )
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)

    def sign_in(self, name: str, password: str = "secret-word") -> None:
        self.page.get_by_label("Username").fill(name)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()

    def keep(self, name: str) -> None:
        """The page wide and narrow, light and dark; it is as wide as its window."""
        for width in (1440, 360):
            for scheme in ("light", "dark"):
                self.page.set_viewport_size({"width": width, "height": 900})
                self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                assert self.page.evaluate("document.documentElement.scrollWidth") <= width
                if SCREENSHOTS:
                    self.page.screenshot(path=Path(SCREENSHOTS) / f"{name}-{width}-{scheme}.png", full_page=True)


@pytest.fixture
def owner(chromium: Browser, live_server: LiveServer, account: Account) -> Iterator[Visitor]:
    """Ada, signed in and on the page of people."""
    MembershipFactory(account=account, role=Role.OWNER, user=UserFactory(username="ada"))
    ada = Visitor(chromium, live_server)
    ada.page.goto(f"/accounts/{account.pk}/people/")
    ada.sign_in("ada")
    yield ada
    assert ada.complaints == []
    ada.context.close()


@pytest.fixture
def bob(chromium: Browser, live_server: LiveServer) -> Iterator[Visitor]:
    visitor = Visitor(chromium, live_server)
    yield visitor
    assert [said for said in visitor.complaints if "410" not in said] == []
    visitor.context.close()


def link_in(text: str) -> str:
    found = re.search(r"http://[\w.:]+(/invitations/[\w-]+/)", text)
    assert found
    return found[1]


def set_password(visitor: Visitor) -> None:
    visitor.page.get_by_label("New password", exact=True).fill(NEW)
    visitor.page.get_by_label("New password confirmation").fill(NEW)
    visitor.page.get_by_role("button", name="Set password and accept").click()


def test_by_mail_a_known_person_signs_in_and_accepts(
    owner: Visitor, bob: Visitor, account: Account, mailbox: list[bytes]
) -> None:
    UserFactory(username="bob", email=BOB)
    owner.page.get_by_label("E-mail").fill(BOB)
    owner.page.get_by_role("button", name="Invite").click()
    expect(owner.page.get_by_role("status")).to_contain_text(f"An invitation was sent to {BOB}")
    assert "/invitations/" not in owner.page.content().replace("/people/invitations/", "")
    owner.keep("people-mailed")
    message: Any = message_from_bytes(mailbox[0], policy=policy.default)
    assert message["To"] == BOB

    bob.page.goto(link_in(message.get_content()))
    expect(bob.page.get_by_role("heading", name="Join Acme?")).to_be_visible()
    bob.keep("invitation-signed-out")
    bob.page.get_by_role("link", name="Sign in and accept").click()
    bob.sign_in("bob")
    expect(bob.page.get_by_text("You are signed in as bob")).to_be_visible()
    bob.keep("invitation-signed-in")
    bob.page.get_by_role("button", name="Accept").click()
    bob.page.wait_for_url("**/accounts/**")
    assert Membership.objects.get(user__username="bob", account=account).role == Role.STAFF
    owner.page.reload()
    expect(owner.page.get_by_role("region", name="Invitations")).to_have_count(0)


def test_by_mail_a_new_person_sets_a_password(
    owner: Visitor, bob: Visitor, account: Account, mailbox: list[bytes]
) -> None:
    owner.page.get_by_label("E-mail").fill(BOB)
    owner.page.get_by_role("button", name="Invite").click()
    owner.page.get_by_role("button", name=f"Send again to {BOB}").click()
    expect(owner.page.get_by_role("status")).to_contain_text("An invitation was sent")
    first, second = (message_from_bytes(raw, policy=policy.default) for raw in mailbox)

    bob.page.goto(link_in(first.get_content()))  # type: ignore[attr-defined]
    expect(bob.page.get_by_role("heading", name="This link is void")).to_be_visible()
    bob.keep("void-link")
    bob.page.goto(link_in(second.get_content()))  # type: ignore[attr-defined]
    set_password(bob)
    expect(bob.page.get_by_role("status")).to_contain_text(f"From now on you sign in as {BOB}")
    assert Membership.objects.filter(user__email=BOB, account=account).exists()


def test_without_mail_the_owner_hands_the_link_over(owner: Visitor, bob: Visitor, account: Account) -> None:
    owner.page.get_by_label("Name or e-mail").fill("Bob")
    owner.page.get_by_role("button", name="Invite").click()
    link = link_in(owner.page.locator("#link").inner_text())
    owner.keep("people-link")

    bob.page.goto(link)
    set_password(bob)
    name = Membership.objects.exclude(user__username="ada").get(account=account).user.username
    expect(bob.page.get_by_role("status")).to_contain_text(f"you sign in as {name}")
    assert re.fullmatch(r"bob-[a-z0-9]{4}", name)


def test_an_invitation_is_declined(owner: Visitor, bob: Visitor, account: Account) -> None:
    owner.page.get_by_label("Name or e-mail").fill("Bob")
    owner.page.get_by_role("button", name="Invite").click()
    bob.page.goto(link_in(owner.page.locator("#link").inner_text()))
    bob.page.get_by_role("button", name="Decline").click()
    expect(bob.page.get_by_role("heading", name="Declined")).to_be_visible()
    bob.keep("declined")
    assert Membership.objects.filter(account=account).count() == 1
