"""Visits and the tracking sessions they belong to."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db import models

from adtarget.core.ids import new_id
from leads.models import Site
from tracker import click_ids

#: Ids with a column of their own; those of later platforms are kept in `more_ids`.
ID_COLUMNS = frozenset("fbc fbp gclid gbraid wbraid ttclid ttp sccid sc_cookie1".split())


class TrackingSession(models.Model):
    """One visitor's browsing until thirty minutes pass without a visit."""

    id = models.CharField(primary_key=True, max_length=40, default=partial(new_id, "ses"), editable=False)
    # Each index is written with each visit: these three keys have one of their own only where something reads it.
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="tracking_sessions", db_index=False)
    temp_id = models.UUIDField(help_text="The visitor, as the browser's cookie names it.")
    client_session_id = models.CharField(max_length=64, blank=True)
    started_at = models.DateTimeField()
    last_visit_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["site", "temp_id", "-last_visit_at"], name="session_by_visitor")]

    def __str__(self) -> str:
        return self.pk


class Visit(models.Model):
    """One landing-page view and every signal it carried, click ids verbatim."""

    id = models.CharField(primary_key=True, max_length=40, default=partial(new_id, "vis"), editable=False)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="visits", db_index=False)
    session = models.ForeignKey(
        TrackingSession, on_delete=models.CASCADE, related_name="visits", db_constraint=False, db_index=False
    )
    temp_id = models.UUIDField()
    visited_at = models.DateTimeField()
    from_tap = models.BooleanField(
        default=False, db_default=False, help_text="Made by a tap on a link, without a page view told before."
    )
    url = models.CharField(max_length=2048, blank=True)
    landing_page = models.CharField(max_length=2048, blank=True)
    referrer = models.CharField(max_length=2048, blank=True)
    external_user_id = models.CharField(max_length=512, blank=True)
    fbc = models.CharField(max_length=2048, blank=True)
    fbp = models.CharField(max_length=2048, blank=True)
    gclid = models.CharField(max_length=2048, blank=True)
    gbraid = models.CharField(max_length=2048, blank=True)
    wbraid = models.CharField(max_length=2048, blank=True)
    ttclid = models.CharField(max_length=2048, blank=True)
    ttp = models.CharField(max_length=2048, blank=True)
    sccid = models.CharField(max_length=2048, blank=True)
    sc_cookie1 = models.CharField(max_length=2048, blank=True)
    seen_at = models.JSONField(
        default=dict, blank=True, help_text="When each click and browser id was first seen, in Unix milliseconds."
    )
    consent = models.JSONField(
        default=dict, blank=True, help_text="What the visitor last agreed to: decoded, and as it came in."
    )
    more_ids = models.JSONField(
        default=dict, blank=True, help_text="Click and browser ids of platforms that have no column of their own."
    )
    parameters = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        help_text="Kept parameters of the landing page, such as a tracker's click id, by name; verbatim.",
    )
    client_ip = models.CharField(max_length=64, blank=True)
    user_agent = models.CharField(max_length=1024, blank=True)
    utm_source = models.CharField(max_length=512, blank=True)
    utm_medium = models.CharField(max_length=512, blank=True)
    utm_campaign = models.CharField(max_length=512, blank=True)
    utm_content = models.CharField(max_length=512, blank=True)
    utm_term = models.CharField(max_length=512, blank=True)
    country = models.CharField(max_length=128, blank=True)
    region = models.CharField(max_length=128, blank=True)
    city = models.CharField(max_length=128, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["session"], name="visit_by_session"),
            models.Index(fields=["site", "-visited_at"], name="visit_by_time"),
        ]

    def __str__(self) -> str:
        return self.pk

    def signal(self, field: str) -> str:
        """A click or browser id by its field, a kept parameter by `param:` and its name; '' where there is none."""
        if field.startswith(click_ids.PARAMETER):
            return str(self.parameters.get(field.removeprefix(click_ids.PARAMETER), ""))
        return str(getattr(self, field)) if field in ID_COLUMNS else str(self.more_ids.get(field, ""))

    def columns_of(self, ids: Mapping[str, str]) -> dict[str, Any]:
        """Ids by field as values of columns, those without a column among the visit's other ones."""
        columns = id_columns(ids)
        for name in ("more_ids", "parameters"):
            if name in columns:
                columns[name] = getattr(self, name) | columns[name]
        return columns

    @property
    def all_parameters(self) -> dict[str, str]:
        """Its kept parameters by `param:` and name."""
        return {click_ids.PARAMETER + name: value for name, value in self.parameters.items()}


def id_columns(ids: Mapping[str, str]) -> dict[str, Any]:
    """Ids by field as values of columns; `more_ids` and `parameters` hold those without one, where there are any."""
    parameters = click_ids.parameters_among(ids)
    found: dict[str, Any] = {field: value for field, value in ids.items() if field in ID_COLUMNS}
    more = {
        field: value
        for field, value in ids.items()
        if field not in ID_COLUMNS and not field.startswith(click_ids.PARAMETER)
    }
    return found | ({"more_ids": more} if more else {}) | ({"parameters": parameters} if parameters else {})
