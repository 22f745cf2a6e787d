"""The embedded broker: kombu's folder of messages, made safe for several processes.

Kombu writes a message under its final name, where another process may read it
half written, and the same with its table of bindings. Here a file appears
whole or not at all, and one that cannot be read (a full disk, a power cut) is
dropped: the sweep publishes again.
"""

import os
import tempfile
import uuid
from pathlib import Path
from time import time_ns
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps

from adtarget.core.unreadable_messages import ReadableOnly, note_dropped

_Channel: Any = filesystem.Channel  # the stubs differ from what it takes


class Channel(ReadableOnly, _Channel):
    """Messages are files `<time>_<random>.<queue>.msg`, oldest first."""

    def _put(self, queue: str, message: Any, **kwargs: Any) -> None:
        # Of one width, so that the order of names is the order of time.
        _write_whole(Path(self.data_folder_out) / f"{time_ns():020}_{uuid.uuid4()}.{queue}.msg", message)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        while True:
            try:
                return super()._get(queue)
            except ValueError:
                note_dropped(queue, "not JSON")

    def get_table(self, exchange: str) -> list[Any]:
        try:
            return list(super().get_table(exchange))
        except ValueError:
            return []

    def _queue_bind(self, exchange: str, routing_key: str | None, pattern: str | None, queue: str | None) -> None:
        binding = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        table = self.get_table(exchange)
        if binding not in table:
            self.control_folder.mkdir(exist_ok=True)
            _write_whole(self.control_folder / f"{exchange}.exchange", [binding, *table])


class Transport(filesystem.Transport):
    Channel = Channel


def _write_whole(file: Path, content: Any) -> None:
    """Writes under a temporary name and renames, so that a file appears whole or not at all."""
    handle, unfinished = tempfile.mkstemp(dir=file.parent, prefix=".")
    with os.fdopen(handle, "w") as output:
        output.write(dumps(content))
    os.replace(unfinished, file)
