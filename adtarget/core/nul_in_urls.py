"""Answers 404 to URLs containing NUL, which PostgreSQL refuses, and drops cookies containing one."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse

#: Their parameters are checked one by one, and a NUL there is answered by name.
CHECK_THEIR_QUERY = ("/api/", "/backend/", "/telegram/")
CHECK_THEIR_PATH = ("/telegram/",)


class CleanAddressMiddleware:
    """Answers 404 to a URL with a NUL, which no id holds."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        in_query = "%00" in request.META["QUERY_STRING"] and not request.path.startswith(CHECK_THEIR_QUERY)
        in_path = "\0" in request.path and not request.path.startswith(CHECK_THEIR_PATH)
        if in_query or in_path:
            raise Http404
        if "\\0" in request.META.get("HTTP_COOKIE", ""):  # \000 in a quoted cookie is read as NUL
            for name in [name for name, value in request.COOKIES.items() if "\0" in value]:
                del request.COOKIES[name]
        return self.get_response(request)
