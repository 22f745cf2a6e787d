"""The joins of a channel as a file."""

from collections.abc import Mapping

from django.shortcuts import get_object_or_404
from django.utils import timezone

from adtarget.dashboard.channels.queries import find_joins
from adtarget.dashboard.filters import PeriodForm
from adtarget.exports.reading import List
from leads.models import Account, Channel
from tracker.models import Join
from tracker.sources import ad_source, parameters_as_text

HEADER = (
    "Joined at",
    "Telegram id",
    "Username",
    "Route",
    "Evidence",
    "Ad source",
    "Left at",
    "Came back",
    "Event recorded at",
    "Click parameters",
)


def wanted_list(account: Account, query: Mapping[str, str]) -> List:
    """The joins of the channel that `query` names, in its period. Http404 where it is not the account's."""
    channel = get_object_or_404(Channel, site__account=account, pk=query.get("channel", ""))
    period = PeriodForm(query).period(now=timezone.now())
    name = f"joins-{period.first}-{period.last}"
    return List(name=name, header=HEADER, rows=find_joins(channel, period), moment="joined_at", line=_line)


def _line(join: Join) -> tuple[object, ...]:
    return (
        join.joined_at and join.joined_at.isoformat(),
        join.lead.telegram_user_id,
        join.lead.telegram_username,
        join.route,
        join.evidence,
        ad_source(join.visit),
        join.left_at and join.left_at.isoformat(),
        join.rejoins,
        join.counted_at and join.counted_at.isoformat(),
        parameters_as_text(join.visit.parameters if join.visit else {}),
    )
