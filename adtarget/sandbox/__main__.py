"""`python -m adtarget.sandbox --port 8010`: the sandbox alone, without the product around it, in little memory."""

import argparse
import signal
import sys
from pathlib import Path

import django
from django.conf import settings

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m adtarget.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to bind (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8010, help="port to bind (default: %(default)s)")
    options = parser.parse_args()
    backend = "django.template.backends.django.DjangoTemplates"
    settings.configure(TEMPLATES=[{"BACKEND": backend, "DIRS": [TEMPLATES]}], USE_TZ=True, TIME_ZONE="UTC")
    django.setup()
    from adtarget.sandbox.server import Sandbox  # the page's templates are set up by now

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        sandbox = Sandbox(host=options.host, port=options.port)
    except OSError:
        sys.exit(f"Port {options.port} is taken. Choose another with --port.")
    sandbox.serve_forever()


if __name__ == "__main__":
    main()
