"""All settings, read from typed environment variables. Two sizes: `embedded` (default) and `production` (DESIGN section 6).

Everything that is written lies under one folder, TRANSPARENCY_HOME (default `var/` beside manage.py). Misuse is caught by the
system checks in transparency/checks.py, which production refuses to start without.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Literal

import environ

from transparency.secret_key import kept_secret

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent

# --- size and place --------------------------------------------------------------------------------------------------
MODE: Literal["embedded", "production"] = env.str("TRANSPARENCY_MODE", "embedded")
PRODUCTION = MODE == "production"
HOME = Path(env.str("TRANSPARENCY_HOME", str(BASE_DIR / "var"))).resolve()
DEBUG = env.bool("TRANSPARENCY_DEBUG", False)
PORT = env.int("PORT", 8000)
# Production: it must be given (transparency/checks.py).
SECRET_KEY: str = env.str("TRANSPARENCY_SECRET_KEY", "")
if not SECRET_KEY and not PRODUCTION:
    SECRET_KEY = kept_secret(HOME / "keys" / "django-secret")
ALLOWED_HOSTS: list[str] = env.list(
    "TRANSPARENCY_HOSTS", default=[] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]"]
)
CSRF_TRUSTED_ORIGINS: list[str] = env.list("TRANSPARENCY_ORIGINS", default=[])

# --- rooms -----------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "transparency.apps.TransparencyConfig",
    "reviews.apps.ReviewsConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "transparency.web.headers.SecurityHeaders",
    "transparency.web.compress.Compress",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "transparency.web.session_limits.SessionLimits",
    "django.contrib.messages.middleware.MessageMiddleware",
    "transparency.web.require_passkey.RequirePasskey",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "transparency.web.grant_memory.RememberGrants",
]
ROOT_URLCONF = "transparency.urls"
WSGI_APPLICATION = "transparency.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "reviews.web.context.page",
            ],
        },
    }
]

# --- database --------------------------------------------------------------------------------------------------------
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{HOME / 'portal.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["ENGINE"] = "transparency.sqlite"
    # Opening it for each request, and closing it as the last one, costs more than most pages ask of it.
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
    # Tests run on a file as well: an in-memory database locks whole tables.
    DATABASES["default"]["TEST"] = {
        "NAME": str(Path(tempfile.gettempdir()) / f"transparency-test-{os.getpid()}.sqlite3")
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "transparency.Person"

# --- jobs ------------------------------------------------------------------------------------------------------------
BROKER_SOCKET = HOME / "run" / "valkey.sock"
SOCKET_BYTES = 107  # what a unix socket's address holds
if len(str(BROKER_SOCKET)) > SOCKET_BYTES:
    BROKER_SOCKET = (
        Path(tempfile.gettempdir())
        / f"transparency-{hashlib.sha256(str(HOME).encode()).hexdigest()[:16]}"
        / "valkey.sock"
    )
CELERY_BROKER_URL = env.str("REDIS_URL", f"redis+socket://{BROKER_SOCKET}?virtual_host=0")
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_IGNORE_RESULT = True  # the Job row is the truth
CELERY_TASK_ACKS_LATE = False  # redelivery is the sweep's business alone
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {"transparency.tasks.run_import": {"queue": "import"}}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 2, "socket_timeout": 5, "max_retries": 1}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
JOB_LEASE_SECONDS = env.int("TRANSPARENCY_JOB_LEASE", 60)
JOB_MAX_ATTEMPTS = env.int("TRANSPARENCY_JOB_ATTEMPTS", 5)
JOB_SWEEP_SECONDS = env.int("TRANSPARENCY_JOB_SWEEP", 5)

# --- parsing of what arrives -----------------------------------------------------------------------------------------
# auto: bubblewrap where it works, else the limits of a process. Production accepts bubblewrap alone.
SANDBOX = env.str("TRANSPARENCY_SANDBOX", "auto")
PARSE_CPU_SECONDS = env.int("TRANSPARENCY_PARSE_CPU", 15 * 60)
PARSE_SECONDS = env.int("TRANSPARENCY_PARSE_SECONDS", 30 * 60)
PARSE_MEMORY_BYTES = env.int("TRANSPARENCY_PARSE_MEMORY", 4 * 1024**3)
# Of one archive: bytes of content, members, bytes of one file, and how much more may come out than went in.
LIMIT_CONTENT_BYTES = env.int("TRANSPARENCY_LIMIT_CONTENT", 16 * 1024**3)
LIMIT_MEMBERS = env.int("TRANSPARENCY_LIMIT_MEMBERS", 1_000_000)
LIMIT_MEMBER_BYTES = env.int("TRANSPARENCY_LIMIT_MEMBER", 4 * 1024**3)
LIMIT_RATIO = env.int("TRANSPARENCY_LIMIT_RATIO", 200)

# --- objects, log ----------------------------------------------------------------------------------------------------
OBJECT_ROOT = HOME / "objects"
CACHE_ROOT = HOME / "cache"
CACHE_BYTES = env.int("TRANSPARENCY_CACHE_BYTES", 20 * 1024**3)
# Of pages that are shown again while nothing of them changes, in the memory of each web process.
KEPT_PAGES_BYTES = env.int("TRANSPARENCY_KEPT_PAGES", 64 * 1024**2)
LOG_ROOT = HOME / "log"
KEY_ROOT = Path(env.str("TRANSPARENCY_KEYS", str(HOME / "keys")))
DEMO_ROOT = HOME / "demo"

# --- what arrives in pieces ------------------------------------------------------------------------------------------
# Smaller where a proxy in front takes less in one request.
UPLOAD_CHUNK_BYTES = min(env.int("TRANSPARENCY_UPLOAD_CHUNK", 8 * 1024**2), 8 * 1024**2)
UPLOADS_PER_PERSON = env.int("TRANSPARENCY_UPLOADS_PER_PERSON", 16)  # unfinished at one time
UPLOADS_PER_PRODUCT = env.int("TRANSPARENCY_UPLOADS_PER_PRODUCT", 64)
UPLOAD_BYTES_PER_PERSON = env.int("TRANSPARENCY_UPLOAD_BYTES_PER_PERSON", 64 * 1024**3)  # not delivered yet
UPLOAD_BYTES_PER_PRODUCT = env.int("TRANSPARENCY_UPLOAD_BYTES_PER_PRODUCT", 256 * 1024**3)
UPLOAD_RESERVE_BYTES = env.int("TRANSPARENCY_UPLOAD_RESERVE", 1024**3)  # of the disk, for what becomes of uploads

# --- signing in (docs/operate.md) ------------------------------------------------------------------------------------
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "home"
AUTHENTICATION_BACKENDS = ["transparency.web.sign_in_backend.NameOrAddress"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 14}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
REQUIRE_PASSKEY = env.bool("TRANSPARENCY_REQUIRE_PASSKEY", PRODUCTION)
SESSION_ENGINE = "transparency.web.sessions"
SESSION_COOKIE_AGE = 12 * 3600  # whatever is done meanwhile (transparency/session_times.py)
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
IDLE_SECONDS = 60 * env.int("TRANSPARENCY_IDLE_MINUTES", 15 if PRODUCTION else 12 * 60)
STEP_UP_SECONDS = ACCOUNT_REAUTHENTICATION_TIMEOUT = 5 * 60
ACCOUNT_ADAPTER = "transparency.web.account_adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}  # e-mail addresses are our backend's business
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_METHODS = ["password", "mfa"]
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "20/m/ip,10/m/key", "reauthenticate": "10/m/user"}
MFA_ADAPTER = "transparency.web.passkey_adapter.PasskeyAdapter"
MFA_SUPPORTED_TYPES = ["webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = MFA_RECOVERY_CODES_SHOW_ONCE = MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_RECOVERY_CODE_DIGITS = 12
MFA_RATE_LIMITS = {"webauthn_login": "30/m/ip", "webauthn_begin": "60/m/ip"}
# How many proxies of ours stand before the portal: so far from its right end X-Forwarded-For is believed. 0: not at all.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRANSPARENCY_PROXIES", 0)
# Limits are counted where all processes on all machines see them; the table comes with the migrations.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "transparency_counts",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# --- web -------------------------------------------------------------------------------------------------------------
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_NAME = "__Host-session" if PRODUCTION else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if PRODUCTION else "csrf"
SECURE_HSTS_SECONDS = 2 * 365 * 86400 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024**2
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024**2
CONTENT_SECURITY_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
}
STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_ALLOW_ALL_ORIGINS = False

# --- words and time --------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)r"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("TRANSPARENCY_LOG_LEVEL", "WARNING")},
}
