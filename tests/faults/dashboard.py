"""The dashboard of a running product, used as an owner's browser would."""

import threading

import requests

from tests.faults.stack import Stack

PASSWORD = "correct horse battery staple"
MAKE_OWNER = f"""
from django.contrib.auth.models import User
from leads import members
from leads.choices import Role
from leads.models import Account
members.add(Account.objects.get(), User.objects.create_user("owner", password="{PASSWORD}"), Role.OWNER)
print(Account.objects.get().pk)
"""
PIXEL_ROWS = """
import json
from dispatch.models import Pixel
print(json.dumps([[p.platform, p.pk, p.site_id, p.pixel_id] for p in Pixel.objects.all()]))
"""
#: Options that the dashboard's form would otherwise empty.
TYPED = {"google": {"conversion_actions": "Lead = 7654321\nPurchase = 7654322"}}


class Dashboard:
    """An owner's browser: switches and resumes pixels."""

    def __init__(self, stack: Stack) -> None:
        account = stack.manage("shell", "-v0", "-c", MAKE_OWNER).strip()
        self._account = f"/accounts/{account}/"
        rows: list[tuple[str, ...]] = stack.read_json(PIXEL_ROWS)
        self.pixels = {
            platform: (f"{self._account}set-up/sites/{site}/pixels/{key}/", pixel)
            for platform, key, site, pixel in rows
        }
        self._stack, self._local = stack, threading.local()

    def get(self, page: str) -> requests.Response:
        """A page of the account, by its path below it."""
        answer = self._session().get(self._url(f"{self._account}{page}"), timeout=30)
        answer.raise_for_status()
        return answer

    def switch(self, platform: str, *, on: bool) -> requests.Response:
        path, pixel_id = self.pixels[platform]
        form = {"pixel_id": pixel_id, **TYPED.get(platform, {})}
        return self._post(path, form | ({"is_active": "on"} if on else {}))

    def resume(self, platform: str) -> requests.Response:
        return self._post(f"{self.pixels[platform][0]}resume/", {})

    def _post(self, path: str, form: dict[str, str]) -> requests.Response:
        session = self._session()
        headers = {"X-CSRFToken": session.cookies["csrftoken"]}
        answer = session.post(self._url(path), data=form, headers=headers, allow_redirects=False, timeout=30)
        assert "/pixels/" in answer.headers.get("Location", "") or answer.status_code >= 500, answer.text[:2000]
        return answer

    def _session(self) -> requests.Session:
        """This thread's own, signed in."""
        if not hasattr(self._local, "session"):
            session = requests.Session()
            session.get(self._url("/sign-in/"), timeout=30).raise_for_status()
            form = {"username": "owner", "password": PASSWORD, "csrfmiddlewaretoken": session.cookies["csrftoken"]}
            answer = session.post(self._url("/sign-in/"), data=form, allow_redirects=False, timeout=30)
            if answer.status_code != 302:
                raise requests.RequestException(f"sign-in answered {answer.status_code}")
            self._local.session = session
        return self._local.session  # type: ignore[no-any-return]

    def _url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._stack.port}{path}"
