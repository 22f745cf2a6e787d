"""Sites."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from adtarget.admin.base import AuditedAdmin, BigTableAdmin, ReadOnlyInline
from adtarget.admin.display import badge, dashboard_page, link, link_to
from leads.forms import SiteForm
from leads.models import Channel, Site


class ChannelInline(ReadOnlyInline):
    model = Channel
    fields = ("title", "telegram_channel_id", "event_type", "is_active", "bot_problem")


@admin.register(Site)
class SiteAdmin(AuditedAdmin, BigTableAdmin):
    form = SiteForm
    list_display = ("domain", "name", "account_link", "state", "conversions", "website_id")
    list_filter = ("is_paused",)
    list_select_related = ("account",)
    search_fields = ("domain", "name", "id__exact", "website_id__exact")
    autocomplete_fields = ("account",)
    readonly_fields = ("id", "website_id", "conversions", "created_at")
    inlines = (ChannelInline,)
    fieldsets = (
        (None, {"fields": ("account", "domain", "name", "allowed_domains", "kept_query_parameters", "is_paused")}),
        ("Ids", {"fields": ("id", "website_id", "conversions", "created_at")}),
        (
            "Matching and consent",
            {
                "fields": (
                    "default_phone_region",
                    "consent_policy",
                    "ad_user_data_consent",
                    "ad_personalization_consent",
                )
            },
        ),
        ("Duplicates", {"fields": ("duplicate_window_seconds", "purchase_duplicate_window_seconds")}),
    )

    def view_on_site(self, site: Site) -> str:
        return dashboard_page("set-up-site", site.account_id, site.pk)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Its conversions would go with it; a site that is over is paused."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*self.readonly_fields, "account") if obj else self.readonly_fields

    @admin.display(description="Account", ordering="account__name")
    def account_link(self, site: Site) -> str:
        return link_to(site.account)

    @admin.display(description="State")
    def state(self, site: Site) -> str:
        return badge("paused", "warning") if site.is_paused else badge("open", "sent")

    @admin.display(description="Conversions")
    def conversions(self, site: Site) -> str:
        return link("conversions_conversion_changelist", text="conversions", query=f"?site__id__exact={site.pk}")
