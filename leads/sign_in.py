"""Signing in: limits on tries, the pending second step, and when the password was last given."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from adtarget.core import rate_limit, session_age
from adtarget.core.client_context import limit_group, peer_address

WAITS = "sign_in_waits"
CONFIRMED_AT = "password_confirmed_at"
WAITS_FOR = timedelta(minutes=10)
RECENT = timedelta(hours=12)

#: Five tries in a row, then one in three minutes: of one name from one address.
TRIES_IN_A_ROW = 5
TRIES_PER_MINUTE = 1 / 3
#: Of one name from all addresses together. It slows guessing down without locking anyone out: a browser in which
#: the person has signed in before is not counted (OWASP, "Blocking Brute Force Attacks", device cookies).
TRIES_OF_ALL_IN_A_ROW = 30
TRIES_OF_ALL_PER_MINUTE = 10
KNOWN_BROWSER = "known_browser"
KNOWN_FOR = timedelta(days=180)


# ------------------------------------------------------------------ tries
def seconds_to_wait(request: HttpRequest | None, *, what: str, who: str) -> int:
    """Takes one of the tries that an address has for `who`; 0 where one was left."""
    address = _address(request)
    wait = rate_limit.take(f"sign-in-from:{address}", per_minute=10, burst=40)
    if not wait:
        wait = rate_limit.take(_bucket(address, what, who), per_minute=TRIES_PER_MINUTE, burst=TRIES_IN_A_ROW)
    if not wait and not _knows_browser(request, what, who):
        wait = rate_limit.take(
            f"{what}-of-all:{who.casefold()}", per_minute=TRIES_OF_ALL_PER_MINUTE, burst=TRIES_OF_ALL_IN_A_ROW
        )
    return wait


def remember_browser(response: HttpResponseBase, user: User) -> None:
    """Marks the browser, so that guesses from elsewhere do not slow its user down."""
    response.set_cookie(
        KNOWN_BROWSER,
        signing.dumps([f"sign-in:{user.get_username().casefold()}", f"code:{user.pk}"], salt=KNOWN_BROWSER),
        max_age=KNOWN_FOR,
        secure=bool(settings.SESSION_COOKIE_SECURE),
        httponly=True,
        samesite="Lax",
    )


def _knows_browser(request: HttpRequest | None, what: str, who: str) -> bool:
    try:
        given = request.COOKIES.get(KNOWN_BROWSER, "") if request else ""
        return f"{what}:{who.casefold()}" in signing.loads(given, salt=KNOWN_BROWSER, max_age=KNOWN_FOR)
    except signing.BadSignature:
        return False


def forget_tries(request: HttpRequest | None, *, what: str, who: str) -> None:
    """Resets the limit after a right password."""
    rate_limit.forget(_bucket(_address(request), what, who))


def _bucket(address: str, what: str, who: str) -> str:
    return f"{what}:{address}:{who.casefold()}"


def _address(request: HttpRequest | None) -> str:
    return limit_group(peer_address(request)) if request else "unknown"


# ------------------------------------------------------------------ the session
def sign_in(request: HttpRequest, user: User) -> None:
    """Signs the user in after all steps."""
    request.session.pop(WAITS, None)
    login(request, user)
    session_age.begin(request.session)
    note_confirmed(request.session)


def wait_for_code(request: HttpRequest, user: User, *, next_page: str) -> None:
    """Remembers a right password until the code of the second step is right too."""
    request.session.cycle_key()
    request.session[WAITS] = {
        "user": user.pk,
        "password": user.get_session_auth_hash(),
        "until": (timezone.now() + WAITS_FOR).isoformat(),
        "next": next_page,
    }


def who_waits(request: HttpRequest) -> tuple[User, str] | None:
    """Whose code is awaited, and the page they want; None where too much time went by or the password changed."""
    waits = request.session.get(WAITS)
    if not waits or datetime.fromisoformat(waits["until"]) < timezone.now():
        return None
    user = User.objects.filter(pk=waits["user"], is_active=True).first()
    if user is None or user.get_session_auth_hash() != waits["password"]:
        return None
    return user, waits["next"]


def note_confirmed(session: SessionBase) -> None:
    session[CONFIRMED_AT] = timezone.now().isoformat()


def is_recent(request: HttpRequest) -> bool:
    """Whether this session's person gave the password within the last twelve hours."""
    at = request.session.get(CONFIRMED_AT)
    return at is not None and datetime.fromisoformat(at) > timezone.now() - RECENT


def end_sessions(user: User, *, but: str | None = None) -> None:
    """Signs the person out everywhere, `but` in the session of this key."""
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        if session.session_key != but and session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()
