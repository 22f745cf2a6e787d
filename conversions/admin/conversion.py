"""Conversions: what happened, its sends, and entering a value."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from adtarget.admin.audit import note
from adtarget.admin.base import ReadOnlyAdmin, ReadOnlyInline
from adtarget.admin.display import badge, dashboard_page, link, link_to, moment, pretty_json
from adtarget.core import errors
from conversions import searching, submitting
from conversions.choices import CapiStatus
from conversions.forms import ValueForm
from conversions.models import Conversion
from conversions.status import has_capi_status, with_capi_status
from dispatch.models import Send


class CapiStatusFilter(admin.SimpleListFilter):
    title = "CAPI status"
    parameter_name = "capi"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(status.value, str(status.label)) for status in CapiStatus]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = self.value()
        return queryset.filter(has_capi_status(CapiStatus(wanted))) if wanted in CapiStatus.values else queryset


class SendInline(ReadOnlyInline):
    model = Send
    fields = ("send", "shown_pixel", "shown_status", "reason", "attempts", "next", "sent", "error_code")
    readonly_fields = ("send", "shown_pixel", "shown_status", "next", "sent")
    show_change_link = False

    @admin.display(description="Send")
    def send(self, send: Send) -> str:
        return link_to(send)

    @admin.display(description="Pixel")
    def shown_pixel(self, send: Send) -> str:
        return link_to(send.pixel)

    @admin.display(description="Status")
    def shown_status(self, send: Send) -> SafeString:
        return badge(send.status, send.status)

    @admin.display(description="Next")
    def next(self, send: Send) -> str:
        return moment(send.due_at)

    @admin.display(description="Sent")
    def sent(self, send: Send) -> str:
        return moment(send.sent_at)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Send]:
        return super().get_queryset(request).select_related("pixel")


@admin.register(Conversion)
class ConversionAdmin(ReadOnlyAdmin):
    list_display = ("accepted", "event", "shown_capi", "lead_link", "money", "site_link", "channel", "source")
    list_filter = (
        CapiStatusFilter,
        "awaiting_manual_input",
        "event_type",
        "source",
        "is_test",
        ("attributed_at", admin.DateFieldListFilter),
    )
    list_select_related = ("site", "channel")
    list_display_links = ("accepted", "event")
    search_fields = ("pk",)
    search_help_text = "Telegram id or name, event id (cnv_…), send id (snd_…), order id or external id, whole."
    inlines = (SendInline,)
    change_form_template = "admin/conversions/conversion/change_form.html"
    fieldsets = (
        (None, {"fields": ("event", "shown_capi", "money", "happened", "accepted", "source")}),
        ("Who and where", {"fields": ("lead_link", "account_link", "site_link", "channel_link", "visit_link")}),
        (
            "Details",
            {
                "fields": (
                    "id",
                    "order_id",
                    "content_name",
                    "external_user_id",
                    "api_key_link",
                    "is_cold",
                    "awaiting_manual_input",
                    "value_submitted_at",
                )
            },
        ),
        ("Signals", {"fields": ("signals", "hashes")}),
    )
    readonly_fields = flatten_fieldsets(fieldsets)

    def view_on_site(self, conversion: Conversion) -> str:
        return dashboard_page("conversion", conversion.account_id, conversion.pk)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversion]:
        return with_capi_status(super().get_queryset(request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Conversion], search_term: str
    ) -> tuple[QuerySet[Conversion], bool]:
        return (queryset.filter(searching.named(text)) if (text := search_term.strip()) else queryset), False

    def get_urls(self) -> list[URLPattern]:
        submit = self.admin_site.admin_view(self.submit_value)
        ours = [path("<str:conversion_id>/submit-value/", submit, name="conversions_conversion_submit_value")]
        return [*ours, *super().get_urls()]

    def submit_value(self, request: HttpRequest, conversion_id: str) -> HttpResponse:
        if not request.user.has_perm("conversions.change_conversion"):
            raise PermissionDenied
        conversion = get_object_or_404(Conversion.objects.select_related("lead__site", "channel"), pk=conversion_id)
        form = ValueForm(request.POST or None, region=conversion.lead.site.default_phone_region)
        if form.is_valid() and self._submit(request, conversion, form):
            return HttpResponseRedirect(reverse("admin:conversions_conversion_change", args=[conversion.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": f"Submit the value of {conversion.event_name}",
            "opts": self.opts,
            "conversion": conversion,
            "form": form,
        }
        return TemplateResponse(request, "admin/conversions/conversion/submit_value.html", context)

    def _submit(self, request: HttpRequest, conversion: Conversion, form: ValueForm) -> bool:
        value, currency = form.cleaned_data["value"], form.cleaned_data["currency"]
        try:
            is_new = submitting.submit_value(
                conversions=Conversion.objects.filter(pk=conversion.pk),
                value=value,
                currency=currency,
                pii=form.pii(),
                now=timezone.now(),
            )
        except errors.ApiError as error:
            form.add_error(None, str(error))
            return False
        if is_new:
            note(request, "submit_value", conversion, details={"value": str(value), "currency": currency})
            if conversion.sends.exists():
                self.message_user(request, "The value is kept and its sends are on their way.", messages.SUCCESS)
            else:
                message = "The value is kept, but nothing goes out: no active pixel has a signal to match by."
                self.message_user(request, message, messages.WARNING)
        else:
            self.message_user(request, "This very value was submitted before; nothing was sent.", messages.INFO)
        return True

    # -------------------------------------------------------------- columns
    @admin.display(description="Accepted", ordering="attributed_at")
    def accepted(self, conversion: Conversion) -> str:
        return moment(conversion.attributed_at)

    @admin.display(description="Happened")
    def happened(self, conversion: Conversion) -> str:
        return moment(conversion.event_time)

    @admin.display(description="Event", ordering="event_type")
    def event(self, conversion: Conversion) -> SafeString:
        marks = [badge("test", "test")] if conversion.is_test else []
        marks += [badge("awaits value", "warning")] if conversion.awaiting_manual_input else []
        return format_html("{} " * (1 + len(marks)), conversion.event_name, *marks)

    @admin.display(description="CAPI")
    def shown_capi(self, conversion: Any) -> SafeString:
        return badge(conversion.capi, conversion.capi)

    @admin.display(description="Lead")
    def lead_link(self, conversion: Conversion) -> str:
        return link("leads_lead_change", conversion.lead_id, text=str(conversion.telegram_user_id))

    @admin.display(description="Value", ordering="value")
    def money(self, conversion: Conversion) -> str:
        return f"{conversion.value.normalize():,f} {conversion.currency}" if conversion.value is not None else "—"

    @admin.display(description="Account")
    def account_link(self, conversion: Conversion) -> str:
        return link_to(conversion.account)

    @admin.display(description="Site", ordering="site__domain")
    def site_link(self, conversion: Conversion) -> str:
        return link_to(conversion.site)

    @admin.display(description="Channel")
    def channel_link(self, conversion: Conversion) -> str:
        return link_to(conversion.channel)

    @admin.display(description="Visit")
    def visit_link(self, conversion: Conversion) -> str:
        return link_to(conversion.visit)

    @admin.display(description="API key")
    def api_key_link(self, conversion: Conversion) -> str:
        return link_to(conversion.api_key)

    @admin.display(description="Sent with the event")
    def signals(self, conversion: Conversion) -> str:
        return pretty_json(conversion.api_visit_override)

    @admin.display(description="Contact hashes")
    def hashes(self, conversion: Conversion) -> str:
        return pretty_json(conversion.pii)
