"""How the pages write money, moments and states."""

from datetime import datetime
from decimal import Decimal

from django import template
from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from adtarget.core import exact_json
from adtarget.dashboard import advice
from dispatch import explaining
from dispatch.models import Pixel, Receipt
from dispatch.platforms.building import amount
from dispatch.platforms.registry import PLATFORMS

register = template.Library()


@register.filter
def money(value: Decimal | None, currency: str = "") -> str:
    """`1,234.50 EUR`: grouped, with at least two places unless the currency has none."""
    if value is None:
        return "–"
    written = amount(value, currency) if currency else value
    places = max(_places(value), 0 if isinstance(written, int) and amount(Decimal("0.1"), currency) == 0 else 2)
    return f"{formats.number_format(value, places, force_grouping=True)} {currency}".strip()


@register.filter
def when(moment: datetime | None) -> SafeString | str:
    """Date and time to the minute in the viewer's zone, exact for machines and on hover."""
    if moment is None:
        return "–"
    local = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        local.strftime("%Y-%m-%d %H:%M:%S %Z"),
        local.strftime("%-d %b %Y, %H:%M"),
    )


@register.filter
def share(part: int, whole: int) -> str:
    """`42 %`, or a dash where there is nothing to share."""
    return f"{100 * part / whole:.0f} %" if whole else "–"


@register.simple_tag
def query(request: HttpRequest, **changes: object) -> str:
    """The page's own query with some parameters changed."""
    parameters = request.GET.copy()
    for name, value in changes.items():
        parameters[name] = str(value)
    return f"?{parameters.urlencode()}"


def _places(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


@register.filter
def said_later(receipt: Receipt) -> str:
    """Whether what a platform accepted was counted too."""
    return explaining.explain_receipt(receipt)


@register.filter
def how_to_resume(pixel: Pixel) -> str:
    """What to correct at a paused pixel."""
    return advice.how_to_resume(pixel)


@register.filter
def platform_icon(slug: str) -> SafeString:
    """The platform's letter on its colour, so that lists can be scanned; its name stands beside it."""
    icon = PLATFORMS[slug].icon
    return format_html(
        '<svg class="platform" viewBox="0 0 16 16" aria-hidden="true">'
        '<rect x=".5" y=".5" width="15" height="15" rx="3.5" fill="{}" stroke="currentColor" stroke-opacity=".35"/>'
        '<text x="8" y="12" text-anchor="middle" font-size="11" font-weight="700" fill="#fff">{}</text></svg>',
        icon.colour,
        icon.letter,
    )


@register.filter
def pretty(document: object) -> str:
    """JSON, indented."""
    return exact_json.dumps(document, indent=2, ensure_ascii=False)


@register.filter
def unlocalised(number: float) -> str:
    """A number as SVG wants it."""
    return f"{number:g}"


@register.filter
def grouped(number: int) -> str:
    """`21,727`."""
    return f"{number:,}"
