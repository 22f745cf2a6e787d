"""Accounts, with the people who have access to each."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from adtarget.admin.audit import note
from adtarget.admin.base import AuditedAdmin, BigTableAdmin, RecentSignInAdmin
from adtarget.admin.display import dashboard_page, link
from leads.models import Account, Membership


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ("user",)


@admin.register(Account)
class AccountAdmin(RecentSignInAdmin, AuditedAdmin, BigTableAdmin):
    list_display = ("name", "sites", "conversions", "id", "created_at")
    search_fields = ("name", "id__exact")
    fields = ("name", "id", "created_at", "sites", "conversions", "keys", "audit")
    readonly_fields = ("id", "created_at", "sites", "conversions", "keys", "audit")
    inlines = (MembershipInline,)

    def view_on_site(self, account: Account) -> str:
        return dashboard_page("account", account.pk)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """An account is everything its customers have; it does not go by a click."""
        return False

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        super().save_formset(request, form, formset, change)
        for membership in (*formset.new_objects, *(changed for changed, _fields in formset.changed_objects)):
            note(request, "set", membership, details={"role": membership.role})
        for membership in formset.deleted_objects:
            note(request, "delete", membership)

    @admin.display(description="Sites")
    def sites(self, account: Account) -> str:
        return link("leads_site_changelist", text="sites", query=f"?account__id__exact={account.pk}")

    @admin.display(description="Conversions")
    def conversions(self, account: Account) -> str:
        return link("conversions_conversion_changelist", text="conversions", query=f"?account__id__exact={account.pk}")

    @admin.display(description="API keys")
    def keys(self, account: Account) -> str:
        return link("leads_apikey_changelist", text="API keys", query=f"?account__id__exact={account.pk}")

    @admin.display(description="Audit")
    def audit(self, account: Account) -> str:
        return link("leads_auditentry_changelist", text="audit entries", query=f"?account__id__exact={account.pk}")
