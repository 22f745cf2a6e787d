"""After a restore: sends that a platform may have counted already, too long ago to recognise them, wait for people."""

from datetime import datetime, timedelta

from dispatch.choices import Reason, SendStatus
from dispatch.models import Send

#: Meta counts an event id once for 48 hours; an hour is left for the restore itself.
COUNTED_ONCE_FOR = timedelta(hours=47)


def hold_restored(*, made_at: datetime, now: datetime) -> int:
    """Ends sends that were open when the backup was made, where that is too long ago; how many.

    Sooner, each goes out again under its own event id, which the platform counts once. Later it might count twice,
    so it ends `failed`, reason `restored`: people retry what they know to be missing.
    """
    if now - made_at < COUNTED_ONCE_FOR:
        return 0
    return Send.objects.open().update(
        status=SendStatus.FAILED,
        reason=Reason.RESTORED,
        due_at=None,
        claim=None,
        error_code="restored",
        error_message="Open in a backup that was restored after the platform's memory of event ids had ended.",
    )
