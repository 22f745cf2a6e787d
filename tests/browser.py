"""One headless Chromium for all browser tests of a pytest process; each test opens a context of its own in it."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update "
    "--disable-sync --disable-quic "
    # The page is made up by the driver, so Chromium cannot tell that it is of this machine as well.
    "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests"
).split()
# Every name is this machine, except Telegram's, which must not be reached.
NAMES = "--host-resolver-rules=MAP t.me ~NOTFOUND, MAP * 127.0.0.1"


class SharedChromium:
    """Chromium and Playwright's event loop, which runs only while a test uses the browser.

    Playwright keeps its loop running in our thread. Left so, Django would take every later test for
    asynchronous code, and `asyncio.run` would refuse to start.
    """

    def __init__(self) -> None:
        from playwright.sync_api import sync_playwright

        self._manager = sync_playwright()
        self._playwright = self._manager.start()
        self.browser: Any = self._playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, NAMES])
        self._loop = asyncio.get_running_loop()
        asyncio._set_running_loop(None)

    @contextmanager
    def in_use(self) -> Iterator[Any]:
        asyncio._set_running_loop(self._loop)
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        try:
            yield self.browser
            for context in self.browser.contexts:
                context.close()
        finally:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
            asyncio._set_running_loop(None)

    def close(self) -> None:
        asyncio._set_running_loop(self._loop)
        self.browser.close()
        self._playwright.stop()
