"""The product's settings in a throw-away environment: nothing of the checkout's own var/ or .env is touched.

TEST_DATABASE_URL and TEST_REDIS_URL run the same suite on PostgreSQL and Redis.
"""

import atexit
import os
import re
import shutil
import tempfile

_folder = tempfile.mkdtemp(prefix="adtarget-tests-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
# Each xdist worker has a Redis database of its own, so that one's flush is not another's surprise.
_worker = int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or 0)
_redis = os.environ.get("TEST_REDIS_URL", "").rstrip("/")

os.environ.update(
    ENV_FILE=f"{_folder}/.env",
    VAR_DIR=_folder,
    DATABASE_URL=os.environ.get("TEST_DATABASE_URL") or f"sqlite:///{_folder}/adtarget.sqlite3",
    REDIS_URL=f"{_redis}/{_worker + 1}" if _redis else "",
    LOG_FORMAT="console",
)

from adtarget.settings import *  # noqa: E402, F403
from adtarget.settings import DATABASES  # noqa: E402

if "sqlite3" in DATABASES["default"]["ENGINE"]:
    # A file: threads share an in-memory database only with locks that production does not know.
    DATABASES["default"]["TEST"] = {"NAME": f"{_folder}/test.sqlite3"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# A test client builds the middleware anew each time: files are looked for when one is asked for, not all at the start.
WHITENOISE_AUTOREFRESH = True
