"""What every page of the admin shares: its name, read-only and audited classes, ways to show things."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from adtarget.core.client_context import is_address, peer_address
from leads import audit, sign_in
from leads.models import Account

admin.site.site_header = "AdTarget"
admin.site.site_title = "AdTarget"
admin.site.index_title = "Operations"
admin.site.empty_value_display = "—"

LONGEST_SHOWN = 20_000  # characters of a JSON document on a page


# ------------------------------------------------------------------ classes
class BigTableAdmin(admin.ModelAdmin):
    """A changelist that stays quick: no count of the whole table, newest first, exact search by ids."""

    show_full_result_count = False
    list_per_page = 100
    ordering = ("-pk",)


class ReadOnlyAdmin(BigTableAdmin):
    """Facts: shown, never added, changed or deleted by hand, whatever the person's permissions."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class AuditedAdmin(admin.ModelAdmin):
    """Every change made here leaves an audit entry: old and new values, of secrets only that they changed."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        fields = changed_fields(form)
        if fields or not change:
            note(request, "change" if change else "create", obj, details={"fields": fields})

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        note(request, "delete", obj, details={"id": str(obj.pk)})
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for obj in queryset:
            note(request, "delete", obj, details={"id": str(obj.pk)})
        super().delete_queryset(request, queryset)


class RecentSignInAdmin(admin.ModelAdmin):
    """Its objects are opened, and so changed, only soon after the password was given: they hold secrets."""

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        if not sign_in.is_recent(request):
            return HttpResponseRedirect(f"{reverse('dashboard:confirm')}?{urlencode({'next': request.path})}")
        return super().changeform_view(request, object_id, form_url, extra_context)


class ReadOnlyInline(admin.TabularInline):
    """Rows shown beside their parent."""

    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class SecretField(forms.CharField):
    """A secret that can be entered and never read: the page does not hold it."""

    def __init__(self, **options: Any) -> None:
        widget = forms.PasswordInput(render_value=False, attrs={"autocomplete": "off", "class": "vTextField"})
        super().__init__(widget=widget, required=False, strip=True, **options)


# ------------------------------------------------------------------ actions
def confirmation(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    *,
    action: str,
    title: str,
    intro: str,
    lines: Iterable[str],
    button: str,
    can_go_on: bool = True,
) -> HttpResponse:
    """The page between choosing an action and its doing; its button sends the same choice with `confirmed`."""
    context = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "opts": model_admin.opts,
        "action": action,
        "intro": intro,
        "lines": list(lines),
        "button": button,
        "can_go_on": can_go_on,
        "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "select_across": request.POST.get("select_across", "0"),
        "from_page": request.POST.get("from_page", ""),
    }
    return TemplateResponse(request, "admin/confirm.html", context)


def back_to_page(model_admin: admin.ModelAdmin, request: HttpRequest) -> HttpResponse | None:
    """To the object whose page the action was asked on; None, which is the list, where it was asked there."""
    if not request.POST.get("from_page"):
        return None
    page = f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_change"
    return HttpResponseRedirect(reverse(page, args=[request.POST.getlist(ACTION_CHECKBOX_NAME)[0]]))


# ------------------------------------------------------------------ audit
def note(request: HttpRequest, verb: str, obj: Model, *, details: dict[str, Any] | None = None) -> None:
    """An audit entry for what this person just did to `obj`."""
    audit.record(
        actor=actor_of(request),
        action=f"{obj._meta.model_name}.{verb}",
        target=f"{obj} ({obj.pk})",
        account=account_of(obj),
        details=details,
        client_ip=address_of(request),
    )


def actor_of(request: HttpRequest) -> str:
    return request.user.get_username()


def address_of(request: HttpRequest) -> str | None:
    address = peer_address(request)
    return address if is_address(address) else None


def account_of(obj: Any) -> Account | None:
    """The tenant that `obj` belongs to, where it belongs to one."""
    if isinstance(obj, Account):
        return obj if obj.pk else None
    if site := getattr(obj, "site", None):
        account: Account | None = site.account
        return account
    return getattr(obj, "account", None)


def changed_fields(form: forms.BaseForm) -> dict[str, Any]:
    """Old and new value of each field that was changed; a secret only says that it was."""
    changes: dict[str, Any] = {}
    for name in form.changed_data:
        field = form.fields[name]
        if isinstance(field.widget, forms.PasswordInput):
            changes[name] = "changed"
            continue
        old, new = _plain(form.get_initial_for_field(field, name)), _plain(form.cleaned_data.get(name))
        if old != new:
            changes[name] = [old, new]
    return changes


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        return str(value.pk)
    if isinstance(value, QuerySet | list):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | dict) else str(value)


# ------------------------------------------------------------------ showing things
def badge(text: str, kind: str = "") -> SafeString:
    """A word with a colour: `kind` is sent, pending, failed, skipped, test, warning or ''."""
    return format_html('<span class="badge badge-{}">{}</span>', kind or "plain", text)


def moment(at: datetime | None) -> str:
    """A point in time, short, to the second; the year only where it is another one."""
    if at is None:
        return "—"
    at = timezone.localtime(at)
    year = "" if at.year == timezone.localtime().year else f" {at.year}"
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), f"{at.day} {at:%b}{year} {at:%H:%M:%S}")


def dashboard_page(name: str, account_id: str, *ids: object) -> str:
    """Where people see the same thing; as `view_on_site` it becomes a button of the page."""
    return reverse(f"dashboard:{name}", args=[account_id, *ids])


def link_to(obj: Model | None, text: str = "") -> str:
    """The object's name as a link to its page; plain text where the admin has none."""
    if obj is None:
        return "—"
    return link(f"{obj._meta.app_label}_{obj._meta.model_name}_change", obj.pk, text=text or str(obj))


def link(page: str, *args: Any, text: str, query: str = "") -> str:
    """A link to a page of the admin by its name, such as `dispatch_send_changelist`."""
    try:
        address = reverse(f"admin:{page}", args=args)
    except NoReverseMatch:
        return text
    return format_html('<a href="{}{}">{}</a>', address, query, text)


def pretty_json(value: Any) -> str:
    """A JSON document to read: indented, sorted as it is, cut where it is endless."""
    if value in (None, "", {}, []):
        return "—"
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return format_html('<pre class="document">{}</pre>', value[:LONGEST_SHOWN])
    text = json.dumps(value, indent=2, ensure_ascii=False)
    cut = text[:LONGEST_SHOWN] + ("\n…" if len(text) > LONGEST_SHOWN else "")
    return format_html('<pre class="document">{}</pre>', cut)


def listed(ids: Iterable[str], *, most: int = 3) -> str:
    """A few of many, for a message."""
    ids = list(ids)
    return ", ".join(ids[:most]) + (f" and {len(ids) - most} more" if len(ids) > most else "")
