"""The panel of the admin's first page."""

from django import template
from django.utils import timezone

from dispatch import queries
from dispatch.queries import OpsOverview

register = template.Library()


@register.simple_tag
def ops_overview() -> OpsOverview:
    return queries.ops_overview(timezone.now())
