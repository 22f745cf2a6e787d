"""The registry: every platform we speak to, by its slug."""

from collections.abc import Mapping

from dispatch.platforms.base import Platform
from dispatch.platforms.meta import Meta

PLATFORMS: Mapping[str, Platform] = {platform.slug: platform for platform in (Meta(),)}
