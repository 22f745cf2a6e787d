"""Pages of conversions that await their value: one by one, or many at once."""

from typing import Any, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from adtarget.core import errors
from adtarget.dashboard import audit
from adtarget.dashboard.access import SUBMITTERS, Access, page, show
from adtarget.dashboard.values import pasting
from adtarget.dashboard.values.forms import PasteForm
from conversions import submitting
from conversions.forms import ValueForm
from conversions.models import Conversion
from conversions.money import ACTIVE_CURRENCIES
from dispatch.awaiting import awaiting, site_platforms, windows
from leads.unreadable import read_rows
from tracker import sources

ROWS = 25
LAST_CURRENCY = "last_currency"


@page()
def inbox(request: HttpRequest, access: Access) -> HttpResponse:
    return _inbox(request, access)


@require_POST
@page(SUBMITTERS)
def submit(request: HttpRequest, access: Access, conversion_id: str) -> HttpResponse:
    conversion = get_object_or_404(
        Conversion.objects.of_account(access.account).select_related("site"), pk=conversion_id
    )
    form = _form(request, conversion, data=request.POST)
    if form.is_valid():
        try:
            was_first = _submit(request, access, conversion, form)
        except errors.SubscriptionInactive as error:
            form.add_error(None, str(error))
        except errors.InvalidPayload as error:  # somebody was faster: it has left the inbox
            messages.error(request, str(error))
            return redirect("dashboard:values", access.account.pk)
        else:
            request.session[LAST_CURRENCY] = form.cleaned_data["currency"]
            who = f"Telegram user {conversion.telegram_user_id}"
            messages.success(request, f"{'Submitted' if was_first else 'Already submitted'} for {who}.")
            return redirect("dashboard:values", access.account.pk)
    return _inbox(request, access, refused=form, refused_id=conversion.pk)


@page(SUBMITTERS)
def several(request: HttpRequest, access: Access) -> HttpResponse:
    """Shows a preview of the pasted rows, then submits the valid ones; the others stay in the form."""
    form = PasteForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        now, text = timezone.now(), form.cleaned_data["text"]
        try:
            rows = pasting.read_rows(text, awaiting(access.account, site_platforms(access.account), now=now))
        except pasting.Unreadable as error:
            form.add_error(None, str(error))
        else:
            if request.POST.get("step") == "submit":
                _submit_rows(request, access, rows)
                context["is_done"] = True
            ready = [row for row in rows if row.is_ready]
            context |= {"rows": rows, "ready": ready, "wrong": len(rows) - len(ready), "text": text}
            context["form"] = PasteForm(initial={"text": text})
    return show(request, access, "values/several.html", context)


def _submit_rows(request: HttpRequest, access: Access, rows: list[pasting.PastedRow]) -> None:
    for row in rows:
        if row.conversion is not None and row.is_ready:
            try:
                _submit(request, access, row.conversion, row.form)
            except errors.ApiError as error:
                row.problems.append(str(error))


def _submit(request: HttpRequest, access: Access, conversion: Conversion, form: ValueForm) -> bool:
    """Whether this very submission is what gave the conversion its value."""
    with transaction.atomic():
        was_first = submitting.submit_value(
            conversions=Conversion.objects.of_account(access.account).filter(pk=conversion.pk),
            value=form.cleaned_data["value"],
            currency=form.cleaned_data["currency"],
            pii=form.pii(),
            now=timezone.now(),
        )
        if was_first:
            audit.note(request, access, "submit_value", conversion.pk, value=str(form.cleaned_data["value"]))
    return was_first


def _inbox(
    request: HttpRequest, access: Access, *, refused: ValueForm | None = None, refused_id: str = ""
) -> HttpResponse:
    now = timezone.now()
    platforms = site_platforms(access.account)
    rows = Paginator(awaiting(access.account, platforms, now=now), ROWS).get_page(request.GET.get("page"))
    shown = cast("QuerySet[Conversion]", rows.object_list)
    items = [
        {
            "conversion": conversion,
            "source": sources.ad_source(conversion.visit),
            "windows": windows(conversion, platforms, now=now),
            "form": refused if refused and conversion.pk == refused_id else _form(request, conversion),
            "is_first": conversion.pk == refused_id if refused else number == 0,
        }
        for number, conversion in enumerate(read_rows(shown).found)
    ]
    context = {"items": items, "rows": rows, "currencies": sorted(ACTIVE_CURRENCIES), "has_pixels": bool(platforms)}
    return show(request, access, "values/inbox.html", context, status=422 if refused else 200)


def _form(request: HttpRequest, conversion: Conversion, data: Any = None) -> ValueForm:
    return ValueForm(
        data,
        auto_id=f"{conversion.pk}_%s",
        region=conversion.site.default_phone_region,
        initial={"currency": request.session.get(LAST_CURRENCY, "")},
    )
