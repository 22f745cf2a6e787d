"""The registry: every platform we speak to, by its slug."""

from collections.abc import Mapping

from dispatch.platforms.base import Platform
from dispatch.platforms.google.payload import Google
from dispatch.platforms.meta.payload import Meta
from dispatch.platforms.snapchat.payload import Snapchat
from dispatch.platforms.tiktok.payload import TikTok

PLATFORMS: Mapping[str, Platform] = {platform.slug: platform for platform in (Meta(), TikTok(), Snapchat(), Google())}
