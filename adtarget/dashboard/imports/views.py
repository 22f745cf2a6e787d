"""Imports of conversions: the upload, what its columns mean, what would happen, and how far it is."""

from itertools import islice
from typing import Any

from django.contrib import messages
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from adtarget.dashboard import audit
from adtarget.dashboard.access import OWNERS, Access, page, show
from adtarget.dashboard.imports.forms import MappingForm, UploadForm
from adtarget.imports import asking, files, previews, reading, running
from adtarget.imports.models import Import, State
from leads.models import ErasedPerson

SHOWN, SAMPLES = 20, 3


@page(OWNERS, recent=True)
def imports(request: HttpRequest, access: Access) -> HttpResponse:
    return _list(request, access, UploadForm())


@csrf_exempt  # `_keep` checks it, once it is known who asks: before that, Django would read the whole file
@require_POST
@page(OWNERS, recent=True)
def upload(request: HttpRequest, access: Access) -> HttpResponse:
    request.upload_handlers = [TemporaryFileUploadHandler(request)]
    return _keep(request, access)


@csrf_protect
def _keep(request: HttpRequest, access: Access) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            work = asking.keep(access.account, access.user, file.name, file.chunks())
        except reading.Unusable as error:
            form.add_error("file", str(error))
        else:
            return redirect("dashboard:conversion-import", access.account.pk, work.pk)
    return _list(request, access, form, status=422)


@page(OWNERS, recent=True)
def one_import(request: HttpRequest, access: Access, import_id: str) -> HttpResponse:
    """What its columns mean, with a preview; once it is begun, how far it is."""
    work = _import(access, import_id)
    if work.state != State.MAPPING:
        return show(request, access, "imports/progress.html", {"work": work, "is_mine": _is_mine(access, work)})
    path = files.upload_of(work.pk)
    try:
        columns = reading.columns(path)
    except FileNotFoundError:
        raise Http404 from None
    form = MappingForm(access.account, columns, work, request.POST or None)
    tried = None
    if form.is_valid():
        is_history = form.cleaned_data["is_history"]
        asking.mean(work, columns=form.meaning(), fixed=form.fixed(), is_history=is_history)
        if request.POST.get("step") == "import":
            return _begin(request, access, work)
        tried = previews.preview(reading.read(path), running.order_of(work), now=timezone.now())
    context = {"work": work, "form": form, "tried": tried, "columns": _samples(form, work)}
    return show(request, access, "imports/mapping.html", context, status=422 if form.errors else 200)


@page(OWNERS)
def progress(request: HttpRequest, access: Access, import_id: str) -> HttpResponse:
    """The live part of the page."""
    work = _import(access, import_id)
    context = {"account": access.account, "work": work, "is_mine": _is_mine(access, work)}
    return render(request, "dashboard/imports/_progress.html", context)


@require_POST
@page(OWNERS)
def cancel(request: HttpRequest, access: Access, import_id: str) -> HttpResponse:
    work = _import(access, import_id)
    if asking.cancel(work):
        audit.note(request, access, "cancel_import", work.pk)
        messages.success(request, "Cancelled. What was recorded until now stays.")
    return redirect("dashboard:conversion-imports", access.account.pk)


@page(OWNERS, recent=True)
def problems(request: HttpRequest, access: Access, import_id: str) -> HttpResponseBase:
    """The broken rows, for the person who uploaded the file."""
    work = _import(access, import_id)
    if not _is_mine(access, work):
        raise Http404
    if ErasedPerson.objects.filter(account=access.account, erased_at__gte=work.created_at).exists():
        files.remove(work.pk)
        messages.warning(request, "A person was erased after this file was uploaded, so its rows were deleted.")
        return redirect("dashboard:conversion-import", access.account.pk, work.pk)
    try:
        file = files.problems_of(work.pk).open("rb")
    except FileNotFoundError:
        messages.error(request, "The file is not here any more. It is kept for a day.")
        return redirect("dashboard:conversion-import", access.account.pk, work.pk)
    name = f"{work.name.rpartition('.')[0] or work.name}-problems.csv"
    return FileResponse(file, as_attachment=True, filename=name, content_type="text/csv; charset=utf-8")


def _begin(request: HttpRequest, access: Access, work: Import) -> HttpResponse:
    try:
        asking.begin(work)
    except asking.Busy:
        messages.warning(request, "Another import of this account is not done yet. Start this one afterwards.")
    else:
        audit.note(request, access, "import", work.pk, file=work.name, rows=work.rows, history=work.is_history)
    return redirect("dashboard:conversion-import", access.account.pk, work.pk)


def _list(request: HttpRequest, access: Access, form: UploadForm, *, status: int = 200) -> HttpResponse:
    shown = Import.objects.filter(account=access.account).order_by("-created_at")[:SHOWN]
    return show(request, access, "imports/imports.html", {"form": form, "imports": shown}, status=status)


def _samples(form: MappingForm, work: Import) -> list[dict[str, Any]]:
    """Each column with its choice and what stands in its first rows."""
    rows = list(islice(reading.read(files.upload_of(work.pk)), SAMPLES))
    return [
        {"field": field, "samples": [str(row.values.get(column, ""))[:60] for row in rows]}
        for field, column in zip(form.of_columns(), form.columns, strict=True)
    ]


def _import(access: Access, import_id: str) -> Import:
    return get_object_or_404(Import.objects.select_related("account", "asked_by"), pk=import_id, account=access.account)


def _is_mine(access: Access, work: Import) -> bool:
    return work.asked_by_id == access.user.pk
