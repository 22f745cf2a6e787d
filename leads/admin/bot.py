"""Telegram bots."""

import secrets
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from adtarget.admin.base import AuditedAdmin, BigTableAdmin, RecentSignInAdmin
from adtarget.admin.display import link_to
from adtarget.core.secret_field import SecretField
from leads.forms import check_bot_token
from leads.models import Bot


class BotForm(forms.ModelForm):
    new_token = SecretField(label="Token", help_text="From @BotFather. Kept encrypted, never shown again.")

    class Meta:
        model = Bot
        fields = ("account", "username")

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"]).removeprefix("@")

    def clean_new_token(self) -> str:
        token: str = self.cleaned_data["new_token"]
        if not token and self.instance._state.adding:
            raise ValidationError("A bot needs its token.")
        if token:
            check_bot_token(token)
        return token


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
        obj.webhook_secret = obj.webhook_secret or secrets.token_urlsafe(32)
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
