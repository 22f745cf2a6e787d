"""Starting and stopping the sandbox, in a thread of its own or in the caller's."""

import threading

from adtarget.sandbox.connections import Handler, Server
from adtarget.sandbox.state import SandboxState

TELEGRAM_LINKS = "https://t.me"


class Sandbox(SandboxState):
    """`with Sandbox() as sandbox:` serves from a thread on a free port; `serve_forever()` from this one."""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, local_links: bool = False) -> None:
        """`local_links`: Telegram's invite links lead to the sandbox's own page, where they can be clicked."""
        self._server = Server((host, port), Handler)
        self._server.sandbox = self
        self.port: int = self._server.server_address[1]
        self.url = f"http://{host}:{self.port}"
        self._thread: threading.Thread | None = None
        super().__init__(telegram_links=self.url if local_links else TELEGRAM_LINKS)

    def __enter__(self) -> "Sandbox":
        self._thread = threading.Thread(target=self.serve_forever, name="sandbox", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        if self._thread:
            self._thread.join()
        self.close()

    def serve_forever(self) -> None:
        self._server.serve_forever(poll_interval=0.05)

    def close(self) -> None:
        """Lets go of the port and of everybody who still waits."""
        self.stopping.set()
        self._server.server_close()
        self._server.hang_up_on_all()
        self.telegram.deliverer.stop()
