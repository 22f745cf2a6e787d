"""People who sign in."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django_otp.plugins.otp_static.admin import StaticDevice
from django_otp.plugins.otp_totp.admin import TOTPDevice

from adtarget.admin.actions import back_to_page, confirmation
from adtarget.admin.audit import note
from adtarget.admin.base import AuditedAdmin
from leads import second_step, sign_in

# A device's page would show its secret; turning the second step off is an action on people.
admin.site.unregister([get_user_model(), TOTPDevice, StaticDevice])


@admin.register(get_user_model())
class PersonAdmin(AuditedAdmin, UserAdmin):
    actions = ("turn_off_second_step",)

    def has_superuser_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and getattr(request.user, "is_superuser", False))

    @admin.action(description="Turn off the second step", permissions=["superuser"])
    def turn_off_second_step(self, request: HttpRequest, people: QuerySet[Any]) -> HttpResponse | None:
        """For who lost phone and recovery codes; whoever has the phone is signed out."""
        if "confirmed" not in request.POST:
            return confirmation(
                self,
                request,
                action="turn_off_second_step",
                title="Turn off the second step?",
                intro="Make sure it is they who ask. Their password alone signs them in then; they are signed out now.",
                lines=[str(person) for person in people],
                button="Turn off",
            )
        for person in people:
            second_step.turn_off(person)
            sign_in.end_sessions(person)
            note(request, "turn_off_second_step", person)
            self.message_user(request, f"Password alone signs in now: {person}.", messages.SUCCESS)
        return back_to_page(self, request)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        response = super().user_change_password(request, id, form_url)
        person = get_user_model().objects.filter(pk=id).first()
        if isinstance(response, HttpResponseRedirect) and person is not None:
            note(request, "password", person)
        return response
