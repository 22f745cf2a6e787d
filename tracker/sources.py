"""Names the ad source of a visit."""

import json
from collections.abc import Mapping

from dispatch.platforms.registry import PLATFORMS, kept_parameters
from tracker.models import Visit


def ad_source(visit: Visit | None) -> str:
    """`facebook · spring · video 2`, else whose click it was, else ''."""
    if visit is None:
        return ""
    tags = [tag for tag in (visit.utm_source, visit.utm_campaign, visit.utm_content) if tag]
    return " · ".join(tags or [f"{name} click" for name in clicked(visit)])


def clicked(visit: Visit) -> list[str]:
    """The platforms and networks whose click id the visit carried."""
    platforms = [
        platform.name for platform in PLATFORMS.values() if any(visit.signal(field) for field in platform.click_fields)
    ]
    networks = (network for name, network in kept_parameters().items() if visit.parameters.get(name))
    return list(dict.fromkeys([*platforms, *networks]))


def parameters_as_text(parameters: Mapping[str, str]) -> str:
    """Kept parameters as one cell of a file: a JSON object, '' without any."""
    return json.dumps(parameters, ensure_ascii=False) if parameters else ""
