"""An export that a worker makes: how far it is, and its download. Only for the person who asked for it."""

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render

from adtarget.dashboard.access import Access, page, show
from adtarget.exports import files
from adtarget.exports.models import Export, State
from leads.models import ErasedPerson


@page()
def export(request: HttpRequest, access: Access, export_id: str) -> HttpResponse:
    return show(request, access, "exports/export.html", {"export": _export(access, export_id)})


@page()
def progress(request: HttpRequest, access: Access, export_id: str) -> HttpResponse:
    """The live part of the page."""
    context = {"account": access.account, "export": _export(access, export_id)}
    return render(request, "dashboard/exports/_progress.html", context)


@page()
def download(request: HttpRequest, access: Access, export_id: str) -> HttpResponseBase:
    wanted = get_object_or_404(Export, pk=_export(access, export_id).pk, state=State.READY)
    if ErasedPerson.objects.filter(account=access.account, erased_at__gte=wanted.created_at).exists():
        files.remove(wanted.pk)
        wanted.delete()
        messages.warning(request, "A person was erased after this file was asked for, so it was deleted. Export again.")
        return redirect("dashboard:account", access.account.pk)
    try:
        file = files.path_of(wanted.pk).open("rb")
    except FileNotFoundError:
        messages.error(request, "The file is not on this server. Is VAR_DIR shared with the worker?")
        return redirect("dashboard:export", access.account.pk, wanted.pk)
    name = f"{wanted.kind}-{wanted.created_at:%Y-%m-%d}.csv"
    return FileResponse(file, as_attachment=True, filename=name, content_type="text/csv; charset=utf-8")


def _export(access: Access, export_id: str) -> Export:
    return get_object_or_404(Export, pk=export_id, account=access.account, asked_by=access.user, is_direct=False)
