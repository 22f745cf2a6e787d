"""Base classes of the admin pages: quick lists, read-only, audited, asking for a recent sign-in."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ERROR_FLAG, ChangeList
from django.core.exceptions import PermissionDenied
from django.db import DataError, OperationalError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from adtarget.admin.audit import changed_fields, note
from leads import sign_in
from leads.damaged_rows import read_columns
from leads.unreadable import UNREADABLE, read_rows, require_whole
from leads.unreadable import note as note_unreadable


class ReadableChangeList(ChangeList):
    """A list without the rows that cannot be read."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = read_rows(self.result_list).found


class BigTableAdmin(admin.ModelAdmin):
    """A changelist that stays quick: no count of the whole table, newest first, exact search by ids."""

    show_full_result_count = False
    list_per_page = 100
    ordering = ("-pk",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ReadableChangeList

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Answers a filter that no database can compare with, such as the year 1, as Django answers unknown ones."""
        try:
            return super().changelist_view(request, extra_context)
        except (OverflowError, DataError):
            return HttpResponseRedirect(f"{request.path}?{ERROR_FLAG}=1")


class ReadOnlyAdmin(BigTableAdmin):
    """Facts: shown, never added, changed or deleted by hand, whatever the person's permissions."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            require_whole(found)
        return found

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """The row; of a damaged one what can be read."""
        try:
            page = super().changeform_view(request, object_id, form_url, extra_context)
            return page.render() if isinstance(page, TemplateResponse) else page
        except (*UNREADABLE, OperationalError) as error:
            if object_id is None:
                raise
            return self._damaged(request, unquote(object_id), error)

    def _damaged(self, request: HttpRequest, key: str, error: Exception) -> TemplateResponse:
        """What can be read of the row. Raises the error where its columns are not the cause."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        columns = read_columns(self.model, key)
        if not columns.unreadable:
            raise error
        note_unreadable(self.model, key, error)
        context = {**self.admin_site.each_context(request), "opts": self.opts, "key": key, "columns": columns}
        return TemplateResponse(request, "admin/damaged.html", {**context, "title": key})

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class AuditedAdmin(admin.ModelAdmin):
    """Every change made here leaves an audit entry: old and new values, of secrets only that they changed."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        fields = changed_fields(form)
        if fields or not change:
            note(request, "change" if change else "create", obj, details={"fields": fields})

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        # Who adds a row that refers to it waits, and then finds it gone: the deletion itself meets nothing new.
        obj._meta.base_manager.select_for_update().get(pk=obj.pk)
        note(request, "delete", obj, details={"id": str(obj.pk)})
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for obj in queryset:
            note(request, "delete", obj, details={"id": str(obj.pk)})
        super().delete_queryset(request, queryset)


class RecentSignInAdmin(admin.ModelAdmin):
    """Rows that hold secrets or grant access: opened, changed and deleted only soon after the password was given."""

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        if not sign_in.is_recent(request):
            return ask_password_again(request)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        if not sign_in.is_recent(request):
            return ask_password_again(request)
        return super().delete_view(request, object_id, extra_context)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The list itself shows no secret; its actions change rows."""
        if request.method == "POST" and not sign_in.is_recent(request):
            return ask_password_again(request)
        return super().changelist_view(request, extra_context)


def ask_password_again(request: HttpRequest) -> HttpResponseRedirect:
    """To the question for the password, and from there back to this page."""
    return HttpResponseRedirect(f"{reverse('dashboard:confirm')}?{urlencode({'next': request.path})}")


class ReadOnlyInline(admin.TabularInline):
    """Rows shown beside their parent."""

    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
