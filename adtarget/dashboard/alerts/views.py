"""What is open, what was, who is told and how."""

from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from adtarget.alerts import telling
from adtarget.alerts.choices import Kind
from adtarget.alerts.models import Alert, AlertSettings
from adtarget.core import rate_limit
from adtarget.dashboard import audit
from adtarget.dashboard.access import MANAGERS, Access, page, show
from adtarget.dashboard.paging import Slice
from leads.models import Bot

MOST_ADDRESSES = 10
LARGEST_CHAT_ID = 2**52


class AlertForm(forms.ModelForm):
    watched = forms.MultipleChoiceField(
        label="Watch for", choices=Kind.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    addresses = forms.CharField(
        label="E-mail addresses",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "none"}),
        help_text="One a line.",
    )

    class Meta:
        model = AlertSettings
        fields = (
            "failure_percent",
            "failure_least",
            "silence_hours",
            "values_hours",
            "telegram_bot",
            "telegram_chat_id",
        )
        labels = {
            "failure_percent": "Failed sends, in percent",
            "failure_least": "Of at least, sends an hour",
            "silence_hours": "Hours without an event",
            "values_hours": "Hours left for a value",
            "telegram_bot": "Telegram bot",
            "telegram_chat_id": "Telegram chat id",
        }
        help_texts = {
            "failure_least": "",
            "telegram_chat_id": "Of a person who pressed Start, or of a group with the bot: such as -1001234567890.",
        }

    def __init__(self, data: Any = None, *, instance: AlertSettings) -> None:
        initial = {
            "watched": [kind for kind in Kind.values if instance.watches(kind)],
            "addresses": "\n".join(instance.emails),
        }
        super().__init__(data, instance=instance, initial=initial)
        bots = cast(forms.ModelChoiceField, self.fields["telegram_bot"])
        bots.queryset, bots.empty_label = Bot.objects.filter(account=instance.account).order_by("username"), "None"
        self.fields["telegram_chat_id"].widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})

    def clean_addresses(self) -> list[str]:
        addresses = list(dict.fromkeys(self.cleaned_data["addresses"].replace(",", " ").split()))
        if len(addresses) > MOST_ADDRESSES:
            raise ValidationError(f"Give {MOST_ADDRESSES} at most; a mailing list is one.")
        for address in addresses:
            try:
                validate_email(address)
            except ValidationError:
                raise ValidationError(f"“{address}” is no e-mail address.") from None
        return addresses

    def clean_telegram_chat_id(self) -> int | None:
        chat_id: int | None = self.cleaned_data["telegram_chat_id"]
        if chat_id is not None and not 0 < abs(chat_id) <= LARGEST_CHAT_ID:
            raise ValidationError("This is no chat id of Telegram.")
        return chat_id

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        bot, chat_id = given.get("telegram_bot"), given.get("telegram_chat_id")
        if bot and chat_id is None and "telegram_chat_id" not in self.errors:
            self.add_error("telegram_chat_id", "Say in which chat the bot is to speak.")
        if chat_id is not None and not bot and "telegram_bot" not in self.errors:
            self.add_error("telegram_bot", "Choose the bot that is to speak there.")
        return given

    def save(self, commit: bool = True) -> AlertSettings:
        self.instance.muted = [kind for kind in Kind.values if kind not in self.cleaned_data["watched"]]
        self.instance.emails = self.cleaned_data["addresses"]
        saved: AlertSettings = super().save(commit)
        return saved


@page()
def alerts(request: HttpRequest, access: Access) -> HttpResponse:
    found = Alert.objects.filter(account=access.account).prefetch_related("notices")
    context = {
        "open_alerts": found.open().order_by("opened_at")[:100],
        "over": Slice(found.filter(resolved_at__isnull=False).order_by("-opened_at"), request),
        "settings": _settings_of(access),
    }
    return show(request, access, "alerts/alerts.html", context)


@page(MANAGERS)
def alert_settings(request: HttpRequest, access: Access) -> HttpResponse:
    form = AlertForm(request.POST or None, instance=_settings_of(access))
    if form.is_bound and any(error.code == "invalid_choice" for error in form.errors.as_data().get("telegram_bot", [])):
        raise Http404
    if form.is_valid():
        with transaction.atomic():
            form.save()
            audit.note(request, access, "change_alerts", access.account.name, fields=form.changed_data)
        messages.success(request, "Saved. Send a test alert to see it arrive.")
        return redirect("dashboard:alert-settings", access.account.pk)
    return _show_settings(request, access, form=form)


@require_POST
@page(MANAGERS)
def test_alert(request: HttpRequest, access: Access) -> HttpResponse:
    """Speaks to mail server and Telegram at once, and shows what came of it."""
    told_settings, results = _settings_of(access), []
    if seconds := rate_limit.take(f"test-alert:{access.account.pk}", per_minute=2, burst=5):
        messages.error(request, f"Too many test alerts. Wait {seconds} seconds and try again.")
        return redirect("dashboard:alert-settings", access.account.pk)
    name = access.account.name
    for route in told_settings.routes:
        try:
            telling.tell(
                route,
                told_settings,
                subject=f"{name}: test alert",
                text=f"{access.user.get_username()} asked for this message. Alerts will look like it.",
            )
            results.append((route.label, ""))
        except telling.CannotTell as error:
            results.append((route.label, str(error)))
    audit.note(request, access, "test_alert", name, results=dict(results))
    return _show_settings(request, access, results=results, is_tested=True)


def _show_settings(request: HttpRequest, access: Access, **more: Any) -> HttpResponse:
    saved = _settings_of(access)
    context = {
        "form": AlertForm(instance=saved),
        "settings": saved,
        "is_mail_configured": settings.EMAIL_IS_CONFIGURED,
        **more,
    }
    return show(request, access, "alerts/settings.html", context)


def _settings_of(access: Access) -> AlertSettings:
    saved = AlertSettings.objects.select_related("telegram_bot").filter(account=access.account).first()
    return saved or AlertSettings(account=access.account)
