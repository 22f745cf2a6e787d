"""What gunicorn loads."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "adtarget.settings")
# Error pages of DEBUG show settings and local variables to whoever causes one.
if settings.DEBUG and "runserver" not in sys.argv:
    raise ImproperlyConfigured("DEBUG is for `manage.py runserver` only. Set DEBUG=false to serve others.")
application = get_wsgi_application()
