"""Pages of channels: the list, one channel's joins with their ads, its settings."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from adtarget.dashboard import audit, charts
from adtarget.dashboard.access import MANAGERS, Access, page, show
from adtarget.dashboard.channels import queries as figures
from adtarget.dashboard.channels import tables
from adtarget.dashboard.channels.advice import Facts, advise
from adtarget.dashboard.channels.export import wanted_list
from adtarget.dashboard.channels.forms import ChannelFilter
from adtarget.dashboard.channels.join_figures import JoinKind
from adtarget.dashboard.channels.link_supply import link_supply
from adtarget.dashboard.export import export_list
from adtarget.dashboard.filters import PeriodForm, with_period
from adtarget.dashboard.paging import Slice
from adtarget.dashboard.periods import Period
from adtarget.exports.models import Kind
from conversions.money import ACTIVE_CURRENCIES
from leads.forms import ChannelForm
from leads.models import Channel, Site
from tracker import invites
from tracker.models import InvitePool
from tracker.sources import ad_source

SHOWN_JOINS = 20


@page()
def channels(request: HttpRequest, access: Access) -> HttpResponse:
    now = timezone.now()
    form = ChannelFilter(access.account, with_period(request))
    rows = Slice(figures.find_channels(access.account, form.wanted()), request)
    period = form.period(now=now)
    joins, waiting = figures.joins_of(rows, period), figures.waiting_links(rows, now=now)
    items = [
        {"channel": channel, "joins": joins[channel.pk], "waiting": waiting.get(channel.pk, 0)} for channel in rows
    ]
    return show(
        request, access, "channels/channels.html", {"form": form, "rows": rows, "items": items, "period": period}
    )


@page()
def channel(request: HttpRequest, access: Access, channel_id: str) -> HttpResponseBase:
    row = _channel(access, channel_id)
    form = PeriodForm(with_period(request))
    period = form.period(now=timezone.now())
    if request.GET.get("format") == "csv":
        query = with_period(request) | {"channel": row.pk}
        return export_list(request, access, Kind.JOINS, query, wanted_list(access.account, query))
    found = figures.find_joins(row, period)
    rows = Slice(found, request, SHOWN_JOINS)
    latest = [{"join": join, "source": ad_source(join.visit)} for join in rows]
    context = {"channel": row, "form": form, "period": period, "rows": rows, "latest": latest}
    return show(request, access, "channels/channel.html", context | _figures(row, period))


@page(MANAGERS)
def channel_settings(request: HttpRequest, access: Access, channel_id: str) -> HttpResponse:
    with transaction.atomic():
        row = _channel(access, channel_id, is_to_change=request.method == "POST")
        before = _settings(row)
        form = ChannelForm(request.POST if request.method == "POST" else None, instance=row)
        if form.is_valid():
            after = _settings(form.save())
            changes = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
            audit.note(request, access, "change_channel", row.pk, changes=changes)
            messages.success(request, "Saved. It holds for everybody who joins from now on.")
            return redirect("dashboard:channel", access.account.pk, row.pk)
    context = {"channel": row, "form": form, "currencies": sorted(ACTIVE_CURRENCIES)}
    return show(request, access, "channels/settings.html", context, status=422 if form.is_bound else 200)


@require_POST
@page(MANAGERS)
def archive_channel(request: HttpRequest, access: Access, channel_id: str) -> HttpResponse:
    """Or takes it out of the archive. What happened in it stays."""
    with transaction.atomic():
        row = _channel(access, channel_id, is_to_change=True)
        row.is_active = request.POST.get("is_active") == "on"
        row.is_default = row.is_default and row.is_active
        row.save(update_fields=["is_active", "is_default"])
        audit.note(request, access, "restore_channel" if row.is_active else "archive_channel", row.pk)
    messages.success(request, f"{row} counts joins again." if row.is_active else f"{row} is archived.")
    return redirect("dashboard:channel", access.account.pk, row.pk)


def _channel(access: Access, channel_id: str, *, is_to_change: bool = False) -> Channel:
    """One that is to change is locked after its site, so that two defaults never meet."""
    found = Channel.objects.filter(site__account=access.account)
    if is_to_change:
        get_object_or_404(Site.objects.select_for_update(no_key=True), channels=channel_id, account=access.account)
        found = found.select_for_update(of=("self",), no_key=True)
    return get_object_or_404(found.select_related("site", "bot"), pk=channel_id)


def _settings(row: Channel) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in ChannelForm.base_fields}
    return values | {"value": row.value and f"{row.value:.4f}"}


def _figures(row: Channel, period: Period) -> dict[str, Any]:
    now = timezone.now()
    joins, fallbacks = figures.joins_by_day(row, period), figures.fallbacks(row, period)
    facts = Facts(
        channel=row,
        joins=joins,
        clicks={fallback.reason: fallback.clicks for fallback in fallbacks},
        waiting_requests=figures.waiting_requests(row, period),
        channels_beside=figures.channels_beside(row),
        has_own_link=bool(invites.own_link(row)),
    )
    by_day = {kind.label: [joins.by_day[kind][day] for day in period.days] for kind in JoinKind}
    return {
        "joins": joins,
        "fallbacks": fallbacks,
        "waiting_requests": facts.waiting_requests,
        "advice": advise(facts),
        "links": figures.links(row, period, now=now),
        "supply": link_supply(row, now=now) if row.telegram_channel_id < 0 else None,
        "pool": InvitePool.objects.filter(channel=row).first(),
        "now": now,
        "chart": charts.stacked_days(period.days, by_day),
        "days_table": tables.days_table(joins, period),
        "routes_table": tables.routes_table(joins),
    }
