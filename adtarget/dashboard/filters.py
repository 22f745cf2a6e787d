"""Filters in a page's query string: days, periods, and ids of the account's own rows."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from adtarget.dashboard.periods import LONGEST, Period, last_days, midnight

#: Days that a filter takes: at the ends of the calendar, a day's midnight in another zone does not exist.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)


class DayField(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date", "min": FIRST_DAY.isoformat(), "max": LAST_DAY.isoformat()})
    default_validators = [MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)]


class FilterForm(forms.Form):
    """Filters in the address; an id of another account's thing is as wrong as one of nothing."""

    since = DayField(label="From", required=False)
    until = DayField(label="To", required=False)

    #: Filters whose values are ids of the account's things.
    ids: ClassVar[Sequence[str]] = ()

    def wanted(self) -> dict[str, Any]:
        """What is asked for, in the viewer's days; Http404 where an id is not the account's."""
        if not self.is_valid() and any(name in self.errors for name in self.ids):
            raise Http404
        wanted = dict(self.cleaned_data)
        since, until = wanted.get("since"), wanted.get("until")
        wanted["since"] = midnight(since) if since else None
        wanted["until"] = midnight(until + timedelta(days=1)) if until else None
        return wanted


class PeriodForm(forms.Form):
    """The last days, or from a day to another."""

    days = forms.TypedChoiceField(
        label="Period",
        choices=[("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("", "From … to …")],
        required=False,
        coerce=int,
    )
    since = DayField(label="From", required=False)
    until = DayField(label="To", required=False)

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        since, until = given.get("since"), given.get("until")
        if not given.get("days") and since and until and not 0 <= (until - since).days < LONGEST:
            raise ValidationError(f"Choose from 1 to {LONGEST} days, the first before the last.")
        return given

    def period(self, *, now: datetime) -> Period:
        """What is asked for; thirty days where that is unclear."""
        given = self.cleaned_data if self.is_valid() else {}
        since, until = given.get("since"), given.get("until")
        if not given.get("days") and since and until:
            return Period(since, until)
        return last_days(given.get("days") or 30, now=now)


def between(rows: QuerySet[Any], field: str, since: datetime | None, until: datetime | None) -> QuerySet[Any]:
    """Those of `since` and later, before `until`."""
    if since:
        rows = rows.filter(**{f"{field}__gte": since})
    if until:
        rows = rows.filter(**{f"{field}__lt": until})
    return rows


def with_period(request: HttpRequest) -> dict[str, Any]:
    """The page's query; thirty days where it names none."""
    asked = request.GET.dict()
    return asked if "days" in asked or "since" in asked else {**asked, "days": "30"}
