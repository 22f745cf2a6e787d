from django.contrib.admin.apps import AdminConfig as Django


class AdminConfig(Django):
    default_site = "adtarget.admin.site.Site"
