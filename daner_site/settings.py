"""Settings, read from the environment. Without any variable set DANER runs embedded:
SQLite and a private Valkey store under `var/`, for one machine.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from daner_site import env
from daner_site.core import embedded

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = Path(env.text("DANER_VAR", str(BASE_DIR / "var"))).resolve()
VAR.mkdir(mode=0o700, parents=True, exist_ok=True)

# --- the site -----------------------------------------------------------------------------

DEBUG = env.flag("DANER_DEBUG", False)
SECRET_KEY = env.secret_key(VAR / "secret_key")
SECRET_KEY_FALLBACKS = env.listing("SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *env.listing("DANER_ALLOWED_HOSTS")]
CSRF_TRUSTED_ORIGINS = env.listing("DANER_TRUSTED_ORIGINS")

DANER_SIGNUP = env.choice("DANER_SIGNUP", ("open", "closed"), "closed")
DANER_ARTEFACTS = VAR / "artefacts"
DANER_DEFAULT_CHECKPOINT = env.text("DANER_DEFAULT_CHECKPOINT", "minilm")
DANER_TRAIN_THREADS = env.integer("DANER_TRAIN_THREADS", 1, minimum=1)
DANER_TRAIN_TIMEOUT_S = env.integer("DANER_TRAIN_TIMEOUT_S", 3600, minimum=1)
# The learning engine as the rest of DANER knows it: a program for runs, a function for questions.
DANER_ENGINE_COMMAND = [sys.executable, "-m", "activelearning.engine.child"]
DANER_PREDICTOR = "activelearning.engine.predictor.predict"
DANER_IMPORT_MAX_BYTES = env.integer("DANER_IMPORT_MAX_BYTES", 50 * 1024 * 1024, minimum=1)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "channels",
    "csp",
    "django_dramatiq",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
    "daner_site.core.apps.CoreConfig",
    "daner_site.accounts.apps.AccountsConfig",
    "annotation.apps.AnnotationConfig",
    "activelearning.apps.ActiveLearningConfig",
    "quality.apps.QualityConfig",
    "daner_site.experiments.apps.ExperimentsConfig",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "daner_site.core.static.StaticMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "daner_site.core.language.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "daner_site.urls"
ASGI_APPLICATION = "daner_site.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = env.text("DANER_TIME_ZONE", "UTC")
USE_TZ = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            # Every template speaks to people, so none has to load how.
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.l10n",
                "daner_site.core.templatetags.sentences",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
# A pasted import travels as one form field; the import itself checks the exact limit.
DATA_UPLOAD_MAX_MEMORY_SIZE = DANER_IMPORT_MAX_BYTES + 1024 * 1024

# --- language -----------------------------------------------------------------------------

# The reader's choice in a cookie, else what their browser asks for. Numbers follow the language,
# dates are written 2026-01-31 in each, and thousands stay ungrouped but where a page groups them.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("fr", "Français")]
LOCALE_PATHS = [BASE_DIR / "daner_site" / "locale"]
LANGUAGE_COOKIE_NAME = "daner_language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True

# --- sign-in ------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "accounts:login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# --- database -----------------------------------------------------------------------------

# WAL with IMMEDIATE transactions was the one setting without a single "database is locked"
# under eight writers. No mmap_size: SQLite before 3.51.3 can corrupt a WAL with it.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; "
        "PRAGMA cache_size=-20000; PRAGMA journal_size_limit=27103364"
    ),
}
DATABASES: dict[str, dict[str, Any]] = {"default": env.database("DATABASE_URL", VAR / "db.sqlite3")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = SQLITE_OPTIONS
else:
    # Under ASGI a kept connection belongs to no thread for long; psycopg's pool replaces it.
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
        "min_size": 1,
        "max_size": env.integer("DANER_DB_POOL", 8, minimum=1),
        "timeout": 10,
    }

# --- store, broker, live push -------------------------------------------------------------

# Without REDIS_URL the store is the one `manage.py up` runs: every command finds its socket.
DANER_STORE_DIR = VAR / "valkey"
DANER_STORE_SOCKET = embedded.socket_path(DANER_STORE_DIR)
DANER_STORE_EMBEDDED = env.raw("REDIS_URL") is None
REDIS_URL = env.text("REDIS_URL", f"unix://{DANER_STORE_SOCKET}?db=0")
BROKER_URL = env.text("BROKER_URL", REDIS_URL)

# redis-py 8 cuts a silent socket after 5 s unless told otherwise; subscriptions are silent.
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": None}], "prefix": "daner"},
    },
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "daner",
    },
}

DRAMATIQ_AUTODISCOVER_MODULES = ["actors"]
DRAMATIQ_BROKER = embedded.broker_settings(BROKER_URL)

# --- static files -------------------------------------------------------------------------

# Collected files carry a content hash in their names and are cached for good. Without
# `collectstatic` (a clean clone) WhiteNoise serves the sources, found once at start.
DANER_STATIC_COLLECTED = env.flag("DANER_STATIC_COLLECTED", False)
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("DANER_STATIC_ROOT", str(VAR / "static")))
if not DANER_STATIC_COLLECTED:
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns about a missing folder
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "daner_site.core.static.HashedStorage"
        if DANER_STATIC_COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage",
    },
}
WHITENOISE_USE_FINDERS = not DANER_STATIC_COLLECTED
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 0 if DEBUG else 60
MEDIA_ROOT = VAR / "media"

# --- browser security ---------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "connect-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    },
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"

DANER_HTTPS = env.flag("DANER_HTTPS", False)
SESSION_COOKIE_SECURE = DANER_HTTPS
LANGUAGE_COOKIE_SECURE = DANER_HTTPS
CSRF_COOKIE_SECURE = DANER_HTTPS
SECURE_SSL_REDIRECT = DANER_HTTPS
# The load balancer and systemd ask over plain http on the loopback interface.
SECURE_REDIRECT_EXEMPT = [r"^healthz/$"]
SECURE_HSTS_SECONDS = env.integer("DANER_HSTS_SECONDS", 31_536_000) if DANER_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.flag("DANER_HSTS_SUBDOMAINS", False)
SECURE_HSTS_PRELOAD = env.flag("DANER_HSTS_PRELOAD", False)
# Sub-domains and browser preload lists are the domain owner's decision, not this program's.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
if env.flag("DANER_BEHIND_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- API ----------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "daner_site.accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "PAGE_SIZE": 100,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "DANER",
    "DESCRIPTION": "Active-learning annotation of named entities.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# --- logging ------------------------------------------------------------------------------

# Lines carry ids and counts only; document text never enters a log.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s level=%(levelname)s logger=%(name)s %(message)s"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.text("DANER_LOG_LEVEL", "INFO")},
    "loggers": {"httpx": {"level": "WARNING"}, "pika": {"level": "ERROR"}},
}
