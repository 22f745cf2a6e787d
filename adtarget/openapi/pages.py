"""The page that explains error codes and reasons, where `docUrl` of an error leads."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from adtarget.openapi import catalogue


def explain_errors(request: HttpRequest) -> HttpResponse:
    context = {
        "errors": list(catalogue.error_rows()),
        "reasons": list(catalogue.reason_rows()),
        "warnings": catalogue.warning_codes(),
    }
    return render(request, "api/errors.html", context)
