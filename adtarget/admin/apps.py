"""Registers the project's admin site with Django."""

from typing import Any

from django.contrib.admin import autodiscover
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core.checks import CheckMessage, Tags, register


class AdminConfig(SimpleAdminConfig):
    """The pages themselves are loaded with the URLs (adtarget/urls.py): a worker has none, and they take 17 MB."""

    default_site = "adtarget.admin.site.Site"

    def ready(self) -> None:
        register(check_dependencies, Tags.admin)
        register(check_all_pages, Tags.admin)


def check_all_pages(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """Django's check of the admin, over all pages whether the URLs are loaded or not."""
    autodiscover()
    found: list[CheckMessage] = check_admin_app(app_configs, **options)
    return found
