"""How often the pages of an account may ask Telegram and the platforms something."""

from django.contrib import messages
from django.http import HttpRequest

from adtarget.core import rate_limit
from adtarget.dashboard.access import Access

QUESTIONS_PER_MINUTE = 30  # to Telegram and the platforms, by an account's people


def may_ask(request: HttpRequest, access: Access) -> bool:
    """May one more question go out to Telegram or a platform? Says so on the next page where not."""
    wait = rate_limit.take(f"set-up:{access.account.pk}", per_minute=QUESTIONS_PER_MINUTE, burst=QUESTIONS_PER_MINUTE)
    if wait:
        messages.error(request, f"That was often. Wait {wait} seconds and try again.")
    return not wait
