from adtarget.urls import handler404, handler500, urlpatterns as ours
from django.urls import path
from tracker.telegram.webhook import webhook

__all__ = ["handler404", "handler500", "urlpatterns"]
urlpatterns = [*ours, path("telegram/webhook/<str:bot_id>", webhook)]
