"""URLs of the tracker, called by pages and first-party proxies."""

from django.urls import path

from tracker import script, views

urlpatterns = [
    path("backend/track/init", views.init),
    path("backend/track/update-fbp", views.update_fbp),
    path("backend/track/invite", views.invite, name="invite"),
    path("track.js", script.serve, {"name": "track.js"}, name="track-js"),
    path("track-consent.js", script.serve, {"name": "track-consent.js"}),
]
