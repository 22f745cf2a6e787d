"""How the admin shows values: badges, moments, links, JSON."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from adtarget.core import exact_json

LONGEST_SHOWN = 20_000  # characters of a JSON document on a page


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
            value = exact_json.loads(value)
        except ValueError:
            return format_html('<pre class="document">{}</pre>', value[:LONGEST_SHOWN])
    text = exact_json.dumps(value, indent=2, ensure_ascii=False)
    cut = text[:LONGEST_SHOWN] + ("\n…" if len(text) > LONGEST_SHOWN else "")
    return format_html('<pre class="document">{}</pre>', cut)


def listed(ids: Iterable[str], *, most: int = 3) -> str:
    """A few of many, for a message."""
    ids = list(ids)
    return ", ".join(ids[:most]) + (f" and {len(ids) - most} more" if len(ids) > most else "")
