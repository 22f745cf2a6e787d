"""The demo site's landing page, at /demo/ where DEMO is on."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from adtarget.demo.account import ACCOUNT, DOMAIN
from dispatch.platforms.registry import PLATFORMS
from leads.models import Site


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """The page with the demo site's channels; its links lead to the sandbox's Telegram."""
    site = Site.objects.filter(account__name=ACCOUNT, domain=DOMAIN).first() if settings.DEMO else None
    if site is None:
        raise Http404
    channels = site.channels.active().order_by("-is_default", "funnel_order")
    context = {"site": site, "channels": channels, "telegram": settings.TELEGRAM_API_URL, "clicks": _clicks()}
    return render(request, "demo/landing.html", context)


def _clicks() -> list[tuple[str, str, str]]:
    """Of each platform its name, the parameter of an ad's click, and the slug."""
    parameters = {
        slug: next((known.parameter for known in platform.click_ids if known.parameter), "")
        for slug, platform in PLATFORMS.items()
    }
    return [(PLATFORMS[slug].name, parameter, slug) for slug, parameter in parameters.items() if parameter]
