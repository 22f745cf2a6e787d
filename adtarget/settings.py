"""Every environment variable, once, with its default. With nothing set: SQLite, no Redis, one machine."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import environ

from adtarget.core.logs import logging_config
from adtarget.core.private_files import make_private
from adtarget.core.secrets_file import generated_secrets

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
env.read_env(env.str("ENV_FILE", default="") or str(BASE_DIR / ".env"))  # absent is fine
env.ENVIRON = {name: value for name, value in os.environ.items() if value.strip()}  # set but empty means unset

# ---------------------------------------------------------------- mode
REDIS_URL = env.str("REDIS_URL", default="")
EMBEDDED = not REDIS_URL  # no broker but a folder; one web process
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
make_private(VAR_DIR)
DEBUG = env.bool("DEBUG", default=False)

# ---------------------------------------------------------------- secrets
# Unset: made once and kept beside the embedded database; `check --deploy` asks for real ones.
_generated = generated_secrets(VAR_DIR / "secrets.json")
SECRET_KEY = env.str("SECRET_KEY", default="") or _generated["SECRET_KEY"]
FIELD_ENCRYPTION_KEYS = env.list("FIELD_ENCRYPTION_KEY", default=[]) or [_generated["FIELD_ENCRYPTION_KEY"]]
SECRETS_ARE_GENERATED = not (env.str("SECRET_KEY", default="") and env.list("FIELD_ENCRYPTION_KEY", default=[]))

# ---------------------------------------------------------------- web
PORT = env.int("PORT", default=8000)
HOST = env.str("HOST", default="127.0.0.1")  # this machine only: TLS and slow clients are the proxy's work
WEB_PROCESSES = env.int("WEB_PROCESSES", default=2)
WEB_THREADS = env.int("WEB_THREADS", default=4)  # more of them fight for the interpreter: 8 took half as much
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])
ROOT_URLCONF = "adtarget.urls"
WSGI_APPLICATION = "adtarget.wsgi.application"
APPEND_SLASH = True
# The largest form, files included; the API has its own cap. Nothing of a form is ever written to the disk.
DATA_UPLOAD_MAX_MEMORY_SIZE = FILE_UPLOAD_MAX_MEMORY_SIZE = FORM_MAX_BYTES = 2_621_440
IMPORT_MAX_BYTES = env.int("IMPORT_MAX_BYTES", default=50_000_000)  # of a file uploaded under /imports/upload/
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_PERMISSIONS = 0o600
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# A session ends after SESSION_IDLE_HOURS without use, and SESSION_DAYS after the sign-in (adtarget.core.session_age).
SESSION_COOKIE_AGE = 3600 * env.int("SESSION_IDLE_HOURS", default=12)
SESSION_LONGEST_SECONDS = 86_400 * env.int("SESSION_DAYS", default=14)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("SECURE_COOKIES", default=False)
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=False)
METRICS_ALLOWED = env.list("METRICS_ALLOWED", default=["127.0.0.0/8", "::1"])
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=0)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Whether other names under this domain speak HTTPS, and for ever, is not for AdTarget to say.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
X_FRAME_OPTIONS = "DENY"
LOGIN_URL = "dashboard:sign-in"
OTP_TOTP_ISSUER = "AdTarget"  # the name in people's authenticator apps

INSTALLED_APPS = [
    "adtarget",
    "leads",
    "tracker",
    "conversions",
    "dispatch",
    "dispatch.webhooks",
    "adtarget.alerts",
    "adtarget.exports",
    "adtarget.imports",
    "adtarget.reports",
    "adtarget.admin.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
]

MIDDLEWARE = [
    "adtarget.operating.probes.ProbeMiddleware",  # /healthz, /up, /readyz and /metrics leave here
    "adtarget.core.request_log.RequestLogMiddleware",
    "adtarget.api.short_chain.ShortChainMiddleware",  # /api/v1 and /backend leave here
    "adtarget.core.nul_in_urls.CleanAddressMiddleware",
    "adtarget.core.large_forms.LargeFormMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "adtarget.core.session_age.SessionAgeMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "adtarget.dashboard.policy.ContentSecurityPolicyMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "adtarget" / "static"]
WHITENOISE_USE_FINDERS = True  # nothing to collect before the first start
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# ---------------------------------------------------------------- e-mail: invitations and alerts
EMAIL_IS_CONFIGURED = bool(env.str("EMAIL_URL", default=""))
vars().update(env.email_url("EMAIL_URL", default="dummymail://"))
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default="AdTarget <adtarget@localhost>")
EMAIL_TIMEOUT = 10

# ---------------------------------------------------------------- personal data
# A purchase weeks after the click still needs the visit's address and user agent; click ids live as long.
PERSONAL_DATA_DAYS = env.int("PERSONAL_DATA_DAYS", default=90)

# ---------------------------------------------------------------- database
# What each setting buys was measured: reliability notes in docs/operating.md.
DATABASES: dict[str, Any] = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'adtarget.sqlite3'}")}
if "sqlite3" in DATABASES["default"]["ENGINE"]:
    DATABASES["default"]["OPTIONS"] = {
        # IMMEDIATE: a writer waits its turn instead of failing when it upgrades a read.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
            "PRAGMA temp_store=MEMORY; PRAGMA journal_size_limit=67108864;"
        ),
    }
else:
    DATABASES["default"]["OPTIONS"] = {
        "pool": {"min_size": 1, "max_size": env.int("DATABASE_POOL_SIZE", default=16), "timeout": 5},
        "options": "-c statement_timeout=30000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=15000",
        # The server keeps what adtarget.core.prepared asks it to, and nothing because it comes often.
        "prepare_threshold": 1_000_000_000,
    }

CACHES = {
    "default": (
        {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
        if EMBEDDED
        else {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "OPTIONS": {"serializer": "adtarget.core.cached.SignedJson"},
        }
    )
}

# ---------------------------------------------------------------- API
API_ENABLED = env.bool("API_ENABLED", default=True)
API_RATE_LIMIT_PER_MINUTE = env.int("API_RATE_LIMIT_PER_MINUTE", default=300)
API_RATE_LIMIT_BURST = env.int("API_RATE_LIMIT_BURST", default=50)
API_FAILED_KEYS_PER_MINUTE = env.int("API_FAILED_KEYS_PER_MINUTE", default=600)  # of one address
API_MAX_BODY_BYTES = 64 * 1024
API_BATCH_EVENTS_PER_MINUTE = env.int("API_BATCH_EVENTS_PER_MINUTE", default=6000)  # of one key, in batches
API_BATCH_BURST = env.int("API_BATCH_BURST", default=1000)  # below 500 it is also the largest batch
API_BATCH_MAX_BYTES = 2 * 1024 * 1024

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["adtarget.api.rendering.ExactJSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["adtarget.api.parsing.StrictJSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["leads.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_THROTTLE_CLASSES": ["leads.throttling.ApiKeyThrottle"],
    "EXCEPTION_HANDLER": "adtarget.api.exception_handler.handle",
    "DEFAULT_SCHEMA_CLASS": "adtarget.api.schema.Schema",
    "UNAUTHENTICATED_USER": None,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "AdTarget API",
    "VERSION": "1.0.0",
    "DESCRIPTION": "Send business events of Telegram users; AdTarget delivers them to every ad platform.",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "adtarget.openapi.document.add_operations",
        "drf_spectacular.hooks.postprocess_schema_enums",
        "adtarget.openapi.document.finish",
    ],
    "CONTACT": {"name": "The owner of this installation"},
    "LICENSE": {"name": "MIT", "identifier": "MIT"},
    "TAGS": [
        {"name": "Events", "description": "Business events, and what became of them at each platform."},
        {"name": "Leads", "description": "What is known of a person, and erasing it."},
        {"name": "Channels", "description": "Channels to name in events."},
        {"name": "Account", "description": "The key, its sites and pixels."},
        {"name": "Webhooks", "description": "Messages to your own systems."},
        {"name": "Tracker", "description": "Page views and invites, from the landing page. No key."},
    ],
    "SERVERS": [{"url": "/", "description": "This installation"}],
    "ENUM_SUFFIX": "",
    "ENUM_NAME_OVERRIDES": {
        "EventType": "conversions.choices.EventType",
        "ArrivalStatus": "conversions.choices.ArrivalStatus",
        "DeliveryStatus": "dispatch.choices.SendStatus",
        "ForecastReason": "conversions.serializers.forecast_reasons",
        "ConversionSource": "conversions.choices.API_SOURCES",
        "KeyMode": "leads.choices.KeyMode",
        "LeftOutCode": "conversions.left_out.codes",
        "Outcome": "dispatch.choices.Outcome",
        "Platform": "dispatch.platforms.registry.choices",
        "Reason": "dispatch.reasons.choices",
        "Counted": "dispatch.choices.Counted",
        "WebhookMessageStatus": "dispatch.webhooks.choices.MessageStatus",
        "WebhookType": "dispatch.webhooks.choices.WebhookEvent",
        "InviteFallback": "tracker.choices.FallbackReason",
    },
}

# ---------------------------------------------------------------- tracker
# Limits a minute; the burst is half of it. An address is the socket's or, behind a trusted proxy, the visitor's.
TRACKER_RATE_LIMIT_PER_ADDRESS = env.int("TRACKER_RATE_LIMIT_PER_ADDRESS", default=600)
TRACKER_RATE_LIMIT_PER_SITE = env.int("TRACKER_RATE_LIMIT_PER_SITE", default=60_000)
VISITS_PER_SITE_AND_DAY = env.int("VISITS_PER_SITE_AND_DAY", default=200_000)  # beyond it, those of ads and a sample
VISIT_BYTES_PER_SITE_AND_DAY = env.int("VISIT_BYTES_PER_SITE_AND_DAY", default=300_000_000)
VISIT_DAYS = env.int("VISIT_DAYS", default=30)  # then visits that led to no join and no conversion are deleted
PARTITION_DAYS = env.int("PARTITION_DAYS", default=7)  # of visits in one partition of PostgreSQL
# Links of their own for the visitors of one address or IPv6 /64; more only while a channel has enough.
INVITES_PER_ADDRESS = env.int("INVITES_PER_ADDRESS", default=5)  # a minute
INVITES_PER_ADDRESS_AND_DAY = env.int("INVITES_PER_ADDRESS_AND_DAY", default=50)
INVITE_POOL_SIZE = env.int("INVITE_POOL_SIZE", default=60)  # links waiting in each channel while few visitors come
INVITE_POOL_MOST = env.int("INVITE_POOL_MOST", default=1000)  # and at most, however many come
INVITE_LINK_HOURS = env.int("INVITE_LINK_HOURS", default=24)  # a link's life
INVITE_LINKS_PER_MINUTE = env.int("INVITE_LINKS_PER_MINUTE", default=20)  # a bot's first pace in a channel
INVITE_LINKS_PER_DAY = env.int("INVITE_LINKS_PER_DAY", default=10_000)  # made for each site
INVITE_WAIT_SECONDS = env.float("INVITE_WAIT_SECONDS", default=2)  # for Telegram, when the pool is empty
DEMO = env.bool("DEMO", default=False)  # serves the demo landing page at /demo/

# ---------------------------------------------------------------- delivery
# META_API_URL, TIKTOK_API_URL, … and GOOGLE_OAUTH_URL; where one is unset, the registry of platforms has the address.
# The registry is not imported here: it loads Django's models, and beat needs half the memory without them.
PLATFORM_API_URLS = {
    name.removesuffix("_API_URL").lower(): url.rstrip("/")
    for name, url in os.environ.items()
    if name.endswith("_API_URL") and url
}
vars().update({name: url for name, url in os.environ.items() if name.endswith("_OAUTH_URL") and url})
TELEGRAM_API_URL = env.str("TELEGRAM_API_URL", default="https://api.telegram.org").rstrip("/")

# 47 h 43 min in all: inside the 48 h in which Meta counts an event id once.
DISPATCH_RETRY_SCHEDULE = [
    timedelta(seconds=seconds)
    for seconds in env.list(
        "DISPATCH_RETRY_SCHEDULE",
        cast=float,
        default=[5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 28800, 43200, 43200],
    )
]
DISPATCH_LEASE_SECONDS = env.float("DISPATCH_LEASE_SECONDS", default=60)
DISPATCH_SWEEP_SECONDS = env.float("DISPATCH_SWEEP_SECONDS", default=5)
DISPATCH_ATTEMPT_SECONDS = env.float("DISPATCH_ATTEMPT_SECONDS", default=10)
DISPATCH_DIAGNOSIS_SECONDS = env.float("DISPATCH_DIAGNOSIS_SECONDS", default=1800)  # until Google is first asked
WEBHOOKS_ALLOW_PRIVATE = env.bool("WEBHOOKS_ALLOW_PRIVATE", default=False)  # outgoing webhooks into our own network
DISPATCH_BATCH_SIZE = env.int("DISPATCH_BATCH_SIZE", default=500)

# ---------------------------------------------------------------- Celery: how work gets to a worker soon
BROKER_DIR = VAR_DIR / "broker"
CELERY_BROKER_URL = REDIS_URL or "folder://localhost//"  # adtarget.core.transports
if REDIS_URL.startswith("unix://"):  # kombu has words of its own for a socket
    CELERY_BROKER_URL = REDIS_URL.replace("unix:", "redis+socket:", 1).replace("?db=", "?virtual_host=", 1)
if EMBEDDED:
    for folder in ("queue", "control"):
        (BROKER_DIR / folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "data_folder_in": str(BROKER_DIR / "queue"),
        "data_folder_out": str(BROKER_DIR / "queue"),
        "control_folder": str(BROKER_DIR / "control"),
        "polling_interval": 0.1,
    }
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        # Doorbells are cheap to repeat and the sweep covers the rest, so come back soon.
        "visibility_timeout": 120,
        "unacked_restore_interval": 2,
        "unacked_restore_throttle": 1,
        "socket_timeout": 2,
        "socket_connect_timeout": 1,
        "socket_keepalive": True,
        "health_check_interval": 10,
        "retry_on_timeout": True,
        "max_connections": 200,
    }
CELERY_WORKER_CONSUMER = "adtarget.core.worker_consumer:Consumer"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_POOL = "threads"
CELERY_WORKER_CONCURRENCY = env.int("WORKER_THREADS", default=32)
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE = "adtarget"
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
# A message expires when its successor comes: they do not pile up while no worker runs.
CELERY_BEAT_SCHEDULE = {
    task: {"task": task, "schedule": seconds, "options": {"expires": max(seconds, 1.0)}}
    for task, seconds in {
        "dispatch.sweep": DISPATCH_SWEEP_SECONDS,
        "dispatch.ask_what_was_counted": min(60.0, DISPATCH_DIAGNOSIS_SECONDS),
        "webhooks.sweep": DISPATCH_SWEEP_SECONDS,
        "webhooks.purge": 3600.0,
        "alerts.watch": 60.0,
        "alerts.purge": 3600.0,
        "exports.sweep": 30.0,
        "exports.purge": 3600.0,
        "imports.sweep": 30.0,
        "imports.purge": 3600.0,
        "reports.count": 300.0,
        "adtarget.analyze": 3600.0,
        "adtarget.forget_old": 6 * 3600.0,
        "conversions.purge_idempotency_records": 3600.0,
        "leads.recheck_unreadable_rows": 3600.0,
        "tracker.fill_invite_pools": 15.0,
        "tracker.tidy_invites": 60.0,
        "tracker.make_partitions": 3600.0,
        "tracker.purge_visits": 3600.0,
        "tracker.work_updates": 5.0,
        "tracker.approve_join_requests": 15.0,
        "tracker.qualify_stays": 60.0,
        "tracker.purge_updates": 3600.0,
    }.items()
}

# ---------------------------------------------------------------- logs and errors
LOG_FORMAT = env.str("LOG_FORMAT", default="console")  # or json
AXIOM_TOKEN = env.str("AXIOM_TOKEN", default="")
AXIOM_DATASET = env.str("AXIOM_DATASET", default="")
AXIOM_URL = env.str("AXIOM_URL", default="https://api.axiom.co").rstrip("/")
SENTRY_DSN = env.str("SENTRY_DSN", default="")
LOGGING = logging_config(
    log_format="json" if LOG_FORMAT == "json" else "console",
    axiom={"url": AXIOM_URL, "token": AXIOM_TOKEN, "dataset": AXIOM_DATASET} if AXIOM_TOKEN and AXIOM_DATASET else None,
)
