"""Page addresses."""

from django.urls import include, path

from adtarget.dashboard.views import (
    alerts,
    conversions,
    delivery,
    home,
    leads,
    overview,
    people,
    set_up,
    sign_in,
    values,
    your_account,
)

app_name = "dashboard"

account_pages = [
    path("", home.account_home, name="account"),
    path("overview/", overview.overview, name="overview"),
    path("conversions/", conversions.conversions, name="conversions"),
    path("conversions/<str:conversion_id>/", conversions.conversion, name="conversion"),
    path("delivery/", delivery.sends, name="delivery"),
    path("delivery/quality/", delivery.quality, name="quality"),
    path("delivery/retry/", delivery.retry, name="retry"),
    path("delivery/<str:send_id>/", delivery.send, name="send"),
    path("leads/", leads.people, name="leads"),
    path("leads/<int:lead_id>/", leads.person, name="lead"),
    path("alerts/", alerts.alerts, name="alerts"),
    path("alerts/settings/", alerts.alert_settings, name="alert-settings"),
    path("alerts/test/", alerts.test_alert, name="test-alert"),
    path("people/", people.people, name="people"),
    path("people/second-step/", people.require_second_step, name="require-second-step"),
    path("people/<int:membership_id>/link/", people.new_link, name="new-link"),
    path("people/<int:membership_id>/role/", people.set_role, name="set-role"),
    path("people/<int:membership_id>/remove/", people.remove, name="remove-person"),
    path("set-up/", set_up.set_up, name="set-up"),
    path("set-up/pixels/<str:pixel_id>/test/", set_up.test_pixel, name="test-pixel"),
    path("set-up/pixels/<str:pixel_id>/resume/", set_up.resume_pixel, name="resume-pixel"),
    path("set-up/keys/", set_up.keys, name="keys"),
    path("set-up/keys/<str:key_id>/revoke/", set_up.revoke_key, name="revoke-key"),
    path("values/", values.inbox, name="values"),
    path("values/several/", values.several, name="values-several"),
    path("values/<str:conversion_id>/", values.submit, name="submit-value"),
]

urlpatterns = [
    path("", home.home, name="home"),
    path("sign-in/", sign_in.SignIn.as_view(), name="sign-in"),
    path("sign-in/code/", sign_in.sign_in_code, name="sign-in-code"),
    path("sign-out/", sign_in.SignOut.as_view(), name="sign-out"),
    path("confirm/", sign_in.confirm, name="confirm"),
    path("password/", sign_in.ChangePassword.as_view(), name="password"),
    path("set-password/<str:uidb64>/<str:token>/", people.SetPassword.as_view(), name="set-password"),
    path("you/", your_account.you, name="you"),
    path("you/second-step/", your_account.turn_on, name="turn-on-second-step"),
    path("you/second-step/off/", your_account.turn_off, name="turn-off-second-step"),
    path("you/recovery-codes/", your_account.new_recovery_codes, name="new-recovery-codes"),
    path("accounts/<str:account_id>/", include(account_pages)),
]
