"""Records events that count only after a person has stayed in the channel."""

from datetime import datetime

from django.db import transaction

from leads.locking import lock_lead
from tracker import joins
from tracker.models import Join

AT_ONCE = 500


def qualify_stays(now: datetime) -> int:
    """Records the events of those who have stayed long enough; how many they were.

    Whoever left before has no `qualifies_at` any more; whoever left after it
    had stayed, however late this runs.
    """
    due = Join.objects.filter(qualifies_at__lte=now).order_by("qualifies_at").values_list("pk", flat=True)
    return sum(_qualify(join_id, now=now) for join_id in due[:AT_ONCE])


@transaction.atomic
def _qualify(join_id: int, *, now: datetime) -> bool:
    join = Join.objects.select_related("channel__site", "lead", "visit").get(pk=join_id)
    join.lead, _ = lock_lead(site=join.channel.site, telegram_user_id=join.lead.telegram_user_id, now=now)
    join.refresh_from_db(fields=["qualifies_at", "counted_at"])
    if join.qualifies_at is None or join.qualifies_at > now:
        return False
    joins.count(join, now=now)
    join.save(update_fields=["qualifies_at", "counted_at"])
    return join.counted_at is not None
