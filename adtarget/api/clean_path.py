"""Addresses that no database takes never reach one."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse


class CleanPathMiddleware:
    """404 for a NUL in an address of the API: no id of ours holds one, and PostgreSQL refuses to compare with it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path and request.path.startswith("/api/"):
            raise Http404
        return self.get_response(request)
