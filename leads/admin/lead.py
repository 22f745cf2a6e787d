"""Leads: the people that events are about."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from adtarget.admin.base import ReadOnlyAdmin
from adtarget.admin.display import dashboard_page, link, link_to, moment
from leads.models import Lead
from leads.searching import known_as


@admin.register(Lead)
class LeadAdmin(ReadOnlyAdmin):
    list_display = (
        "telegram_user_id",
        "telegram_username",
        "site_link",
        "conversions",
        "first_seen_at",
        "last_seen_at",
    )
    list_select_related = ("site",)
    search_fields = ("pk",)
    search_help_text = "Telegram id, user name or external id, whole."
    fields = (
        "telegram_user_id",
        "telegram_username",
        "external_user_id",
        "site_link",
        "conversions",
        "first_seen",
        "last_seen",
    )
    readonly_fields = fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Lead], search_term: str
    ) -> tuple[QuerySet[Lead], bool]:
        text = search_term.strip()
        return (queryset.filter(known_as(text)) if text else queryset), False

    def view_on_site(self, lead: Lead) -> str:
        return dashboard_page("lead", lead.site.account_id, lead.pk)

    @admin.display(description="First seen", ordering="first_seen_at")
    def first_seen(self, lead: Lead) -> str:
        return moment(lead.first_seen_at)

    @admin.display(description="Last seen", ordering="last_seen_at")
    def last_seen(self, lead: Lead) -> str:
        return moment(lead.last_seen_at)

    @admin.display(description="Site")
    def site_link(self, lead: Lead) -> str:
        return link_to(lead.site)

    @admin.display(description="Conversions")
    def conversions(self, lead: Lead) -> str:
        return link("conversions_conversion_changelist", text="conversions", query=f"?lead__id__exact={lead.pk}")
