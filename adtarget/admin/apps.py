"""Registers the project's admin site with Django."""

from django.contrib.admin.apps import SimpleAdminConfig


class AdminConfig(SimpleAdminConfig):
    """The pages themselves are loaded with the URLs (adtarget/urls.py): a worker has none, and they take 17 MB."""

    default_site = "adtarget.admin.site.Site"
