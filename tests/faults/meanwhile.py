"""What people do during a storm: webhooks come and go, pixels are switched and paused, leads are erased.

Each change is asked for over HTTP and asked again until it is answered, as a person would.
"""

import random
import threading
import time
from collections.abc import Callable

import requests

from tests.faults.dashboard import Dashboard
from tests.faults.settlement import Deletion, Listener, Log, Span
from tests.faults.stack import Stack, wait_for


class People:
    """Threads that change things at random until the storm ends; `log` keeps what was answered."""

    def __init__(self, stack: Stack, log: Log, *, ends: float, seed: int) -> None:
        self.stack, self.log, self.ends, self.seed = stack, log, ends, seed
        self.dashboard = Dashboard(stack)
        self.lasting = self._register("lasting", [])
        self.errors: list[str] = []

    def start(self) -> list[threading.Thread]:
        works = [self._erase, self._erase_at_once, self._change_webhooks, self._switch_pixels, self._pause_pixels]
        threads = [
            threading.Thread(target=self._guarded, args=(work, random.Random(self.seed + number)))
            for number, work in enumerate(works)
        ]
        for thread in threads:
            thread.start()
        return threads

    def calm(self) -> None:
        """All pixels are on and none is paused, whatever the storm left."""
        for platform in self.dashboard.pixels:
            self.dashboard.resume(platform)

    def _guarded(self, work: Callable[[random.Random], None], dice: random.Random) -> None:
        try:
            while time.monotonic() < self.ends:
                work(dice)
        except Exception as error:  # shown with the settlement: half a storm proves nothing
            self.errors.append(f"{work.__name__} stopped: {error!r}")

    # -------------------------------------------------------------- leads
    def _erase(self, dice: random.Random) -> None:
        """Somebody of the last minutes."""
        time.sleep(dice.uniform(0.5, 2))
        self._erase_one(dice, among=300)

    def _erase_at_once(self, dice: random.Random) -> None:
        """Somebody whose event was answered this moment, so that workers have it in hand."""
        time.sleep(dice.uniform(0.5, 2))
        self._erase_one(dice, among=3)

    def _erase_one(self, dice: random.Random, *, among: int) -> None:
        recent = [promise.person for promise in list(self.log.promises.values())[-among:]]
        person = dice.choice(recent) if recent else None
        if person is None or person in self.log.erased:
            return
        self.log.erased[person] = time.time()
        persist(lambda: self._call("DELETE", f"/api/v1/leads/{person}"), {204})
        persist(lambda: self._call("POST", "/api/v1/events/conversion", self.stack.lead(person)), {410})

    # -------------------------------------------------------------- webhooks
    def _change_webhooks(self, dice: random.Random) -> None:
        time.sleep(dice.uniform(0.2, 2))
        if len(self.log.kept()) < 4 and dice.random() < 0.6:
            wanted = dice.choice([[], ["send.sent"], ["send.failed", "pixel.paused"]])
            self._register(f"passing-{len(self.log.listeners)}", wanted)
        else:
            self._delete_one(dice)

    def _register(self, receiver: str, events: list[str]) -> Listener:
        url = f"{self.stack.sandbox.url}/webhooks/{receiver}"
        headers = {"Idempotency-Key": receiver}
        made = persist(lambda: self._call("POST", "/api/v1/webhooks", {"url": url, "events": events}, headers), {200})
        webhook_id = str(made.json()["webhookId"])
        known = time.time()
        told = persist(lambda: self._call("GET", f"/api/v1/webhooks/{webhook_id}/secret"), {200})
        self.stack.sandbox.webhooks.secrets[receiver] = told.json()["secret"]
        listener = Listener(receiver, webhook_id, since=known, events=events)
        self.log.listeners[receiver] = listener
        return listener

    def _delete_one(self, dice: random.Random) -> None:
        passing = [one for one in self.log.kept() if one.receiver != "lasting"]
        if not passing:
            return
        gone = dice.choice(passing)
        asked = time.time()
        self.log.deleted[gone.receiver] = Deletion(asked, float("inf"))
        # 404: it was deleted by a request whose answer was lost.
        persist(lambda: self._call("DELETE", f"/api/v1/webhooks/{gone.webhook_id}"), {204, 404})
        self.log.deleted[gone.receiver] = Deletion(asked, time.time())

    # -------------------------------------------------------------- pixels
    def _switch_pixels(self, dice: random.Random) -> None:
        time.sleep(dice.uniform(2, 6))
        platform = dice.choice([*self.dashboard.pixels])
        asked = time.time()
        self.log.off.append(Span(platform, asked, float("inf")))
        persist(lambda: self.dashboard.switch(platform, on=False), {302})
        time.sleep(dice.uniform(0.5, 4))
        persist(lambda: self.dashboard.switch(platform, on=True), {302})
        self.log.off[-1] = Span(platform, asked, time.time())

    def _pause_pixels(self, dice: random.Random) -> None:
        """The platform refuses the token until somebody resumes the pixel."""
        time.sleep(dice.uniform(3, 8))
        platform = dice.choice([*self.dashboard.pixels])
        self.log.refusals += 1
        self.stack.sandbox.fault(kind="platform_error", platform=platform, times=2, params={"name": "auth"})
        time.sleep(dice.uniform(1, 4))
        persist(lambda: self.dashboard.resume(platform), {302})

    def _call(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> requests.Response:
        return requests.request(
            method,
            f"http://127.0.0.1:{self.stack.port}{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.stack.token}", **(headers or {})},
            timeout=30,
        )


def persist(call: Callable[[], requests.Response], wanted: set[int]) -> requests.Response:
    """The first answer with a wanted status; what the kills cause is asked again, any other status is an error."""

    def attempt() -> list[requests.Response]:
        try:
            answer = call()
        except requests.RequestException:
            return []
        if answer.status_code >= 500:
            return []
        assert answer.status_code in wanted, f"{answer.status_code}: {answer.text[:300]}"
        return [answer]  # in a list, since a Response of 410 is false

    found: list[requests.Response] = wait_for(attempt, seconds=90, every=0.3)
    return found[0]
