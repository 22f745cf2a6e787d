"""People who sign in."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django_otp.plugins.otp_static.admin import StaticDevice
from django_otp.plugins.otp_totp.admin import TOTPDevice

from adtarget.admin.actions import back_to_page, confirmation
from adtarget.admin.audit import note
from adtarget.admin.base import AuditedAdmin, RecentSignInAdmin, ask_password_again
from leads import second_step, sign_in

GRANTS = ("is_superuser", "is_staff", "groups", "user_permissions")

# A device's page would show its secret; turning the second step off is an action on people.
admin.site.unregister([get_user_model(), Group, TOTPDevice, StaticDevice])


@admin.register(get_user_model())
class PersonAdmin(RecentSignInAdmin, AuditedAdmin, UserAdmin):
    """Only superusers grant rights, and only they change people who have rights."""

    actions = ("turn_off_second_step",)

    def has_superuser_permission(self, request: HttpRequest) -> bool:
        return _is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and _may_change(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_change(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_readonly_fields(request, obj) if _is_superuser(request) else GRANTS

    @admin.action(description="Turn off the second step", permissions=["superuser"])
    def turn_off_second_step(self, request: HttpRequest, people: QuerySet[Any]) -> HttpResponse | None:
        """For people who lost phone and recovery codes; ends all their sessions."""
        if "confirmed" not in request.POST:
            return self._ask_to_turn_off(request, people)
        for person in people:
            second_step.turn_off(person)
            sign_in.end_sessions(person)
            note(request, "turn_off_second_step", person)
            self.message_user(request, f"Password alone signs in now: {person}.", messages.SUCCESS)
        return back_to_page(self, request)

    def _ask_to_turn_off(self, request: HttpRequest, people: QuerySet[Any]) -> HttpResponse:
        return confirmation(
            self,
            request,
            action="turn_off_second_step",
            title="Turn off the second step?",
            intro="Make sure it is they who ask. Their password alone signs them in then; they are signed out now.",
            lines=[str(person) for person in people],
            button="Turn off",
        )

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        if not sign_in.is_recent(request):
            return ask_password_again(request)
        response = super().user_change_password(request, id, form_url)
        person = get_user_model().objects.filter(pk=id).first()
        if isinstance(response, HttpResponseRedirect) and person is not None:
            note(request, "password", person)
        return response


@admin.register(Group)
class PermissionsAdmin(RecentSignInAdmin, AuditedAdmin, GroupAdmin):
    """A group grants permissions to its people, so only superusers see and change it."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _is_superuser(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request)


def _is_superuser(request: HttpRequest) -> bool:
    return bool(request.user.is_active and getattr(request.user, "is_superuser", False))


def _may_change(request: HttpRequest, person: Any) -> bool:
    """Only superusers change people with rights: with a new password one could sign in as them."""
    if person is None or _is_superuser(request):
        return True
    return not (person.is_superuser or person.is_staff or person.groups.exists() or person.user_permissions.exists())
