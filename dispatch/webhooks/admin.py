"""Admin pages of webhooks: endpoints, messages and attempts; pause, resume, send again."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from adtarget.admin.audit import note
from adtarget.admin.base import AuditedAdmin, BigTableAdmin, ReadOnlyAdmin
from adtarget.admin.display import badge, link_to, moment, pretty_json
from dispatch.webhooks import delivering, endpoints
from dispatch.webhooks.forms import WebhookForm
from dispatch.webhooks.models import WebhookAttempt, WebhookEndpoint, WebhookMessage

KINDS = {"sent": "sent", "failed": "failed", "pending": "pending"}


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(AuditedAdmin, BigTableAdmin):
    form = WebhookForm
    list_display = ("url", "account_link", "state", "told", "failing", "created_at")
    list_filter = ("is_active", ("paused_at", admin.EmptyFieldListFilter), "account")
    list_select_related = ("account",)
    search_fields = ("url", "pk", "account__name")
    fields = ("url", "events", "is_active", "account_link", "state", "pause_message", "failing", "created_at")
    readonly_fields = ("account_link", "state", "pause_message", "failing", "created_at")
    actions = ("resume",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # made over the API or in the dashboard, where its secret is read

    def delete_model(self, request: HttpRequest, obj: WebhookEndpoint) -> None:
        note(request, "delete", obj, details={"id": obj.pk})
        endpoints.delete(obj, now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        for endpoint in queryset:
            self.delete_model(request, endpoint)

    @admin.action(description="Resume: what waits goes out now", permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        for endpoint in queryset:
            delivering.resume(endpoint, now=timezone.now())
            note(request, "resume", endpoint)
        self.message_user(request, f"{queryset.count()} resumed.")

    @admin.display(description="Account", ordering="account")
    def account_link(self, endpoint: WebhookEndpoint) -> str:
        return link_to(endpoint.account)

    @admin.display(description="State")
    def state(self, endpoint: WebhookEndpoint) -> SafeString:
        if not endpoint.is_active:
            return badge("off")
        return badge("paused", "failed") if endpoint.paused_at else badge("active", "sent")

    @admin.display(description="Told of")
    def told(self, endpoint: WebhookEndpoint) -> str:
        return ", ".join(endpoint.events) or "everything"

    @admin.display(description="Failing since", ordering="failing_since")
    def failing(self, endpoint: WebhookEndpoint) -> str:
        return moment(endpoint.failing_since)


class WebhookAttemptInline(admin.TabularInline):
    model = WebhookAttempt
    extra = 0
    can_delete = False
    ordering = ("number",)
    fields = readonly_fields = ("number", "started_at", "duration_ms", "http_status", "answer")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(WebhookMessage)
class WebhookMessageAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "event", "endpoint_link", "shown_status", "attempts", "next", "last_answer")
    list_filter = ("status", "event", "endpoint")
    list_select_related = ("endpoint",)
    search_fields = ("=pk",)
    fields = ("id", "event", "endpoint_link", "shown_status", "created_at", "next", "last_answer", "document")
    readonly_fields = fields
    inlines = (WebhookAttemptInline,)
    actions = ("tell_again",)

    def has_tell_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("webhooks.change_webhookmessage")

    @admin.action(description="Tell again now, under the same id", permissions=["tell"])
    def tell_again(self, request: HttpRequest, queryset: QuerySet[WebhookMessage]) -> None:
        for message in queryset:
            delivering.retry_message(message, now=timezone.now())
        self.message_user(request, f"{queryset.count()} will be told again.")

    @admin.display(description="Endpoint", ordering="endpoint")
    def endpoint_link(self, message: WebhookMessage) -> str:
        return link_to(message.endpoint)

    @admin.display(description="Status", ordering="status")
    def shown_status(self, message: WebhookMessage) -> SafeString:
        return badge(message.status, KINDS[message.status])

    @admin.display(description="Next", ordering="due_at")
    def next(self, message: WebhookMessage) -> str:
        return moment(message.due_at)

    @admin.display(description="Message")
    def document(self, message: WebhookMessage) -> str:
        return pretty_json(message.body)
