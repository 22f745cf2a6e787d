"""Kombu's Redis transport, for which an unreadable message ends the worker's connection for good."""

from typing import Any

from kombu.transport import redis

from adtarget.core.unreadable_messages import ReadableOnly, note_dropped


class QoS(redis.QoS):
    """Messages that were taken and not yet confirmed."""

    def restore_by_tag(self, tag: Any, client: Any = None, leftmost: bool = False) -> None:
        try:
            super().restore_by_tag(tag, client, leftmost)
        except (TypeError, ValueError):
            channel: Any = self.channel
            with channel.conn_or_acquire(client) as connection:
                connection.hdel(self.unacked_key, tag)
                connection.zrem(self.unacked_index_key, tag)
            note_dropped("unacked", "not JSON")


_Channel: Any = redis.Channel  # the stubs leave out what is private


class Channel(ReadableOnly, _Channel):
    QoS = QoS

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)
        except ValueError:  # of the JSON alone: what is done with a message raises none
            note_dropped("adtarget", "not JSON")
            return True

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        while True:
            try:
                return super()._get(queue)
            except ValueError:
                note_dropped(queue, "not JSON")


class Transport(redis.Transport):
    Channel = Channel
