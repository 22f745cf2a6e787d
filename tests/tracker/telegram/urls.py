from django.urls import path

from adtarget.urls import handler404, handler500
from adtarget.urls import urlpatterns as ours
from tracker.telegram.webhook import webhook

__all__ = ["handler404", "handler500", "urlpatterns"]
urlpatterns = [*ours, path("telegram/webhook/<str:bot_id>", webhook)]
