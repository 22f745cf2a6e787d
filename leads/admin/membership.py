"""Who has access to which account, in which role."""

from django.contrib import admin

from adtarget.admin.base import AuditedAdmin, BigTableAdmin, RecentSignInAdmin
from leads.models import Membership


@admin.register(Membership)
class MembershipAdmin(RecentSignInAdmin, AuditedAdmin, BigTableAdmin):
    list_display = ("user", "account", "role")
    list_filter = ("role",)
    list_select_related = ("user", "account")
    search_fields = ("user__username", "account__name")
    autocomplete_fields = ("user", "account")
