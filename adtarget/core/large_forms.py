"""Refuses forms that are larger than any page's form, before a byte of them is read."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

#: What lies below these answers in JSON and reads no forms.
NO_PAGES = ("/api/", "/backend/", "/telegram/", "/in/")
FORM_TYPES = frozenset({"multipart/form-data", "application/x-www-form-urlencoded"})


class LargeFormMiddleware:
    """413 for a form over FORM_MAX_BYTES. Without it Django's CSRF check would read the whole body first.

    A file to import may have IMPORT_MAX_BYTES: its page reads no body before it knows who asks.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_form = request.content_type in FORM_TYPES and not request.path.startswith(NO_PAGES)
        if is_form and _declared_length(request) > _most(request):
            return render(request, "413.html", status=413)
        return self.get_response(request)


def _most(request: HttpRequest) -> int:
    is_import = request.path.startswith("/accounts/") and request.path.endswith("/imports/upload/")
    most: int = settings.IMPORT_MAX_BYTES + 10_000 if is_import else settings.FORM_MAX_BYTES
    return most


def _declared_length(request: HttpRequest) -> int:
    """0 where there is none: Django then reads nothing either."""
    text = request.META.get("CONTENT_LENGTH") or ""
    return int(text[:20]) if text.isdecimal() else 0
