"""Tenants, people's access, sites, channels, bots, keys, leads and the audit trail."""

import secrets
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html_join
from django_otp.plugins.otp_static.admin import StaticDevice
from django_otp.plugins.otp_totp.admin import TOTPDevice

from adtarget.admin.base import (
    AuditedAdmin,
    BigTableAdmin,
    ReadOnlyAdmin,
    ReadOnlyInline,
    RecentSignInAdmin,
    SecretField,
    back_to_page,
    badge,
    confirmation,
    dashboard_page,
    link,
    link_to,
    moment,
    note,
    pretty_json,
)
from leads import api_keys, join_events, second_step, sign_in
from leads.choices import KeyMode
from leads.domains import domain_of
from leads.forms import ChannelForm, SiteRules, check_bot_token
from leads.models import Account, ApiKey, AuditEntry, Bot, Channel, Lead, Membership, Site


def _domain_of(text: str) -> str:
    try:
        return domain_of(text)
    except ValueError as error:
        raise ValidationError(f"“{text}” {error}") from error


# ------------------------------------------------------------------ accounts and people
class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ("user",)


@admin.register(Account)
class AccountAdmin(AuditedAdmin, BigTableAdmin):
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


@admin.register(Membership)
class MembershipAdmin(AuditedAdmin, BigTableAdmin):
    list_display = ("user", "account", "role")
    list_filter = ("role",)
    list_select_related = ("user", "account")
    search_fields = ("user__username", "account__name")
    autocomplete_fields = ("user", "account")


# A device's page would show its secret; turning the second step off is an action on people.
admin.site.unregister([get_user_model(), TOTPDevice, StaticDevice])


@admin.register(get_user_model())
class PersonAdmin(AuditedAdmin, UserAdmin):
    actions = ("turn_off_second_step",)

    def has_superuser_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and getattr(request.user, "is_superuser", False))

    @admin.action(description="Turn off the second step", permissions=["superuser"])
    def turn_off_second_step(self, request: HttpRequest, people: QuerySet[Any]) -> HttpResponse | None:
        """For who lost phone and recovery codes; whoever has the phone is signed out."""
        if "confirmed" not in request.POST:
            return confirmation(
                self,
                request,
                action="turn_off_second_step",
                title="Turn off the second step?",
                intro="Make sure it is they who ask. Their password alone signs them in then; they are signed out now.",
                lines=[str(person) for person in people],
                button="Turn off",
            )
        for person in people:
            second_step.turn_off(person)
            sign_in.end_sessions(person)
            note(request, "turn_off_second_step", person)
            self.message_user(request, f"Password alone signs in now: {person}.", messages.SUCCESS)
        return back_to_page(self, request)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        response = super().user_change_password(request, id, form_url)
        person = get_user_model().objects.filter(pk=id).first()
        if isinstance(response, HttpResponseRedirect) and person is not None:
            note(request, "password", person)
        return response


# ------------------------------------------------------------------ sites and channels
class SiteForm(SiteRules):
    class Meta:
        model = Site
        fields = ("domain", "allowed_domains", "default_phone_region")

    def clean_domain(self) -> str:
        return _domain_of(self.cleaned_data["domain"])

    def clean_allowed_domains(self) -> list[str]:
        given = self.cleaned_data["allowed_domains"] or []
        if not isinstance(given, list) or not all(isinstance(domain, str) for domain in given):
            raise ValidationError('This is a list of host names, such as ["shop.example"].')
        return [_domain_of(domain) for domain in given]


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
        (None, {"fields": ("account", "domain", "name", "allowed_domains", "is_paused")}),
        ("Ids", {"fields": ("id", "website_id", "conversions", "created_at")}),
        (
            "Matching and consent",
            {"fields": ("default_phone_region", "ad_user_data_consent", "ad_personalization_consent")},
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


class ChannelAdminForm(ChannelForm):
    class Meta(ChannelForm.Meta):
        fields = "__all__"  # type: ignore[assignment]

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        site = given.get("site") or getattr(self.instance, "site", None)
        bot = given.get("bot")
        if bot and site and bot.account_id != site.account_id:
            self.add_error("bot", "This bot belongs to another account.")
        return given


@admin.register(Channel)
class ChannelAdmin(AuditedAdmin, BigTableAdmin):
    form = ChannelAdminForm
    list_display = ("title", "site_link", "telegram_channel_id", "event_type", "bot_link", "state", "conversions")
    list_filter = ("is_active", "event_type", ("bot_problem", admin.EmptyFieldListFilter))
    list_select_related = ("site", "bot")
    search_fields = ("title", "username", "id__exact", "site__domain", "telegram_channel_id__exact")
    autocomplete_fields = ("site", "bot")
    readonly_fields = ("id", "bot_problem", "pages", "created_at")
    fieldsets = (
        (None, {"fields": ("site", "title", "is_active", "is_default", "funnel_order", "pages")}),
        ("Telegram", {"fields": ("telegram_channel_id", "username", "bot", "bot_problem", "invite_link")}),
        (
            "What a join means",
            {"fields": ("event_type", "custom_event_name", "value", "currency", "auto_fire", "stay_hours")},
        ),
        ("Who is let in", {"fields": ("uses_join_requests", "auto_approve")}),
        ("Ids", {"fields": ("id", "created_at")}),
    )

    def view_on_site(self, channel: Channel) -> str:
        return dashboard_page("channel", channel.site.account_id, channel.pk)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Its conversions would go with it; a channel that is over is made inactive."""
        return False

    def save_model(self, request: HttpRequest, obj: Channel, form: Any, change: bool) -> None:
        if obj.is_default:
            join_events.make_room_for_default(obj)
        super().save_model(request, obj, form, change)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*self.readonly_fields, "site") if obj else self.readonly_fields

    @admin.display(description="Site", ordering="site__domain")
    def site_link(self, channel: Channel) -> str:
        return link_to(channel.site)

    @admin.display(description="Bot")
    def bot_link(self, channel: Channel) -> str:
        return link_to(channel.bot)

    @admin.display(description="State")
    def state(self, channel: Channel) -> str:
        if not channel.is_active:
            return badge("inactive", "skipped")
        return badge("bot trouble", "warning") if channel.bot_problem else badge("active", "sent")

    @admin.display(description="Conversions")
    def conversions(self, channel: Channel) -> str:
        query = f"?channel__id__exact={channel.pk}"
        return link("conversions_conversion_changelist", text="conversions", query=query)

    @admin.display(description="Pages")
    def pages(self, channel: Channel) -> str:
        if channel._state.adding:
            return "—"
        query = f"?channel__id__exact={channel.pk}"
        pages = [
            self.conversions(channel),
            link("tracker_join_changelist", text="joins", query=query),
            link("tracker_invite_changelist", text="invites", query=query),
            link("tracker_unattributableclick_changelist", text="clicks that lead back to nobody", query=query),
        ]
        return format_html_join(" · ", "{}", ((page,) for page in pages))


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


# ------------------------------------------------------------------ keys
class NewKeyForm(forms.ModelForm):
    class Meta:
        model = ApiKey
        fields = ("account", "site", "name", "mode")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        account, site = given.get("account"), given.get("site")
        if account and site and site.account_id != account.pk:
            self.add_error("site", "This site belongs to another account.")
        elif account:
            active = ApiKey.objects.active().filter(account=account, site=site)
            if active.count() >= api_keys.MOST_ACTIVE_KEYS:
                where = "site" if site else "account"
                raise ValidationError(
                    f"This {where} has {api_keys.MOST_ACTIVE_KEYS} active keys already. Revoke one first."
                )
            if active.filter(name=given.get("name"), mode=given.get("mode")).exists():
                self.add_error("name", "An active key of this name exists already; was the form sent twice?")
        return given


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
        return super().get_form(request, obj, change=change, **({} if obj else {"form": NewKeyForm}), **kwargs)

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
            return confirmation(
                self,
                request,
                action="revoke",
                title="Revoke for good?",
                intro="Whoever uses these keys is answered 401 from this moment on. This cannot be undone.",
                lines=[str(key) for key in active],
                button="Revoke",
                can_go_on=active.exists(),
            )
        for key in active:
            api_keys.revoke(key, now=timezone.now())
            note(request, "revoke", key)
            self.message_user(request, f"Revoked: {key}.", messages.SUCCESS)
        return back_to_page(self, request)

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


# ------------------------------------------------------------------ people and their history
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
    search_fields = ("telegram_user_id__exact", "telegram_username__exact", "external_user_id__exact")
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
