"""Sites: a customer's web site with its domains and settings."""

from functools import partial

from django.db import models

from adtarget.core.ids import new_id
from leads.choices import ConsentPolicy
from leads.models.account import Account


class Site(models.Model):
    """A customer's web site, with its pixels and channels."""

    id = models.CharField(primary_key=True, max_length=40, default=partial(new_id, "site"), editable=False)
    website_id = models.CharField(max_length=40, unique=True, default=partial(new_id, "atid"), editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="sites")
    domain = models.CharField(max_length=253)
    name = models.CharField(max_length=200)
    allowed_domains = models.JSONField(default=list, blank=True, help_text="Further domains that may send visits.")
    kept_query_parameters = models.JSONField(
        default=list,
        blank=True,
        help_text="Names of query parameters that are kept of the site's URLs, besides click ids and UTMs.",
    )
    is_paused = models.BooleanField(default=False, help_text="A paused site takes no events (402).")
    default_phone_region = models.CharField(max_length=2, blank=True, help_text="ISO 3166-1, such as DE.")
    ad_user_data_consent = models.BooleanField(null=True, blank=True, help_text="Google: consent to send user data.")
    ad_personalization_consent = models.BooleanField(null=True, blank=True)
    consent_policy = models.CharField(
        max_length=16,
        choices=ConsentPolicy.choices,
        default=ConsentPolicy.NOT_ASKED,
        verbose_name="visitors' consent",
        help_text="What decides about sending an event: see docs/consent.md.",
    )
    duplicate_window_seconds = models.PositiveIntegerField(default=24 * 3600)
    purchase_duplicate_window_seconds = models.PositiveIntegerField(
        default=10 * 60, help_text="For Purchase and Custom events."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "domain"], name="one_site_per_account_and_domain"),
        ]

    def __str__(self) -> str:
        return self.domain

    @property
    def consent(self) -> dict[str, str]:
        """The site's consent for Google's two questions; '' where unset."""
        words = {True: "granted", False: "denied", None: ""}
        return {
            "adUserData": words[self.ad_user_data_consent],
            "adPersonalization": words[self.ad_personalization_consent],
        }
