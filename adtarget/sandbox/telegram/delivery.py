"""Brings updates to webhooks: one at a time, again until one is answered with 2xx."""

import contextlib
import http.client
import ipaddress
import json
import threading
import time
from urllib.parse import SplitResult, urlsplit

from adtarget.sandbox.telegram.state import Bot, Json, State

HEADERS = {"Content-Type": "application/json", "Connection": "close"}
TIMEOUT_SECONDS = 10


class Deliverer:
    """One thread a bot, so that a webhook that hangs keeps no other waiting."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.retry_seconds = 1.0
        self._stopping = threading.Event()
        self._threads: dict[Bot, threading.Thread] = {}

    def serve(self, bot: Bot) -> None:
        """Begins with a bot that has a webhook; the second call does nothing."""
        if bot not in self._threads:
            thread = threading.Thread(target=self._run, args=(bot,), name=f"telegram-{bot.id}", daemon=True)
            self._threads[bot] = thread
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        with self.state.changed:
            self.state.changed.notify_all()
        for thread in self._threads.values():
            thread.join(timeout=TIMEOUT_SECONDS)

    @property
    def is_stopping(self) -> bool:
        return self._stopping.is_set()

    def _run(self, bot: Bot) -> None:
        while not self._stopping.is_set():
            with self.state.changed:
                self.state.changed.wait_for(lambda: self._stopping.is_set() or (bot.webhook.url and bot.updates))
                if self._stopping.is_set():
                    return
                update, url, secret = bot.updates[0], bot.webhook.url, bot.webhook.secret
            problem = post(url, secret, update)
            with self.state.changed:
                if problem:
                    bot.webhook.last_error_date, bot.webhook.last_error_message = int(time.time()), problem
                elif bot.updates and bot.updates[0] is update:
                    bot.updates.popleft()
            if problem:
                self._stopping.wait(self.retry_seconds)


def post(url: str, secret: str, update: Json) -> str:
    """What went wrong, or nothing. Nothing leaves this machine."""
    parts = urlsplit(url)
    if not is_this_machine(parts.hostname or ""):
        return "The sandbox posts to this machine only"
    proof = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {}
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    with contextlib.closing(connection):
        try:
            connection.request("POST", _target(parts), json.dumps(update), {**HEADERS, **proof})
            response = connection.getresponse()
            response.read()
        except (OSError, http.client.HTTPException) as error:
            return f"Connection failed: {error}"
    return "" if 200 <= response.status < 300 else f"Wrong response from the webhook: {response.status}"


def _target(parts: SplitResult) -> str:
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"


def is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
