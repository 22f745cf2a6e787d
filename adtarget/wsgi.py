"""The WSGI application that gunicorn loads; it also closes client connections that cannot be reused."""

import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "adtarget.settings")
# Error pages of DEBUG show settings and local variables to the visitor.
if settings.DEBUG and "runserver" not in sys.argv:
    raise ImproperlyConfigured("DEBUG is for `manage.py runserver` only. Set DEBUG=false to serve others.")
_application = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answers a request, with `Connection: close` where a refused body may still be on its way.

    WSGI forbids an application to send that header; gunicorn's response can be told.
    """

    def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
        response: Any = getattr(start_response, "__self__", None)
        if status >= "4" and _may_be_unread(environ) and hasattr(response, "force_close"):
            response.force_close()
        return start_response(status, headers, *more)

    return _application(environ, start)


def _may_be_unread(environ: dict[str, Any]) -> bool:
    length = environ.get("CONTENT_LENGTH") or "0"
    is_known = length.isdecimal() and len(length) < 10
    return "HTTP_TRANSFER_ENCODING" in environ or not is_known or int(length) > settings.API_MAX_BODY_BYTES
