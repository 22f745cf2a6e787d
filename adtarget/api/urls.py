"""The API surface: each path and verb, one line each."""

from django.urls import path

from conversions.fast_path.answering import tried_first
from conversions.views import ConversionViewSet, LeadEventViewSet
from dispatch.views import PixelViewSet, SendViewSet
from dispatch.webhooks.views import WebhookViewSet
from leads.views import ChannelViewSet, KeyViewSet, LeadViewSet, SiteViewSet

urlpatterns = [
    path("events/conversion", tried_first(ConversionViewSet.as_view({"post": "create"}))),
    path("events/batch", ConversionViewSet.as_view({"post": "batch"})),
    path("events/validate", ConversionViewSet.as_view({"post": "validate"})),
    path("conversions", ConversionViewSet.as_view({"get": "list"})),
    path("conversions/<str:conversion_id>", ConversionViewSet.as_view({"get": "retrieve"})),
    path("sends", SendViewSet.as_view({"get": "list"})),
    path("sends/retry", SendViewSet.as_view({"post": "retry_many"})),
    path("sends/<str:send_id>", SendViewSet.as_view({"get": "retrieve"})),
    path("sends/<str:send_id>/retry", SendViewSet.as_view({"post": "retry"})),
    path("leads/<str:telegram_user_id>", LeadViewSet.as_view({"get": "retrieve", "delete": "destroy"})),
    path("leads/<str:telegram_user_id>/events", tried_first(LeadEventViewSet.as_view({"post": "create"}))),
    path(
        "leads/<str:telegram_user_id>/conversions/<str:conversion_id>/value",
        LeadEventViewSet.as_view({"post": "submit_value"}),
    ),
    path("webhooks", WebhookViewSet.as_view({"get": "list", "post": "create"})),
    path(
        "webhooks/<str:webhook_id>",
        WebhookViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
    ),
    path("webhooks/<str:webhook_id>/secret", WebhookViewSet.as_view({"get": "secret"})),
    path("webhooks/<str:webhook_id>/rotate-secret", WebhookViewSet.as_view({"post": "rotate_secret"})),
    path("webhooks/<str:webhook_id>/test", WebhookViewSet.as_view({"post": "test"})),
    path("webhooks/<str:webhook_id>/messages", WebhookViewSet.as_view({"get": "messages"})),
    path("webhooks/<str:webhook_id>/messages/<str:message_id>/retry", WebhookViewSet.as_view({"post": "retry"})),
    path("sites", SiteViewSet.as_view({"get": "list"})),
    path("pixels", PixelViewSet.as_view({"get": "list"})),
    path("me", KeyViewSet.as_view({"get": "retrieve"})),
    path("channels", ChannelViewSet.as_view({"get": "list"})),
]
