"""Pages of outgoing webhooks: endpoints, secrets, messages and their attempts."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from adtarget.dashboard import audit
from adtarget.dashboard.access import OWNERS, Access, page, show
from adtarget.dashboard.asking import may_ask
from dispatch.webhooks import delivering, endpoints, outbox
from dispatch.webhooks.choices import MessageStatus
from dispatch.webhooks.forms import WebhookForm
from dispatch.webhooks.models import WebhookEndpoint, WebhookMessage

SHOWN_MESSAGES = 50


@page(OWNERS, recent=True)
def webhooks(request: HttpRequest, access: Access) -> HttpResponse:
    form = WebhookForm(request.POST or None, instance=WebhookEndpoint(account=access.account))
    if form.is_valid():
        try:
            with transaction.atomic():
                made = endpoints.register(account=access.account, **form.cleaned_data)
                audit.note(request, access, "create_webhook", made.url)
        except endpoints.TooManyEndpoints as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Registered. Verify messages with its secret, then send a test.")
            return redirect("dashboard:webhook", access.account.pk, made.pk)
    mine = WebhookEndpoint.objects.filter(account=access.account).order_by("-created_at")
    return show(request, access, "webhooks/webhooks.html", {"form": form, "endpoints": mine})


@page(OWNERS, recent=True)
def webhook(request: HttpRequest, access: Access, webhook_id: str) -> HttpResponse:
    """One webhook with its secret; no cache may store the page."""
    endpoint = _endpoint(access, webhook_id)
    form = WebhookForm(request.POST or None, instance=endpoint)
    if form.is_valid():
        with transaction.atomic():
            form.save(commit=False).save(update_fields=["url", "events"])
            audit.note(request, access, "change_webhook", endpoint.url, fields=form.changed_data)
        messages.success(request, "Saved.")
        return redirect("dashboard:webhook", access.account.pk, endpoint.pk)
    context = {"form": form, "secret": endpoints.secret_of(endpoint), **_told(endpoint)}
    return show(request, access, "webhooks/webhook.html", context)


@page(OWNERS)
def webhook_messages(request: HttpRequest, access: Access, webhook_id: str) -> HttpResponse:
    """The live part of the page."""
    context = {"account": access.account, **_told(_endpoint(access, webhook_id))}
    return render(request, "dashboard/webhooks/_messages.html", context)


@require_POST
@page(OWNERS)
def test_webhook(request: HttpRequest, access: Access, webhook_id: str) -> HttpResponse:
    endpoint = _endpoint(access, webhook_id)
    if may_ask(request, access):
        with transaction.atomic():
            outbox.tell_a_test(endpoint, now=timezone.now())
        messages.success(request, "A test is on its way. What comes back appears below.")
    return redirect("dashboard:webhook", access.account.pk, endpoint.pk)


@require_POST
@page(OWNERS, recent=True)
def rotate_webhook_secret(request: HttpRequest, access: Access, webhook_id: str) -> HttpResponse:
    endpoint = _endpoint(access, webhook_id)
    with transaction.atomic():
        endpoints.rotate_secret(endpoint, now=timezone.now())
        audit.note(request, access, "rotate_webhook_secret", endpoint.url)
    messages.success(request, "There is a new secret. For 24 hours the former one signs beside it.")
    return redirect("dashboard:webhook", access.account.pk, endpoint.pk)


@require_POST
@page(OWNERS)
def switch_webhook(request: HttpRequest, access: Access, webhook_id: str) -> HttpResponse:
    """On, which also resumes a paused one, or off."""
    endpoint = _endpoint(access, webhook_id)
    endpoint.is_active = request.POST.get("is_active") == "on"
    with transaction.atomic():
        endpoint.save(update_fields=["is_active"])
        if endpoint.is_active:
            delivering.resume(endpoint, now=timezone.now())
        audit.note(request, access, "resume_webhook" if endpoint.is_active else "stop_webhook", endpoint.url)
    return redirect("dashboard:webhook", access.account.pk, endpoint.pk)


@require_POST
@page(OWNERS)
def delete_webhook(request: HttpRequest, access: Access, webhook_id: str) -> HttpResponse:
    endpoint = _endpoint(access, webhook_id)
    with transaction.atomic():
        audit.note(request, access, "delete_webhook", endpoint.url)
        endpoints.delete(endpoint, now=timezone.now())
    messages.success(request, f"{endpoint.url} receives no more messages.")
    return redirect("dashboard:webhooks", access.account.pk)


@require_POST
@page(OWNERS)
def retry_webhook_message(request: HttpRequest, access: Access, webhook_id: str, message_id: str) -> HttpResponse:
    endpoint = _endpoint(access, webhook_id)
    delivering.retry_message(get_object_or_404(WebhookMessage, pk=message_id, endpoint=endpoint), now=timezone.now())
    messages.success(request, "On its way again, under the same id.")
    return redirect("dashboard:webhook", access.account.pk, endpoint.pk)


def _told(endpoint: WebhookEndpoint) -> dict[str, Any]:
    told = list(endpoint.messages.order_by("-created_at", "-pk").prefetch_related("attempt_set")[:SHOWN_MESSAGES])
    is_waiting = any(message.status == MessageStatus.PENDING for message in told)
    return {"endpoint": endpoint, "told": told, "is_waiting": is_waiting}


def _endpoint(access: Access, webhook_id: str) -> WebhookEndpoint:
    return get_object_or_404(WebhookEndpoint, pk=webhook_id, account=access.account)
