"""What share of an account's visitors said what of consent, and what it kept from being sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from adtarget.dashboard.periods import Period
from adtarget.templatetags.dashboard import share
from dispatch.choices import Reason, SendStatus
from dispatch.models import Pixel, Send
from leads.models import Account, Site
from tracker.models import Visit

#: What is asked, as it is stored and as it is shown. For an opt-out, yes means refused.
QUESTIONS: Mapping[str, str] = {
    "ads": "Ads",
    "userData": "User data for ads",
    "personalization": "Personalised ads",
    "limited": "Opted out under a US state law",
}
SOURCES: Mapping[str, str] = {
    "tcf": "TCF banner",
    "gpp": "GPP banner",
    "consentMode": "Google Consent Mode",
    "ads": "adtarget.consent",
}


@dataclass(frozen=True, slots=True)
class Answers:
    """One question: how many visits came with a yes, a no and neither."""

    question: str
    yes: int
    no: int
    silent: int

    @property
    def shares(self) -> list[str]:
        """The three in per cent."""
        visits = self.yes + self.no + self.silent
        return [share(count, visits) for count in (self.yes, self.no, self.silent)]


@dataclass(frozen=True, slots=True)
class SiteConsent:
    """One site's visits of a period."""

    site: Site
    visits: int
    answers: list[Answers]
    sources: list[tuple[str, int]]


def site_consents(account: Account, period: Period) -> list[SiteConsent]:
    """Each site with visits in the period; one statement for each."""
    return [found for site in account.sites.order_by("domain") if (found := _of_site(site, period)).visits]


def denials(account: Account, period: Period) -> list[tuple[str, int]]:
    """The sentences that kept events of the period from being sent, the most frequent first."""
    pixels = list(Pixel.objects.filter(site__account=account).values_list("pk", flat=True))
    skipped = Send.objects.filter(
        pixel__in=pixels,
        status=SendStatus.SKIPPED,
        reason=Reason.CONSENT_DENIED,
        created_at__gte=period.since,
        created_at__lt=period.until,
    )
    counted = skipped.values_list("error_message").annotate(sends=Count("pk")).order_by("-sends", "error_message")
    return list(counted[:20])


def _of_site(site: Site, period: Period) -> SiteConsent:
    counts: dict[str, Any] = {"visits": Count("pk")}
    for number, name in enumerate(QUESTIONS):
        counts[f"yes_{number}"] = Count("pk", filter=Q(**{f"consent__{name}": True}))
        counts[f"no_{number}"] = Count("pk", filter=Q(**{f"consent__{name}": False}))
    for number, name in enumerate(SOURCES):
        counts[f"source_{number}"] = Count("pk", filter=Q(**{f"consent__raw__{name}__isnull": False}))
    visits = Visit.objects.filter(site=site, visited_at__gte=period.since, visited_at__lt=period.until)
    found = visits.aggregate(**counts)
    answers = [
        Answers(label, yes, no, found["visits"] - yes - no)
        for number, label in enumerate(QUESTIONS.values())
        for yes, no in [(found[f"yes_{number}"], found[f"no_{number}"])]
    ]
    sources = [(label, found[f"source_{number}"]) for number, label in enumerate(SOURCES.values())]
    return SiteConsent(site, found["visits"], answers, [(label, count) for label, count in sources if count])
