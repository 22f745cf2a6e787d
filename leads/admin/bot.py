"""Telegram bots."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from adtarget.admin.base import AuditedAdmin, BigTableAdmin, RecentSignInAdmin
from adtarget.admin.display import link_to
from leads.forms import BotForm
from leads.models import Bot


@admin.register(Bot)
class BotAdmin(RecentSignInAdmin, AuditedAdmin, BigTableAdmin):
    form = BotForm
    list_display = ("username", "account_link", "has_token", "last_error", "created_at")
    list_select_related = ("account",)
    search_fields = ("username", "id__exact", "account__name")
    autocomplete_fields = ("account",)
    fields = ("account", "username", "new_token", "has_token", "webhook_path", "last_error", "id", "created_at")
    readonly_fields = ("has_token", "webhook_path", "last_error", "id", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*self.readonly_fields, "account") if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Bot, form: Any, change: bool) -> None:
        obj.make_webhook_secret()
        if token := form.cleaned_data["new_token"]:
            obj.set_token(token)
            obj.last_error = ""
        super().save_model(request, obj, form, change)

    @admin.display(description="Account", ordering="account__name")
    def account_link(self, bot: Bot) -> str:
        return link_to(bot.account)

    @admin.display(description="Token is set", boolean=True)
    def has_token(self, bot: Bot) -> bool:
        return bool(bot.token_encrypted)
