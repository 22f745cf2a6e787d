"""Lists and tables as downloads: a short list at once, a long one from a worker; one at a time for each account."""

from collections.abc import Iterable, Mapping, Sequence

from django.contrib import messages
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from adtarget.dashboard import audit
from adtarget.dashboard.access import Access, zone_of
from adtarget.exports import asking, reading, spreadsheet
from adtarget.exports.models import Export, Kind


def csv_answer(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """A download of a table that is in memory."""
    text = "".join(spreadsheet.lines(header, rows))
    answer = HttpResponse(text, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def export_list(
    request: HttpRequest, access: Access, kind: Kind, query: Mapping[str, str], wanted: reading.List
) -> HttpResponse:
    """The list as a download at once where it is short; else the page on which a worker's file appears."""
    is_direct = not reading.is_long(wanted)
    try:
        export = asking.begin(
            access.account,
            access.user,
            kind,
            query,
            zone=zone_of(request).key,
            is_direct=is_direct,
            now=timezone.now(),
        )
    except asking.Busy as busy:
        return _busy(request, access, busy.export)
    audit.note(request, access, "export", kind, query=dict(query))
    if not is_direct:
        return redirect("dashboard:export", access.account.pk, export.pk)
    try:
        return csv_answer(wanted.name, wanted.header, reading.read(wanted, most=reading.DIRECT_ROWS))
    except OperationalError:
        messages.error(request, "The database took too long. Choose fewer days or more filters.")
        return redirect(request.path)
    finally:
        export.delete()


def _busy(request: HttpRequest, access: Access, other: Export | None) -> HttpResponse:
    messages.warning(request, "Another export of this account is not done yet. Start this one afterwards.")
    if other is not None and not other.is_direct and other.asked_by_id == access.user.pk:
        return redirect("dashboard:export", access.account.pk, other.pk)
    return redirect(request.path)
