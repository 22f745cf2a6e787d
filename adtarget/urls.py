"""All URL prefixes on one screen."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views import defaults
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from adtarget.api import exception_handler
from adtarget.dashboard.sign_in.views.signing_in import sign_in_to_admin
from adtarget.demo.landing import landing
from adtarget.openapi.pages import explain_errors
from tracker.telegram.webhook import webhook

admin.autodiscover()

# Without OPTIONS, for which it has no template.
docs = SpectacularSwaggerView.as_view(url_name="schema", http_method_names=["get", "head"])

urlpatterns = [
    path("api/v1/", include("adtarget.api.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path(
        "api/docs/", SpectacularSwaggerView.as_view(url_name="schema", http_method_names=["get", "head"]), name="docs"
    ),
    path("api/docs/errors", explain_errors, name="errors"),
    path("", include("tracker.urls")),
    path("demo/", landing, name="demo-landing"),
    path("telegram/webhook/<str:bot_id>", webhook, name="telegram-webhook"),
    path("admin/login/", sign_in_to_admin),
    path("admin/", admin.site.urls),
    path("", include("adtarget.dashboard.urls")),
]


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_public(request):
        return exception_handler.bad_request(request, exception)
    return defaults.bad_request(request, exception)


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    """JSON below the public prefixes, a page elsewhere."""
    if _is_public(request):
        return exception_handler.not_found(request, exception)
    return defaults.page_not_found(request, exception)


def handler500(request: HttpRequest) -> HttpResponse:
    if _is_public(request):
        return exception_handler.server_error(request)
    return defaults.server_error(request)


def _is_public(request: HttpRequest) -> bool:
    return request.path.startswith(("/api/", "/backend/", "/telegram/"))
