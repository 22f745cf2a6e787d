"""Sends and pixels for ops: where is it, why, what to do; retry, cancel, replay, pause, resume, test."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from adtarget.admin.base import (
    AuditedAdmin,
    BigTableAdmin,
    ReadOnlyAdmin,
    RecentSignInAdmin,
    actor_of,
    address_of,
    back_to_page,
    badge,
    changed_fields,
    confirmation,
    dashboard_page,
    link,
    link_to,
    listed,
    moment,
    note,
    pretty_json,
)
from conversions import searching
from conversions.models import Conversion
from dispatch import explaining, pausing, queries, replaying, test_events
from dispatch.choices import Outcome, SendStatus
from dispatch.forms import PixelForm
from dispatch.models import Attempt, Pixel, Send
from dispatch.platforms import PLATFORMS
from dispatch.platforms.meanings import meaning
from dispatch.replaying import Order, Outcomes
from dispatch.tasks import post

SLOW_MS = 3000
SLOW_WITHIN = timedelta(days=7)

OUTCOME_KINDS = {
    Outcome.ACCEPTED: "sent",
    Outcome.REJECTED: "failed",
    Outcome.AUTH: "failed",
    Outcome.UNTOUCHED: "skipped",
}


# ------------------------------------------------------------------ sends
def _token_refused(sends: QuerySet[Send]) -> QuerySet[Send]:
    return sends.filter(status=SendStatus.PENDING, pixel__paused_at__isnull=False)


def _slow(sends: QuerySet[Send]) -> QuerySet[Send]:
    slow = Exists(Attempt.objects.filter(send=OuterRef("pk"), duration_ms__gte=SLOW_MS))
    return sends.filter(slow, created_at__gte=timezone.now() - SLOW_WITHIN)


class QuestionFilter(admin.SimpleListFilter):
    """The questions ops come with."""

    title = "question"
    parameter_name = "question"

    QUESTIONS: dict[str, tuple[str, Callable[[Any], QuerySet[Send]]]] = {
        "stuck": ("Stuck: overdue or failing again and again", lambda sends: queries.stuck(timezone.now(), sends)),
        "failed": (
            "Failed in the last 24 hours",
            lambda sends: queries.failed_since(timezone.now() - queries.A_DAY, sends),
        ),
        "token": ("Waiting for a paused pixel", _token_refused),
        "uncounted": ("Accepted, but not counted: said later by Google", queries.not_counted),
        "slow": ("Slow: an answer took over 3 s, last 7 days", _slow),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, title) for name, (title, _find) in self.QUESTIONS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Send]) -> QuerySet[Send]:
        asked = self.QUESTIONS.get(self.value() or "")
        return asked[1](queryset) if asked else queryset


class AttemptInline(admin.StackedInline):
    model = Attempt
    extra = 0
    can_delete = False
    ordering = ("number", "pk")
    fields = (
        ("shown_outcome", "started", "took", "http_status", "code", "batch_size"),
        "meaning",
        "message",
        "trace_id",
        "shown_request",
        "shown_response",
        "said_later",
    )
    readonly_fields = flatten_fieldsets([(None, {"fields": fields})])

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Attempt]:
        return super().get_queryset(request).select_related("send", "receipt")

    @admin.display(description="Outcome")
    def shown_outcome(self, attempt: Attempt) -> SafeString:
        outcome = Outcome(attempt.outcome)
        return badge(outcome.label, OUTCOME_KINDS.get(outcome, "pending"))

    @admin.display(description="Started")
    def started(self, attempt: Attempt) -> str:
        return moment(attempt.started_at)

    @admin.display(description="Took")
    def took(self, attempt: Attempt) -> str:
        return "—" if attempt.duration_ms is None else f"{attempt.duration_ms:,} ms"

    @admin.display(description="What it means")
    def meaning(self, attempt: Attempt) -> str:
        return explaining.explain(attempt.outcome, attempt.code, platform=attempt.send.platform)

    @admin.display(description="Sent")
    def shown_request(self, attempt: Attempt) -> str:
        return pretty_json(attempt.request)

    @admin.display(description="Answer")
    def shown_response(self, attempt: Attempt) -> str:
        return pretty_json(attempt.response)

    @admin.display(description="Said later")
    def said_later(self, attempt: Attempt) -> str:
        return explaining.explain_receipt(attempt.receipt) if attempt.receipt else "—"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wording:
    """What ops read before, on the button of and after an order."""

    question: str
    intro: str
    button: str
    done: str


WORDINGS = {
    Order.RETRY: Wording(
        question="Retry now?",
        intro="Failed, skipped and waiting sends are tried again at once, under the same event id.",
        button="Retry now",
        done="{} will be tried again.",
    ),
    Order.REPLAY: Wording(
        question="Replay?",
        intro="Failed and skipped sends go out again after everything else that is due, under the same event id.",
        button="Replay",
        done="{} will be sent again.",
    ),
    Order.CANCEL: Wording(
        question="Cancel?",
        intro="Waiting sends end as skipped. A replay brings them back.",
        button="Cancel the sends",
        done="{} cancelled.",
    ),
}


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
        "platform",
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
        heavy = ("conversion__pii", "conversion__api_visit_override", "pixel__options", "pixel__credential_encrypted")
        return super().get_queryset(request).defer(*heavy)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Send], search_term: str
    ) -> tuple[QuerySet[Send], bool]:
        term = search_term.strip()
        if term.startswith("snd_"):
            return queryset.filter(pk=term), False
        if term:
            queryset = queryset.filter(conversion__in=Conversion.objects.filter(searching.matching(term)))
        return queryset, False

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
        """First what it would come to, then the deed, then what it came to."""
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
        return send.get_reason_display() or "—"

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
        return format_html("{}{}", send.get_reason_display(), error)


def report(outcomes: Outcomes, *, done: str) -> Iterator[str]:
    """Line by line: how many, then who is left alone and why."""
    yield done.format(f"{outcomes.done:,}")
    for refusal, ids in outcomes.refused.items():
        yield f"{len(ids):,} left alone. {refusal} ({listed(ids)})"


# ------------------------------------------------------------------ pixels
class PixelStateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("paused", "Paused"), ("held", "Left alone by the breaker"), ("off", "Switched off")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Pixel]) -> QuerySet[Pixel]:
        match self.value():
            case "paused":
                return queryset.filter(paused_at__isnull=False, is_active=True)
            case "held":
                return queryset.filter(breaker_until__gt=timezone.now())
            case "off":
                return queryset.filter(is_active=False)
        return queryset


@admin.register(Pixel)
class PixelAdmin(RecentSignInAdmin, AuditedAdmin, BigTableAdmin):
    form = PixelForm
    list_display = ("pixel", "site_link", "state", "pause_code", "waiting", "token", "is_active")
    list_filter = (PixelStateFilter, "platform", "is_active")
    list_select_related = ("site",)
    search_fields = ("pixel_id__exact", "id__exact", "site__domain")
    autocomplete_fields = ("site",)
    actions = ("pause", "resume", "deactivate")
    change_form_template = "admin/dispatch/pixel/change_form.html"
    health = ("state", "pause_reason", "breaker", "sends_by_status")
    readonly_fields = (*health, "token", "id", "created_at", "updated_at")
    fieldsets = (
        ("Health", {"fields": health}),
        ("Connection", {"fields": ("site", "platform", "pixel_id", "token", "new_token")}),
        ("Settings", {"fields": ("test_event_code", "options", "is_active")}),
        ("Ids", {"fields": ("id", "created_at", "updated_at")}),
    )

    def view_on_site(self, pixel: Pixel) -> str:
        return dashboard_page("set-up-pixels", pixel.site.account_id, pixel.site_id)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fieldsets if obj else [(None, {"fields": self.form.base_fields})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*self.readonly_fields, "site", "platform") if obj else self.readonly_fields

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Sends are history: a pixel that has any is switched off instead, so only a mistaken one can go."""
        allowed = super().has_delete_permission(request, obj)
        return allowed and obj is not None and not obj.sends.exists()

    def save_model(self, request: HttpRequest, obj: Pixel, form: Any, change: bool) -> None:
        """Writes only what was changed here: a worker may have paused the pixel since the page was opened."""
        token = form.cleaned_data["new_token"]
        columns = [name for name in form.changed_data if name != "new_token"]
        columns += ["credential_encrypted", "credential_hint"] if token else []
        obj.save(update_fields=[*columns, "updated_at"] if change else None)
        if columns:
            note(request, "change" if change else "create", obj, details={"fields": changed_fields(form)})
        if token and obj.paused_at:
            pausing.resume(obj, now=timezone.now())
            note(request, "resume", obj, details={"because": "a new token was entered"})
            self.message_user(request, "The pixel is no longer paused; what waited goes out now.", messages.SUCCESS)

    # -------------------------------------------------------------- actions
    @admin.action(description="Pause", permissions=["change"])
    def pause(self, request: HttpRequest, pixels: QuerySet[Pixel]) -> HttpResponse | None:
        chosen = pixels.filter(paused_at__isnull=True)
        if "confirmed" not in request.POST:
            intro = "New events are still taken; the sends of these pixels wait until somebody resumes them."
            return self._confirm(request, "pause", "Pause?", intro, chosen)
        for pixel in chosen:
            message = f"Paused by {actor_of(request)}."
            pausing.pause(pixel, code="ops", message=message, now=timezone.now())
            note(request, "pause", pixel)
            self.message_user(request, f"Paused: {pixel}.", messages.SUCCESS)
        return back_to_page(self, request)

    @admin.action(description="Resume", permissions=["change"])
    def resume(self, request: HttpRequest, pixels: QuerySet[Pixel]) -> HttpResponse | None:
        if "confirmed" not in request.POST:
            intro = (
                "Everything that waits for these pixels is due at once. A token that is still wrong pauses them again."
            )
            return self._confirm(request, "resume", "Resume?", intro, pixels)
        for pixel in pixels:
            pausing.resume(pixel, now=timezone.now())
            note(request, "resume", pixel)
            self.message_user(request, f"Resumed: {pixel}.", messages.SUCCESS)
        return back_to_page(self, request)

    @admin.action(description="Switch off", permissions=["change"])
    def deactivate(self, request: HttpRequest, pixels: QuerySet[Pixel]) -> HttpResponse | None:
        chosen = pixels.filter(is_active=True)
        if "confirmed" not in request.POST:
            intro = "No new sends are made, and those that wait are skipped. Their history stays."
            return self._confirm(request, "deactivate", "Switch off?", intro, chosen)
        for pixel in chosen:
            pixel.is_active = False
            pixel.save(update_fields=["is_active", "updated_at"])
            note(request, "deactivate", pixel)
            self.message_user(request, f"Switched off: {pixel}.", messages.SUCCESS)
        return back_to_page(self, request)

    def _confirm(
        self, request: HttpRequest, action: str, title: str, intro: str, pixels: QuerySet[Pixel]
    ) -> HttpResponse:
        lines = [f"{pixel} on {pixel.site}" for pixel in pixels.select_related("site")]
        button = title.rstrip("?")
        return confirmation(
            self, request, action=action, title=title, intro=intro, lines=lines, button=button, can_go_on=bool(lines)
        )

    # -------------------------------------------------------------- a test event
    def get_urls(self) -> list[URLPattern]:
        test = self.admin_site.admin_view(self.test_event)
        return [path("<str:pixel_id>/test-event/", test, name="dispatch_pixel_test_event"), *super().get_urls()]

    def test_event(self, request: HttpRequest, pixel_id: str) -> HttpResponse:
        """One event at once, and the platform's own answer."""
        pixel = get_object_or_404(Pixel.objects.select_related("site"), pk=pixel_id)
        if not self.has_change_permission(request, pixel):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": f"Send a test event to {pixel}",
            "opts": self.opts,
            "pixel": pixel,
            "takes_tests": PLATFORMS[pixel.platform].takes_tests(pixel.config()),
            "live_name": test_events.LIVE_TEST_NAME,
        }
        if request.method == "POST":
            context.update(self._probe(request, pixel))
        return TemplateResponse(request, "admin/dispatch/pixel/test_event.html", context)

    def _probe(self, request: HttpRequest, pixel: Pixel) -> dict[str, Any]:
        try:
            probe = test_events.send_test_event(pixel, post=post, now=timezone.now())
        except test_events.CannotTest as problem:
            return {"problem": str(problem)}
        note(request, "test", pixel, details={"outcome": probe.verdict.outcome, "code": probe.verdict.code})
        return {
            "probe": probe,
            "meaning": explaining.explain(probe.verdict.outcome, probe.verdict.code, platform=pixel.platform),
            "sent": pretty_json(probe.payload),
            "answer": pretty_json(probe.response),
        }

    # -------------------------------------------------------------- columns
    @admin.display(description="Pixel", ordering="pixel_id")
    def pixel(self, pixel: Pixel) -> str:
        return str(pixel)

    @admin.display(description="Site", ordering="site__domain")
    def site_link(self, pixel: Pixel) -> str:
        return link_to(pixel.site)

    @admin.display(description="State")
    def state(self, pixel: Pixel) -> SafeString:
        if not pixel.is_active:
            return badge("off", "skipped")
        if pixel.paused_at:
            return badge("paused", "failed")
        if pixel.breaker_until and pixel.breaker_until > timezone.now():
            return badge("left alone", "warning")
        return badge("works", "sent")

    @admin.display(description="Pause")
    def pause_reason(self, pixel: Pixel) -> str:
        if not pixel.paused_at:
            return "—"
        known = meaning(pixel.platform, pixel.pause_code)
        return format_html(
            "Since {} ({}). {} {}", moment(pixel.paused_at), pixel.pause_code, pixel.pause_message, known
        )

    @admin.display(description="Breaker")
    def breaker(self, pixel: Pixel) -> str:
        if pixel.breaker_until and pixel.breaker_until > timezone.now():
            return f"Open until {pixel.breaker_until:%H:%M:%S} UTC after {pixel.breaker_failures} failed requests."
        return f"Closed; {pixel.breaker_failures} failed requests in a row."

    @admin.display(description="Waiting")
    def waiting(self, pixel: Pixel) -> str:
        query = f"?pixel__id__exact={pixel.pk}&status__exact=pending"
        return link("dispatch_send_changelist", text="pending sends", query=query)

    @admin.display(description="Sends")
    def sends_by_status(self, pixel: Pixel) -> str:
        counts = pixel.sends.order_by().values_list("status").annotate(Count("pk"))
        page = f"?pixel__id__exact={pixel.pk}&status__exact="
        links = [(link("dispatch_send_changelist", text=f"{n:,} {word}", query=page + word),) for word, n in counts]
        return format_html_join(" · ", "{}", links) or "none yet"

    @admin.display(description="Token")
    def token(self, pixel: Pixel) -> str:
        if not pixel.credential_encrypted:
            return badge("missing", "failed")
        return f"…{pixel.credential_hint}" if pixel.credential_hint else "stored"
