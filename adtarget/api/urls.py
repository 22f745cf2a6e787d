"""The API surface: each path and verb, one line each."""

from django.urls import path

from conversions.views import ConversionViewSet, LeadEventViewSet
from dispatch.views import SendViewSet
from leads.views import ChannelViewSet, LeadViewSet

urlpatterns = [
    path("events/conversion", ConversionViewSet.as_view({"post": "create"})),
    path("conversions/<str:conversion_id>", ConversionViewSet.as_view({"get": "retrieve"})),
    path("sends/<str:send_id>", SendViewSet.as_view({"get": "retrieve"})),
    path("leads/<str:telegram_user_id>", LeadViewSet.as_view({"get": "retrieve"})),
    path("leads/<str:telegram_user_id>/events", LeadEventViewSet.as_view({"post": "create"})),
    path(
        "leads/<str:telegram_user_id>/conversions/<str:conversion_id>/value",
        LeadEventViewSet.as_view({"post": "submit_value"}),
    ),
    path("channels", ChannelViewSet.as_view({"get": "list"})),
]
