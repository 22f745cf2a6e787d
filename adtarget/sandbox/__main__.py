"""`python -m adtarget.sandbox`: what `manage.py run_sandbox` serves, with no more of Django than its templates."""

import argparse
import signal
import sys
from pathlib import Path

import django
from django.conf import settings

from adtarget.sandbox.server import Sandbox

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates"

if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--host", default="127.0.0.1")
    arguments.add_argument("--port", type=int, default=8010)
    options = arguments.parse_args()
    settings.configure(TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [TEMPLATES]}])
    django.setup()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    Sandbox(host=options.host, port=options.port).serve_forever()
