"""The inbox of conversions that await their value."""

from django.http import HttpRequest, HttpResponse

from adtarget.dashboard.access import Access, page, show


@page()
def inbox(request: HttpRequest, access: Access) -> HttpResponse:
    return show(request, access, "values.html", {})
