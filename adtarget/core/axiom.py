"""Ships log lines to Axiom, where AXIOM_TOKEN and AXIOM_DATASET are set. Logging never
blocks: what cannot be shipped soon is dropped, and standard error still has it.
"""

import json
import logging
import os
import queue
import threading
import urllib.request

BATCH_SIZE = 500
BATCH_SECONDS = 2.0
TIMEOUT_SECONDS = 5.0
QUEUE_SIZE = 10_000


class AxiomHandler(logging.Handler):
    """Queues formatted lines (JSON objects); a thread of the process posts them in batches."""

    def __init__(self, *, url: str, token: str, dataset: str) -> None:
        super().__init__()
        self._request = (
            f"{url}/v1/datasets/{dataset}/ingest",
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        self._lines: queue.Queue[str] = queue.Queue(QUEUE_SIZE)
        self._shipping_pid = 0

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._lines.put_nowait(self.format(record))
        except queue.Full:
            return
        except Exception:
            self.handleError(record)
        if self._shipping_pid != os.getpid():  # a fork leaves its parent's threads behind
            self._shipping_pid = os.getpid()
            threading.Thread(target=self._ship_for_ever, name="axiom", daemon=True).start()

    def flush(self) -> None:
        """Ships what is queued; called when the process ends."""
        while batch := self._batch(wait=0.0):
            self._post(batch)

    def _ship_for_ever(self) -> None:
        while True:
            self._post(self._batch(wait=BATCH_SECONDS))

    def _batch(self, *, wait: float) -> list[str]:
        """Waits for the first line, then briefly for more."""
        lines: list[str] = []
        try:
            lines.append(self._lines.get(timeout=None if wait else 0.001))
            while len(lines) < BATCH_SIZE:
                lines.append(self._lines.get(timeout=wait or 0.001))
        except queue.Empty:
            pass
        return lines

    def _post(self, lines: list[str]) -> None:
        url, headers = self._request
        body = json.dumps([json.loads(line) for line in lines]).encode()
        request = urllib.request.Request(url, data=body, headers=headers, method="POST")  # noqa: S310
        try:
            urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS).close()  # noqa: S310
        except OSError:
            return  # standard error has the lines; logging a failure of logging would go round in circles
