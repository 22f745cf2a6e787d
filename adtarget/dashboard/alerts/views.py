"""Pages of alerts: open and past ones, and their settings."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from adtarget.alerts import telling
from adtarget.alerts.forms import AlertForm
from adtarget.alerts.models import Alert, AlertSettings
from adtarget.core import rate_limit
from adtarget.dashboard import audit
from adtarget.dashboard.access import MANAGERS, Access, page, show
from adtarget.dashboard.paging import Slice


@page()
def alerts(request: HttpRequest, access: Access) -> HttpResponse:
    found = Alert.objects.filter(account=access.account).prefetch_related("notices")
    context = {
        "open_alerts": found.open().order_by("opened_at")[:100],
        "over": Slice(found.filter(resolved_at__isnull=False).order_by("-opened_at"), request),
        "settings": _settings_of(access),
    }
    return show(request, access, "alerts/alerts.html", context)


@page(MANAGERS)
def alert_settings(request: HttpRequest, access: Access) -> HttpResponse:
    form = AlertForm(request.POST or None, instance=_settings_of(access))
    if form.is_bound and any(error.code == "invalid_choice" for error in form.errors.as_data().get("telegram_bot", [])):
        raise Http404
    if form.is_valid():
        with transaction.atomic():
            form.save()
            audit.note(request, access, "change_alerts", access.account.name, fields=form.changed_data)
        messages.success(request, "Saved. Send a test alert to see it arrive.")
        return redirect("dashboard:alert-settings", access.account.pk)
    return _show_settings(request, access, form=form)


@require_POST
@page(MANAGERS)
def test_alert(request: HttpRequest, access: Access) -> HttpResponse:
    """Sends a test notice by every way at once, and shows the outcome."""
    told_settings, results = _settings_of(access), []
    if seconds := rate_limit.take(f"test-alert:{access.account.pk}", per_minute=2, burst=5):
        messages.error(request, f"Too many test alerts. Wait {seconds} seconds and try again.")
        return redirect("dashboard:alert-settings", access.account.pk)
    name = access.account.name
    text = f"{access.user.get_username()} asked for this message. Alerts will look like it."
    for route in told_settings.routes:
        try:
            telling.tell(route, told_settings, subject=f"{name}: test alert", text=text)
            results.append((route.label, ""))
        except telling.CannotTell as error:
            results.append((route.label, str(error)))
    audit.note(request, access, "test_alert", name, results=dict(results))
    return _show_settings(request, access, results=results, is_tested=True)


def _show_settings(request: HttpRequest, access: Access, **more: Any) -> HttpResponse:
    saved = _settings_of(access)
    context = {
        "form": AlertForm(instance=saved),
        "settings": saved,
        "is_mail_configured": settings.EMAIL_IS_CONFIGURED,
        **more,
    }
    return show(request, access, "alerts/settings.html", context)


def _settings_of(access: Access) -> AlertSettings:
    saved = AlertSettings.objects.select_related("telegram_bot").filter(account=access.account).first()
    return saved or AlertSettings(account=access.account)
