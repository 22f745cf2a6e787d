"""gunicorn's settings. Threads, because a request mostly waits for the database."""

import os

from adtarget import settings

if settings.DEBUG:
    raise SystemExit("DEBUG is for `manage.py runserver` only. Set DEBUG=false to serve others.")

bind = f"{settings.HOST}:{settings.PORT}"
worker_class = "adtarget.gunicorn_worker.Worker"  # gthread
# Without Redis the rate limit lives in the process: one process keeps it exact.
workers = 1 if settings.EMBEDDED else settings.WEB_PROCESSES
threads = settings.WEB_THREADS
timeout = 30
graceful_timeout = 10
keepalive = 75  # longer than nginx keeps its end, so that nginx never writes into a closing connection
limit_request_line = 8190  # the tracker's GETs carry several click ids of up to 2,048 characters
limit_request_fields = 100
header_map = "drop"  # X_Forwarded_For must not pass for X-Forwarded-For
forwarded_allow_ips = ",".join(settings.TRUSTED_PROXIES) or "127.0.0.1"
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108  (a disk may stall the watchdog)
control_socket_disable = True  # two installations of one user would share it
accesslog = None  # adtarget.core.logs writes one line a request, with its id
logconfig_dict = settings.LOGGING
