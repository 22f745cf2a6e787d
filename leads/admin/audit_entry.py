"""The audit trail."""

from django.contrib import admin

from adtarget.admin.base import ReadOnlyAdmin
from adtarget.admin.display import link_to, moment, pretty_json
from leads.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor", "action", "target", "account", "client_ip")
    list_filter = (("created_at", admin.DateFieldListFilter), "action")
    list_select_related = ("account",)
    search_fields = ("actor__exact", "action__exact", "target__startswith", "client_ip__exact")
    search_help_text = "Who, what or from where, whole; or how the target begins."
    fields = ("at", "actor", "action", "target", "account_link", "client_ip", "shown_details")
    readonly_fields = fields

    @admin.display(description="When", ordering="created_at")
    def at(self, entry: AuditEntry) -> str:
        return moment(entry.created_at)

    @admin.display(description="Account")
    def account_link(self, entry: AuditEntry) -> str:
        return link_to(entry.account)

    @admin.display(description="Details")
    def shown_details(self, entry: AuditEntry) -> str:
        return pretty_json(entry.details)
