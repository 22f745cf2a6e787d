"""What is set up, and what is still missing."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import OuterRef, Subquery

from dispatch.models import Pixel
from leads.models import Account, Channel, Site
from tracker.models import Visit

MOST_SITES = 100


@dataclass(slots=True)
class SiteSetUp:
    site: Site
    last_visit: datetime | None
    channels: list[Channel] = field(default_factory=list)
    pixels: list[Pixel] = field(default_factory=list)

    @property
    def missing(self) -> list[str]:
        """What to do next, in order; empty where events flow."""
        steps = [
            (self.site.is_paused, "The site is paused and takes no events."),
            (not self.last_visit, "Put the snippet into your page: we have not seen a visit yet."),
            (not self.channels, "Add a channel: make the bot an administrator of it."),
            (not any(channel.is_default for channel in self.channels), "Choose the default channel."),
            (any(channel.bot_problem for channel in self.channels), "A channel's bot has a problem, see below."),
            (not any(pixel.is_active for pixel in self.pixels), "Connect a pixel: without one nothing is sent."),
            (any(pixel.paused_at for pixel in self.pixels), "A pixel is paused: the platform refused its access."),
        ]
        return [sentence for is_missing, sentence in steps if is_missing]


def site_set_ups(account: Account) -> list[SiteSetUp]:
    latest = Visit.objects.filter(site=OuterRef("pk")).order_by("-visited_at").values("visited_at")[:1]
    sites = Site.objects.filter(account=account).annotate(last_visit=Subquery(latest)).order_by("domain")[:MOST_SITES]
    found = {site.pk: SiteSetUp(site, site.last_visit) for site in sites}
    for channel in Channel.objects.filter(site__in=found).select_related("bot").order_by("funnel_order", "title"):
        found[channel.site_id].channels.append(channel)
    for pixel in Pixel.objects.filter(site__in=found).order_by("platform", "pixel_id"):
        found[pixel.site_id].pixels.append(pixel)
    return list(found.values())
