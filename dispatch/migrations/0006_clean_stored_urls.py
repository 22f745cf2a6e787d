"""Drops personal data from the URLs that were stored before URLs were reduced on arrival."""

from collections.abc import Callable, Iterator
from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Model, Q, QuerySet

from dispatch import page_urls

AT_ONCE = 500  # rows a transaction, so that no lock is held for long
PAGES = ("url", "landing_page", "referrer")


def clean(apps: Apps, schema_editor: BaseDatabaseSchemaEditor | None) -> None:
    sites = apps.get_model("leads", "Site").objects.values_list("pk", "kept_query_parameters")
    kept = dict(sites)
    _each(_visits(apps), PAGES, lambda row: row.site_id, kept)
    conversions = apps.get_model("conversions", "Conversion").objects.exclude(api_visit_override={})
    _each(conversions, ("api_visit_override",), lambda row: row.site_id, kept)
    attempts = apps.get_model("dispatch", "Attempt").objects.exclude(request={}).select_related("send__conversion")
    _each(attempts, ("request",), lambda row: row.send.conversion.site_id, kept)


def _visits(apps: Apps) -> QuerySet[Any]:
    has_more = Q()
    for name in PAGES:
        has_more |= Q(**{f"{name}__contains": "?"}) | Q(**{f"{name}__contains": "#"}) | Q(**{f"{name}__contains": "@"})
    return apps.get_model("tracker", "Visit").objects.filter(has_more)


def _each(rows: QuerySet[Any], fields: tuple[str, ...], site_of: Callable[[Any], str], kept: dict[str, Any]) -> None:
    for chunk in _chunks(rows.only("pk", *fields, *_SITE[rows.model.__name__])):
        changed = [row for row in chunk if _reduce(row, fields, kept.get(site_of(row), []))]
        rows.model._default_manager.bulk_update(changed, fields)


_SITE = {"Visit": ["site_id"], "Conversion": ["site_id"], "Attempt": ["send__conversion__site_id"]}


def _reduce(row: Model, fields: tuple[str, ...], keep: list[str]) -> bool:
    is_changed = False
    for name in fields:
        before = getattr(row, name)
        after = page_urls.reduced_within(before, keep)
        setattr(row, name, after)
        is_changed |= after != before
    return is_changed


def _chunks(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    last = None
    while True:
        after = rows.order_by("pk") if last is None else rows.filter(pk__gt=last).order_by("pk")
        chunk = list(after[:AT_ONCE])
        if not chunk:
            return
        yield chunk
        last = chunk[-1].pk


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("dispatch", "0005_no_closed_list_of_platforms"),
        ("conversions", "0002_indexes_that_count"),
        ("tracker", "0008_fewer_indexes_for_each_invite"),
        ("leads", "0005_kept_query_parameters"),
    ]

    operations = [migrations.RunPython(clean, migrations.RunPython.noop)]
