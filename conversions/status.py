"""What the platforms made of a conversion as a whole (contract, section 7)."""

from conversions.choices import CapiStatus
from conversions.models import Conversion
from dispatch.choices import SendStatus


def capi_status(conversion: Conversion) -> CapiStatus:
    """Reads `conversion.sends`; prefetch them where there are many conversions."""
    statuses = {send.status for send in conversion.sends.all()}
    if SendStatus.SENT in statuses:
        return CapiStatus.SENT
    if SendStatus.PENDING in statuses or conversion.awaiting_manual_input:
        return CapiStatus.PENDING
    if SendStatus.FAILED in statuses:
        return CapiStatus.FAILED
    return CapiStatus.SKIPPED
