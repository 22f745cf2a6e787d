"""Pixels: pause, resume, switch off, test."""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from adtarget.admin.actions import back_to_page, confirmation
from adtarget.admin.audit import actor_of, changed_fields, note
from adtarget.admin.base import AuditedAdmin, BigTableAdmin, RecentSignInAdmin
from adtarget.admin.display import badge, dashboard_page, link, link_to, moment, pretty_json
from dispatch import explaining, pausing, test_events
from dispatch.admin.platform_filter import PlatformFilter
from dispatch.forms import PixelForm
from dispatch.models import Pixel
from dispatch.platforms.registry import PLATFORMS
from dispatch.tasks import post

QUIET_FOR = timedelta(minutes=1)  # longer than any transaction lives


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
    list_filter = (PixelStateFilter, PlatformFilter, "is_active")
    list_select_related = ("site",)
    search_fields = ("pixel_id__exact", "id__exact", "site__domain")
    autocomplete_fields = ("site",)
    actions = ("pause", "resume", "deactivate")
    change_form_template = "admin/dispatch/pixel/change_form.html"
    health = ("state", "pause_reason", "breaker", "sends_by_status", "send_again")
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
        """Sends are history: a pixel that has any is switched off instead, so only a mistaken one can go.

        It is switched off first, and long enough that no event is on its way to it.
        """
        allowed = super().has_delete_permission(request, obj) and obj is not None
        is_quiet = allowed and not obj.is_active and obj.updated_at < timezone.now() - QUIET_FOR
        return is_quiet and not obj.sends.exists()

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
            "takes_tests": test_events.kind_for(pixel) == test_events.Variant.TEST,
            "live_name": test_events.HARMLESS_NAME,
            "tests_if": PLATFORMS[pixel.platform].words.takes_tests,
        }
        context |= self._send_test(request, pixel) if request.method == "POST" else {}
        return TemplateResponse(request, "admin/dispatch/pixel/test_event.html", context)

    def _send_test(self, request: HttpRequest, pixel: Pixel) -> dict[str, Any]:
        try:
            sent = test_events.send_test_event(pixel, post=post, now=timezone.now())
        except test_events.CannotTest as problem:
            return {"problem": str(problem)}
        note(request, "test", pixel, details={"outcome": sent.verdict.outcome, "code": sent.verdict.code})
        return {"sent": sent, "payload": pretty_json(sent.payload), "answer": pretty_json(sent.response)}

    # -------------------------------------------------------------- columns
    @admin.display(description="What failed")
    def send_again(self, pixel: Pixel) -> str:
        """A link to the page that sends it again, by cause."""
        address = dashboard_page("set-up-send-again", pixel.site.account_id, pixel.site_id, pixel.pk)
        return format_html('<a href="{}">By cause, to be sent again once that is fixed</a>', address)

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
        known = explaining.meaning(pixel.platform, pixel.pause_code)
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
