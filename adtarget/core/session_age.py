"""How long a sign-in lasts: SESSION_IDLE_HOURS without use, SESSION_DAYS at most."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse

BEGAN_AT, USED_AT = "session_began_at", "session_used_at"
PRECISION_SECONDS = 60  # a session in use is written at most once a minute


class SessionAgeMiddleware:
    """Moves the end of a session that is in use; Django's session store refuses what has ended.

    Lies inside SessionMiddleware, which saves the session after it. Requests that
    do not look at the session cost nothing.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        session = request.session
        if session.accessed and SESSION_KEY in session:
            _note_use(session, now=int(time.time()))
        return response


def begin(session: SessionBase) -> None:
    """Call it at the sign-in: from here the longest life of the session counts."""
    now = int(time.time())
    session[BEGAN_AT] = now
    _move_end(session, now=now)


def _note_use(session: SessionBase, *, now: int) -> None:
    if BEGAN_AT not in session:
        session[BEGAN_AT] = now
    elif now - session.get(USED_AT, 0) < PRECISION_SECONDS:
        return
    _move_end(session, now=now)


def _move_end(session: SessionBase, *, now: int) -> None:
    session[USED_AT] = now
    left = session[BEGAN_AT] + settings.SESSION_LONGEST_SECONDS - now
    if left <= 0:
        session.flush()
    else:
        session.set_expiry(min(settings.SESSION_COOKIE_AGE, left))
