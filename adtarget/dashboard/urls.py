"""URLs of the dashboard."""

from django.urls import URLPattern, URLResolver, include, path

from adtarget.dashboard import home
from adtarget.dashboard.alerts import views as alerts
from adtarget.dashboard.channels import views as channels
from adtarget.dashboard.consent import views as consent
from adtarget.dashboard.conversions import views as conversions
from adtarget.dashboard.delivery import views as delivery
from adtarget.dashboard.exports import views as exports
from adtarget.dashboard.imports import views as imports
from adtarget.dashboard.leads import views as leads
from adtarget.dashboard.members import views as members
from adtarget.dashboard.overview import views as overview
from adtarget.dashboard.set_up.views import again, bots, keys, pixels, sites
from adtarget.dashboard.set_up.views import channels as set_up_channels
from adtarget.dashboard.sign_in.views import invited, signing_in, your_account
from adtarget.dashboard.values import views as values
from adtarget.dashboard.webhooks import views as webhooks

app_name = "dashboard"

set_up_steps: list[URLPattern | URLResolver] = [
    path("", sites.site, name="set-up-site"),
    path("snippet/", sites.snippet, name="set-up-snippet"),
    path("snippet/seen/", sites.snippet_seen, name="set-up-seen"),
    path("bot/", bots.bot, name="set-up-bot"),
    path("bot/add/", bots.add_bot, name="set-up-add-bot"),
    path("bot/<str:bot_id>/check/", bots.check_bot, name="set-up-check-bot"),
    path("bot/<str:bot_id>/connect/", bots.connect_bot, name="set-up-connect-bot"),
    path("channels/", set_up_channels.channels, name="set-up-channels"),
    path("channels/found/", set_up_channels.found_chats, name="set-up-found-chats"),
    path("channels/found/<int:chat_id>/", set_up_channels.add_found_chat, name="set-up-add-found-chat"),
    path("channels/add/", set_up_channels.add_channel, name="set-up-add-channel"),
    path("channels/<str:channel_id>/default/", set_up_channels.make_default, name="set-up-default-channel"),
    path("pixels/", pixels.pixels, name="set-up-pixels"),
    path("pixels/new/<str:platform>/", pixels.new_pixel, name="set-up-new-pixel"),
    path("pixels/<str:pixel_id>/", pixels.pixel, name="set-up-pixel"),
    path("pixels/<str:pixel_id>/test/", pixels.test_pixel, name="set-up-test-pixel"),
    path("pixels/<str:pixel_id>/again/", again.send_again, name="set-up-send-again"),
    path("pixels/<str:pixel_id>/resume/", pixels.resume_pixel, name="set-up-resume-pixel"),
    path("key/", keys.key, name="set-up-key"),
    path("key/make/", keys.make_key, name="set-up-make-key"),
    path("key/event/", keys.first_event, name="set-up-first-event"),
]

account_pages: list[URLPattern | URLResolver] = [
    path("", home.account_home, name="account"),
    path("overview/", overview.overview, name="overview"),
    path("overview/sources/", overview.sources, name="overview-sources"),
    path("conversions/", conversions.conversions, name="conversions"),
    path("conversions/<str:conversion_id>/", conversions.conversion, name="conversion"),
    path("consent/", consent.consent, name="consent"),
    path("delivery/", delivery.sends, name="delivery"),
    path("delivery/quality/", delivery.quality, name="quality"),
    path("delivery/retry/", delivery.retry, name="retry"),
    path("delivery/<str:send_id>/", delivery.send, name="send"),
    path("leads/", leads.people, name="leads"),
    path("leads/<int:lead_id>/", leads.person, name="lead"),
    path("leads/<int:lead_id>/erase/", leads.erase, name="erase-lead"),
    path("channels/", channels.channels, name="channels"),
    path("channels/<str:channel_id>/", channels.channel, name="channel"),
    path("channels/<str:channel_id>/settings/", channels.channel_settings, name="channel-settings"),
    path("channels/<str:channel_id>/archive/", channels.archive_channel, name="archive-channel"),
    path("exports/<str:export_id>/", exports.export, name="export"),
    path("exports/<str:export_id>/progress/", exports.progress, name="export-progress"),
    path("exports/<str:export_id>/file/", exports.download, name="export-file"),
    path("imports/", imports.imports, name="conversion-imports"),
    path("imports/upload/", imports.upload, name="conversion-upload"),
    path("imports/<str:import_id>/", imports.one_import, name="conversion-import"),
    path("imports/<str:import_id>/progress/", imports.progress, name="conversion-import-progress"),
    path("imports/<str:import_id>/cancel/", imports.cancel, name="cancel-conversion-import"),
    path("imports/<str:import_id>/problems/", imports.problems, name="conversion-import-problems"),
    path("alerts/", alerts.alerts, name="alerts"),
    path("alerts/settings/", alerts.alert_settings, name="alert-settings"),
    path("alerts/test/", alerts.test_alert, name="test-alert"),
    path("people/", members.people, name="people"),
    path("people/second-step/", members.require_second_step, name="require-second-step"),
    path("people/invitations/<str:invitation_id>/send/", members.invite_again, name="invite-again"),
    path("people/invitations/<str:invitation_id>/withdraw/", members.withdraw, name="withdraw-invitation"),
    path("people/<int:membership_id>/role/", members.set_role, name="set-role"),
    path("people/<int:membership_id>/remove/", members.remove, name="remove-person"),
    path("set-up/", sites.set_up, name="set-up"),
    path("set-up/keys/", keys.keys, name="keys"),
    path("set-up/keys/<str:key_id>/revoke/", keys.revoke_key, name="revoke-key"),
    path("set-up/sites/new/", sites.new_site, name="set-up-new-site"),
    path("set-up/sites/<str:site_id>/", include(set_up_steps)),
    path("webhooks/", webhooks.webhooks, name="webhooks"),
    path("webhooks/<str:webhook_id>/", webhooks.webhook, name="webhook"),
    path("webhooks/<str:webhook_id>/messages/", webhooks.webhook_messages, name="webhook-messages"),
    path("webhooks/<str:webhook_id>/test/", webhooks.test_webhook, name="test-webhook"),
    path("webhooks/<str:webhook_id>/secret/", webhooks.rotate_webhook_secret, name="rotate-webhook-secret"),
    path("webhooks/<str:webhook_id>/switch/", webhooks.switch_webhook, name="switch-webhook"),
    path("webhooks/<str:webhook_id>/delete/", webhooks.delete_webhook, name="delete-webhook"),
    path(
        "webhooks/<str:webhook_id>/messages/<str:message_id>/retry/",
        webhooks.retry_webhook_message,
        name="retry-webhook-message",
    ),
    path("values/", values.inbox, name="values"),
    path("values/several/", values.several, name="values-several"),
    path("values/<str:conversion_id>/", values.submit, name="submit-value"),
]

urlpatterns = [
    path("", home.home, name="home"),
    path("sign-in/", signing_in.SignIn.as_view(), name="sign-in"),
    path("sign-in/code/", signing_in.sign_in_code, name="sign-in-code"),
    path("sign-out/", signing_in.SignOut.as_view(), name="sign-out"),
    path("confirm/", signing_in.confirm, name="confirm"),
    path("password/", signing_in.ChangePassword.as_view(), name="password"),
    path("invitations/<str:token>/", invited.open_link, name="invitation-link"),
    path("invitation/", invited.invitation, name="invitation"),
    path("invitation/decline/", invited.decline, name="decline-invitation"),
    path("accounts/new/", sites.new_account, name="new-account"),
    path("you/", your_account.you, name="you"),
    path("you/second-step/", your_account.turn_on, name="turn-on-second-step"),
    path("you/second-step/off/", your_account.turn_off, name="turn-off-second-step"),
    path("you/recovery-codes/", your_account.new_recovery_codes, name="new-recovery-codes"),
    path("accounts/<str:account_id>/", include(account_pages)),
]
