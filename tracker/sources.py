"""Names the ad source of a visit."""

from dispatch.platforms.registry import PLATFORMS
from tracker.models import Visit


def ad_source(visit: Visit | None) -> str:
    """`facebook · spring · video 2`, else whose click it was, else ''."""
    if visit is None:
        return ""
    tags = [tag for tag in (visit.utm_source, visit.utm_campaign, visit.utm_content) if tag]
    return " · ".join(tags or [f"{name} click" for name in clicked(visit)])


def clicked(visit: Visit) -> list[str]:
    """The platforms whose click id the visit carried."""
    return [
        platform.name for platform in PLATFORMS.values() if any(visit.signal(field) for field in platform.click_fields)
    ]
