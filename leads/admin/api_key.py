"""API keys: made, shown once, revoked."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone

from adtarget.admin.actions import back_to_page, confirmation
from adtarget.admin.audit import note
from adtarget.admin.base import AuditedAdmin, BigTableAdmin, RecentSignInAdmin
from adtarget.admin.display import badge, link_to, moment
from leads import api_keys
from leads.choices import KeyMode
from leads.forms import KeyForm
from leads.models import ApiKey


@admin.register(ApiKey)
class ApiKeyAdmin(RecentSignInAdmin, AuditedAdmin, BigTableAdmin):
    """Made with a one-time reveal, then only its name and limits can be changed; revoking is for good."""

    list_display = ("name", "shown_prefix", "account_link", "site_link", "state", "last_used")
    list_filter = ("mode", ("revoked_at", admin.EmptyFieldListFilter))
    list_select_related = ("account", "site")
    search_fields = ("prefix__exact", "name", "account__name")
    autocomplete_fields = ("account", "site")
    actions = ("revoke",)
    change_form_template = "admin/leads/apikey/change_form.html"

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """A revoked key stays, so that its conversions still say which key they came by."""
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change=change, **({} if obj else {"form": KeyForm}), **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ("account", "site", "name", "mode")
        limits = ("rate_limit_per_minute", "rate_limit_burst")
        return ("name", *limits, "account", "site", "mode", "shown_prefix", "state", "last_used", "made")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        return ("account", "site", "mode", "shown_prefix", "state", "last_used", "made")

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        only_save = {"show_save_and_add_another": False, "show_save_and_continue": False}
        try:
            return super().add_view(request, form_url, {**(extra_context or {}), **only_save})
        except api_keys.TooManyKeys as error:  # somebody else made the fifth meanwhile
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(request.path)

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        key, token = api_keys.create_key(account=obj.account, site=obj.site, name=obj.name, mode=KeyMode(obj.mode))
        note(request, "create", key, details={"mode": key.mode, "site": key.site_id})
        obj.pk, obj.prefix = key.pk, key.prefix
        request.token_to_reveal = token  # type: ignore[attr-defined]  # lives until this answer is written

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        """The one page that ever shows the token; no cache may keep it."""
        context = {
            **self.admin_site.each_context(request),
            "title": "Copy the new key now",
            "opts": self.opts,
            "key": obj,
            "token": request.token_to_reveal,  # type: ignore[attr-defined]
        }
        return TemplateResponse(
            request,
            "admin/leads/apikey/reveal.html",
            context,
            headers={"Cache-Control": "no-store", "Pragma": "no-cache"},
        )

    @admin.action(description="Revoke", permissions=["revoke"])
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> HttpResponse | None:
        active = keys.filter(revoked_at__isnull=True)
        if "confirmed" not in request.POST:
            return self._ask_to_revoke(request, active)
        for key in active:
            api_keys.revoke(key, now=timezone.now())
            note(request, "revoke", key)
            self.message_user(request, f"Revoked: {key}.", messages.SUCCESS)
        return back_to_page(self, request)

    def _ask_to_revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> HttpResponse:
        return confirmation(
            self,
            request,
            action="revoke",
            title="Revoke for good?",
            intro="Requests with these keys are answered 401 from now on. This cannot be undone.",
            lines=[str(key) for key in keys],
            button="Revoke",
            can_go_on=keys.exists(),
        )

    @admin.display(description="Last used", ordering="last_used_at")
    def last_used(self, key: ApiKey) -> str:
        return moment(key.last_used_at)

    @admin.display(description="Made", ordering="created_at")
    def made(self, key: ApiKey) -> str:
        return moment(key.created_at)

    @admin.display(description="Key")
    def shown_prefix(self, key: ApiKey) -> str:
        return f"atk_{key.mode}_{key.prefix}_…"

    @admin.display(description="Account", ordering="account__name")
    def account_link(self, key: ApiKey) -> str:
        return link_to(key.account)

    @admin.display(description="Site")
    def site_link(self, key: ApiKey) -> str:
        return link_to(key.site) if key.site else "every site"

    @admin.display(description="State")
    def state(self, key: ApiKey) -> str:
        if key.revoked_at:
            return badge("revoked", "failed")
        return badge("test", "test") if key.is_test else badge("live", "sent")
