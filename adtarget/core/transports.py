"""Tells kombu which of our transports stands behind which URL. Not in the settings, which web's parent loads too."""

from kombu.transport import TRANSPORT_ALIASES

REDIS = "adtarget.core.redis_broker:Transport"
TRANSPORT_ALIASES.update({"folder": "adtarget.core.folder_broker:Transport", "redis": REDIS, "rediss": REDIS})
