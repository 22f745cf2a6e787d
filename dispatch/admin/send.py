"""Sends: where each is, why, and what to do: retry, replay, cancel."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import flatten_fieldsets
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from adtarget.admin.actions import back_to_page, confirmation
from adtarget.admin.audit import actor_of, address_of
from adtarget.admin.base import ReadOnlyAdmin
from adtarget.admin.display import badge, dashboard_page, link, link_to, moment
from dispatch import explaining, replaying, searching
from dispatch.admin.attempt import AttemptInline
from dispatch.admin.platform_filter import PlatformFilter
from dispatch.admin.send_filters import QuestionFilter
from dispatch.admin.send_words import WORDINGS, report
from dispatch.models import Send
from dispatch.replaying import Order, Outcomes


@admin.register(Send)
class SendAdmin(ReadOnlyAdmin):
    list_display = (
        "accepted",
        "shown_status",
        "short_pixel",
        "event",
        "lead",
        "tries",
        "next",
        "why",
    )
    list_display_links = ("accepted", "shown_status")
    list_filter = (
        QuestionFilter,
        "status",
        PlatformFilter,
        # No date_hierarchy: it asks for every day there is, 1.3 s at 400,000 sends on SQLite.
        ("created_at", admin.DateFieldListFilter),
        "reason",
        "pixel",
    )
    list_select_related = ("pixel", "conversion")
    search_fields = ("pk",)
    search_help_text = "Telegram id or name, event id (cnv_…), send id (snd_…), order id or external id, whole."
    actions = ("retry", "replay", "cancel")
    inlines = (AttemptInline,)
    change_form_template = "admin/dispatch/send/change_form.html"
    fieldsets = (
        (None, {"fields": ("shown_status", "explanation", "shown_reason", "last_error", "error_trace_id")}),
        ("What and where", {"fields": ("event", "lead", "pixel_link", "site")}),
        ("When", {"fields": ("accepted", "next", "sent", "attempts", "failures")}),
        (
            "Machinery",
            {
                "classes": ("collapse",),
                "fields": ("id", "priority", "due_at", "claim", "lost_leases", "uncertain_since"),
            },
        ),
    )
    readonly_fields = flatten_fieldsets(fieldsets)

    def view_on_site(self, send: Send) -> str:
        return dashboard_page("send", send.conversion.account_id, send.pk)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Send]:
        heavy = (
            "conversion__pii",
            "conversion__inherited_pii",
            "conversion__api_visit_override",
            "pixel__options",
            "pixel__credential_encrypted",
        )
        return super().get_queryset(request).defer(*heavy)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Send], search_term: str
    ) -> tuple[QuerySet[Send], bool]:
        text = search_term.strip()
        return (queryset.filter(searching.named(text)) if text else queryset), False

    # -------------------------------------------------------------- actions
    def has_deliver_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("dispatch.change_send")

    @admin.action(description="Retry now", permissions=["deliver"])
    def retry(self, request: HttpRequest, sends: Any) -> HttpResponse | None:
        return self._order(request, sends, Order.RETRY, replaying.retry)

    @admin.action(description="Replay, after everything else", permissions=["deliver"])
    def replay(self, request: HttpRequest, sends: Any) -> HttpResponse | None:
        return self._order(request, sends, Order.REPLAY, replaying.replay)

    @admin.action(description="Cancel", permissions=["deliver"])
    def cancel(self, request: HttpRequest, sends: Any) -> HttpResponse | None:
        return self._order(request, sends, Order.CANCEL, replaying.cancel)

    def _order(
        self, request: HttpRequest, sends: Any, order: Order, carry_out: Callable[..., Outcomes]
    ) -> HttpResponse | None:
        """Shows the expected result first; on confirmation carries the order out and reports the result."""
        now, wording = timezone.now(), WORDINGS[order]
        if "confirmed" not in request.POST:
            outcomes = replaying.examine(order, sends, now=now)
            return confirmation(
                self,
                request,
                action=order.value,
                title=wording.question,
                intro=wording.intro,
                lines=report(outcomes, done=wording.done),
                button=wording.button,
                can_go_on=outcomes.done > 0,
            )
        outcomes = carry_out(sends, actor=actor_of(request), now=now, client_ip=address_of(request))
        for index, line in enumerate(report(outcomes, done=wording.done)):
            self.message_user(request, line, messages.WARNING if index or not outcomes.done else messages.SUCCESS)
        return back_to_page(self, request)

    # -------------------------------------------------------------- columns
    @admin.display(description="Accepted", ordering="pk")  # ids sort by time, and have an index
    def accepted(self, send: Send) -> str:
        return moment(send.created_at)

    @admin.display(description="Sent")
    def sent(self, send: Send) -> str:
        return moment(send.sent_at)

    @admin.display(description="Tries", ordering="attempts")
    def tries(self, send: Send) -> int:
        return send.attempts

    @admin.display(description="Status", ordering="status")
    def shown_status(self, send: Send) -> SafeString:
        return badge(send.status, send.status)

    @admin.display(description="What to do")
    def explanation(self, send: Send) -> str:
        return explaining.explain_send(send, now=timezone.now())

    @admin.display(description="Pixel", ordering="pixel")
    def pixel_link(self, send: Send) -> str:
        return link_to(send.pixel)

    @admin.display(description="Pixel")
    def short_pixel(self, send: Send) -> str:
        """Long ids are cut, so that the reasons fit into the list."""
        text, full = send.pixel.pixel_id, str(send.pixel)
        return link_to(send.pixel, full.replace(text, f"{text[:8]}…") if len(text) > 12 else full)

    @admin.display(description="Site")
    def site(self, send: Send) -> str:
        return link_to(send.conversion.site)

    @admin.display(description="Event")
    def event(self, send: Send) -> str:
        return format_html(
            "{}{}",
            link_to(send.conversion, send.conversion.event_name),
            format_html(" {}", badge("test", "test")) if send.conversion.is_test else "",
        )

    @admin.display(description="Lead")
    def lead(self, send: Send) -> str:
        return link("leads_lead_change", send.conversion.lead_id, text=str(send.conversion.telegram_user_id))

    @admin.display(description="Reason", ordering="reason")
    def shown_reason(self, send: Send) -> str:
        return send.reason_label or "—"

    @admin.display(description="Next", ordering="due_at")
    def next(self, send: Send) -> str:
        return "now" if send.claim else moment(send.due_at)

    @admin.display(description="Last error")
    def last_error(self, send: Send) -> str:
        if not send.error_code:
            return "—"
        return format_html(
            '<span class="error"><span class="error-code">{}</span> {}</span>', send.error_code, send.error_message
        )

    @admin.display(description="Why")
    def why(self, send: Send) -> str:
        """Reason and last error in one column, cut to what a list can hold."""
        if not send.reason:
            return self.last_error(send)
        error = self.last_error(send) if send.error_code else ""
        return format_html("{}{}", send.reason_label, error)
