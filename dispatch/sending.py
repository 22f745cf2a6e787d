"""Sends what a platform's adapter prepared; an address that people typed leads into the public internet only."""

from django.conf import settings

from adtarget.core import http
from adtarget.core.http_messages import HttpAnswer, PreparedRequest
from dispatch.webhooks import targets


def send(request: PreparedRequest) -> HttpAnswer:
    """The answer, or why there is none; never raises. The rules are those of outgoing webhooks (docs/webhooks.md)."""
    seconds = settings.DISPATCH_ATTEMPT_SECONDS
    if not request.is_guarded:
        return http.send(request, deadline_seconds=seconds)
    try:
        check_address(request.url)
    except targets.WrongTarget as wrong:
        return HttpAnswer(status=0, complete=False, reached=False, error=str(wrong))
    choose = targets.choose_any if settings.WEBHOOKS_ALLOW_PRIVATE else targets.choose_public
    return http.send(request, deadline_seconds=seconds, choose_address=choose)


def check_address(url: str) -> None:
    """Raises WrongTarget where an address that people typed may not lead to; asks no name server.

    Its query may be longer than an address that people type: click ids stand in it.
    """
    targets.check_url(url.partition("?")[0], private_is_allowed=settings.WEBHOOKS_ALLOW_PRIVATE)
