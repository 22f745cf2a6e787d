"""Where a visit came from, in words."""

from tracker.models import Visit

CLICK_IDS = {
    "Meta": ("fbc",),
    "TikTok": ("ttclid",),
    "Snapchat": ("sccid",),
    "Google": ("gclid", "gbraid", "wbraid"),
}


def ad_source(visit: Visit | None) -> str:
    """`facebook · spring · video 2`, else whose click it was, else ''."""
    if visit is None:
        return ""
    tags = [tag for tag in (visit.utm_source, visit.utm_campaign, visit.utm_content) if tag]
    return " · ".join(tags or [f"{name} click" for name in clicked(visit)])


def clicked(visit: Visit) -> list[str]:
    """The platforms whose click id the visit carried."""
    return [name for name, fields in CLICK_IDS.items() if any(getattr(visit, field) for field in fields)]
