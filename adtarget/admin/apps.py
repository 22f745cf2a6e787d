"""Registers the project's admin site with Django."""

from django.contrib.admin.apps import AdminConfig as Django


class AdminConfig(Django):
    default_site = "adtarget.admin.site.Site"
