"""API keys, and which conversions each may read and change."""

from functools import partial

from django.db import models
from django.db.models import Q

from adtarget.core.ids import new_id
from leads.choices import KeyMode
from leads.models.account import Account
from leads.models.site import Site


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def active(self) -> "ApiKeyQuerySet":
        return self.filter(revoked_at__isnull=True)


class ApiKey(models.Model):
    """A Bearer key: public prefix, hash of the secret; the secret itself is shown once and kept nowhere."""

    id = models.CharField(primary_key=True, max_length=40, default=partial(new_id, "key"), editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="api_keys")
    site = models.ForeignKey(
        Site,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="api_keys",
        help_text="Empty: every site of the account.",
    )
    name = models.CharField(max_length=200)
    mode = models.CharField(max_length=8, choices=KeyMode.choices, default=KeyMode.LIVE)
    prefix = models.CharField(max_length=8, unique=True, editable=False)
    secret_sha256 = models.CharField(max_length=64, editable=False)
    rate_limit_per_minute = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: the default.")
    rate_limit_burst = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: the default.")
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = "API key"
        constraints = [models.CheckConstraint(condition=Q(mode__in=KeyMode.values), name="api_key_mode_is_known")]

    def __str__(self) -> str:
        return f"{self.name} (atk_{self.mode}_{self.prefix}_…)"

    @property
    def is_test(self) -> bool:
        return self.mode == KeyMode.TEST

    @property
    def acts_for_account(self) -> bool:
        """Whether it may manage webhooks and erase people: a live key that is limited to no site."""
        return not self.is_test and self.site_id is None

    def scope_of_sites(self, path: str = "") -> Q:
        """What belongs to the sites the key is for; `path` leads to the site, as in `site__`."""
        return Q(**{f"{path}account": self.account_id}) & (Q(**{f"{path}pk": self.site_id}) if self.site_id else Q())

    def scope(self, path: str = "") -> Q:
        """The conversions the key reads and changes; `path` leads to the conversion, as in `conversion__`.

        The only place that decides it: those of its account and, where it is
        limited, of its site; of a test key only those made by test keys.
        """
        wanted = {"account": self.account_id}
        if self.site_id:
            wanted["site"] = self.site_id
        scope = Q(**{f"{path}{name}": value for name, value in wanted.items()})
        return scope & Q(**{f"{path}is_test": True}) if self.is_test else scope
