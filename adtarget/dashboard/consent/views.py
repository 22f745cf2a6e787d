"""The page that shows what visitors agreed to."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from adtarget.dashboard.access import Access, page, show
from adtarget.dashboard.consent.queries import denials, site_consents
from adtarget.dashboard.filters import PeriodForm, with_period


@page()
def consent(request: HttpRequest, access: Access) -> HttpResponse:
    form = PeriodForm(with_period(request))
    period = form.period(now=timezone.now())
    context = {
        "form": form,
        "period": period,
        "sites": site_consents(access.account, period),
        "denials": denials(access.account, period),
    }
    return show(request, access, "consent/consent.html", context)
