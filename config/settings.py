"""All settings come from the environment (or a `.env` file), each with a safe default for one machine."""

import os
import secrets
import sys
from contextlib import suppress
from pathlib import Path

import environ
from csp.constants import NONE, SELF

from config import sqlite

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
env.read_env(BASE_DIR / ".env")

_installation = Path(env.str("CITYLABS_ENV", default="/etc/citylabs.env"))
if "VAR_DIR" not in env and not (BASE_DIR / "var").exists() and _installation.exists():
    # Otherwise a second database and secret key would be created here.
    sys.exit(
        f"This machine has an installation whose settings are in {_installation}; they are not set here.\n"
        "Run its commands with them:           sudo citylabs COMMAND\n"
        f"For another installation, in here:    VAR_DIR={BASE_DIR / 'var'} …"
    )
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
try:
    VAR_DIR.mkdir(parents=True, exist_ok=True)
except OSError as error:
    sys.exit(
        f"VAR_DIR={VAR_DIR} cannot be created ({error.strerror}). Run the command as the user of the services."
    )


def local_secret() -> str:
    """Return this installation's secret, created at the first start, readable by its user only."""
    path = VAR_DIR / "secret-key"
    if not path.exists():
        # Web and worker may start at the same time and be killed at any line: the first complete file wins.
        draft = VAR_DIR / f".secret-key-{secrets.token_hex(8)}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50))
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text()


DEBUG = env.bool("DEBUG", default=False)
# Not read by `env`, which would resolve a value that begins with "$" as another variable.
SECRET_KEY = os.environ.get("SECRET_KEY") or local_secret()
SECRET_KEY_FALLBACKS = [key for key in os.environ.get("SECRET_KEY_FALLBACKS", "").split(",") if key]
# Encrypts protected answers and files of participants; empty: derived from SECRET_KEY.
DATA_KEY = os.environ.get("DATA_KEY", "")
DATA_KEY_FALLBACKS = [key for key in os.environ.get("DATA_KEY_FALLBACKS", "").split(",") if key]

# The service's public URL: links in emails, feeds and certificates are built from it, never from a Host header.
PORT = env.int("PORT", default=8000)
BASE_URL = env.str("BASE_URL", default=f"http://127.0.0.1:{PORT}").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
HTTPS = BASE_URL.startswith("https://")
# Number of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are trusted.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)

INSTALLED_APPS = [
    "core.web",
    "core.accounts",
    "core.jobs",
    "core.webhooks",
    "core.mail",
    "core.backup",
    "labs",
    "sessions.apps.SessionsConfig",
    "registrations",
    "certificates",
    "demo",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "core.accounts.administration.AdministrationConfig",
    "django.contrib.sitemaps",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "anymail",
    "csp",
    "django_htmx",
    "django_prometheus",
    "i18nfield",
    "simple_history",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "core.web.middleware.ContentSecurityPolicyMiddleware",
    "core.web.middleware.CompressionMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "core.web.middleware.ReaderPreferencesMiddleware",
    "django.middleware.common.CommonMiddleware",
    "core.web.middleware.CrossSiteRequestMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "labs.view_as_middleware.ViewAsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "core.accounts.middleware.SignInMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

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
                "labs.context_processors.page",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                *(f"core.web.templatetags.{name}" for name in ("site_tags", "hours", "fields", "edit_pages")),
                "labs.templatetags.branding",
            ],
        },
    }
]

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = sqlite.connection_options()
    # Persistent: closing the last connection removes the WAL index, which cannot be recreated on a full disk.
    DATABASES["default"]["CONN_MAX_AGE"] = None
    SQLITE_IS_SOUND = sqlite.library_is_sound()
else:
    if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
        DATABASES["default"]["ENGINE"] = "config.postgresql"
        # Detect an unreachable server soon (seconds; tcp_user_timeout in milliseconds). The lock timeout is that of
        # SQLite (config.sqlite).
        DATABASES["default"]["OPTIONS"] = {
            "connect_timeout": 5,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 20_000,
            "options": "-c lock_timeout=20s -c datestyle=ISO",
            # Statements that a connection has asked so often are prepared: planned once. Django does not by default.
            "server_side_binding": True,
            "prepare_threshold": 5 if env.bool("PREPARED_STATEMENTS", default=True) else None,
            **DATABASES["default"].get("OPTIONS", {}),
        }
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {"default": env.cache_url("CACHE_URL", default="locmemcache://")}
if CACHES["default"]["BACKEND"] == "django.core.cache.backends.redis.RedisCache":
    CACHES["default"]["BACKEND"] = "core.web.cache.RedisCache"
# What is dear to make is kept apart from counters, which it must not crowd out of a process's memory.
CACHES["kept"] = {**CACHES["default"], "KEY_PREFIX": "kept"}
if CACHES["default"]["BACKEND"] == "django.core.cache.backends.locmem.LocMemCache":
    CACHES["kept"]["LOCATION"] = "kept"

# Email: a folder by default, which the console's outbox shows; EMAIL_URL=smtp://… for a server,
# EMAIL_BACKEND=anymail.backends.….EmailBackend with ANYMAIL_… variables for a provider.
EMAIL_URL = env.str("EMAIL_URL", default="")
MAIL_FOLDER = VAR_DIR / "mail"
if EMAIL_URL:
    _email = env.email_url("EMAIL_URL")
    EMAIL_BACKEND = _email["EMAIL_BACKEND"]
    EMAIL_HOST = _email.get("EMAIL_HOST", "")
    EMAIL_PORT = _email.get("EMAIL_PORT") or 25
    EMAIL_HOST_USER = _email.get("EMAIL_HOST_USER") or ""
    EMAIL_HOST_PASSWORD = _email.get("EMAIL_HOST_PASSWORD") or ""
    EMAIL_USE_TLS = _email.get("EMAIL_USE_TLS", False)
    EMAIL_USE_SSL = _email.get("EMAIL_USE_SSL", False)
else:
    EMAIL_BACKEND = env.str("EMAIL_BACKEND", default="core.mail.folder_backend.FolderBackend")
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=20)
# Emails in a second that the provider takes, for all workers together; 0 for as many as go.
EMAIL_RATE = env.float("EMAIL_RATE", default=0.0)
ANYMAIL = {
    name.removeprefix("ANYMAIL_"): value for name, value in env.ENVIRON.items() if name.startswith("ANYMAIL_")
}
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="City Labs <no-reply@citylabs.example.org>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# The domain of Message-IDs and calendar UIDs: constant for the life of an installation.
SITE_DOMAIN = env.str("SITE_DOMAIN", default="citylabs.example.org")

# The length of a worker's lease unless extended, and the interval of its heartbeats.
LEASE_SECONDS = 30
BEAT_SECONDS = 5
CRASH_POINTS = False  # True only in tests that kill workers

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/organise/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "core.mail.account_emails.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "core.accounts.forms.LoginForm",
    "reset_password": "core.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "core.accounts.forms.ChoosePasswordForm",
    "change_password": "core.accounts.forms.ChangePasswordForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
# Few attempts per IP address, more per account, so that an attacker cannot lock an organiser out.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,50/5m/key"}
# Second factors: codes of an app, passkeys, and recovery codes of ten digits.
MFA_ADAPTER = "core.accounts.second_factors.MFAAdapter"
MFA_SUPPORTED_TYPES = ["recovery_codes", "totp", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODE_DIGITS = 10
MFA_WEBAUTHN_USER_VERIFICATION = "preferred"
# Sign-in by one OpenID Connect provider (docs/single-sign-on.md). OIDC_HOSTS: other hosts of the same provider.
OIDC_ISSUER = env.str("OIDC_ISSUER", default="")
OIDC_CLIENT_ID = env.str("OIDC_CLIENT_ID", default="")
OIDC_CLIENT_SECRET = os.environ.get("OIDC_CLIENT_SECRET", "")
OIDC_NAME = env.str("OIDC_NAME", default="OpenID Connect")
OIDC_SCOPES = env.str("OIDC_SCOPES", default="openid profile email")
OIDC_TOKEN_AUTH = env.str("OIDC_TOKEN_AUTH", default="client_secret_basic")
OIDC_EMAIL_VERIFIED = env.bool("OIDC_EMAIL_VERIFIED", default=False)
OIDC_HOSTS = env.list("OIDC_HOSTS", default=[])
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("bg", "Български"), ("el", "Ελληνικά")]
LANGUAGE_COOKIE_NAME = "language"
ZONE_COOKIE_NAME = "tz"
THEME_COOKIE_NAME = "theme"
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = "config.formats"
TIME_ZONE = "UTC"  # for storage; every shown time names its own zone

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
_node_modules = BASE_DIR / "node_modules"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("fonts", _node_modules / "@fontsource-variable"),
    ("htmx", _node_modules / "htmx.org" / "dist"),
    ("event-calendar", _node_modules / "@event-calendar" / "build" / "dist"),
]
# Private: served by views that check permissions; the web server has no path to it.
MEDIA_ROOT = VAR_DIR / "media"
MEDIA_URL = "/files-are-served-by-views-only/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "config.static.StaticStorage"
        )
    },
}
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ("woff2", "png", "svgz", "gz", "map", "ico")
PDF_FONT_DIR = BASE_DIR / "build" / "fonts"
# Font files for names in scripts that the shipped ones lack (Thai, Chinese, …), with commas between: docs/fonts.md
PDF_EXTRA_FONTS = env.list("PDF_EXTRA_FONTS", default=[])

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-src": [NONE],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}
# Browser features that no page uses.
_UNUSED = (
    "accelerometer",
    "autoplay",
    "browsing-topics",
    "camera",
    "display-capture",
    "encrypted-media",
    "geolocation",
    "gyroscope",
    "idle-detection",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
PERMISSIONS_POLICY = ", ".join(f"{feature}=()" for feature in _UNUSED)
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = HTTPS and env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS and env.bool("HSTS_INCLUDE_SUBDOMAINS", default=True)
# Opt-in: removing a domain from the browsers' preload lists takes months.
SECURE_HSTS_PRELOAD = HTTPS and env.bool("HSTS_PRELOAD", default=False)
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
SESSION_COOKIE_AGE = 12 * 60 * 60
# No CSRF cookie: CrossSiteRequestMiddleware protects visitors without a session.
CSRF_USE_SESSIONS = True
CSRF_COOKIE_SECURE = HTTPS
CSRF_FAILURE_VIEW = "core.api.error_views.csrf_failure"
CSRF_TRUSTED_ORIGINS = [BASE_URL]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
# W003 does not recognise CrossSiteRequestMiddleware, a subclass of Django's; W021: HSTS preloading is opt-in
# (`HSTS_PRELOAD`).
SILENCED_SYSTEM_CHECKS = ["security.W003", "security.W021"]
PROMETHEUS_EXPORT_MIGRATIONS = False
# Registrations per network and hour; a whole conference may share one IP address.
REGISTRATIONS_PER_HOUR = env.int("REGISTRATIONS_PER_HOUR", default=1000)
# Numbers of an opening with a draw per network and ten minutes.
QUEUE_NUMBERS_PER_NETWORK = env.int("QUEUE_NUMBERS_PER_NETWORK", default=300)
# Contacts for vulnerability reports (RFC 9116).
SECURITY_CONTACTS = env.list("SECURITY_CONTACTS", default=[f"mailto:security@{SITE_DOMAIN}"])
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")

# Webhooks go to public servers on these ports. Networks of one's own that have public addresses can be refused too;
# "host:port" of a server that may be private, and without https, for development and receivers in one's own network.
WEBHOOK_PORTS = env.list("WEBHOOK_PORTS", cast=int, default=[443, 8443])
WEBHOOK_REFUSED_NETWORKS = env.list("WEBHOOK_REFUSED_NETWORKS", default=[])
WEBHOOK_TRUSTED_HOSTS = env.list("WEBHOOK_TRUSTED_HOSTS", default=[])

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "config.logs.MaskingFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "fontTools": {"level": "WARNING"},
        "waitress.queue": {"level": "ERROR"},  # warns of every request that waits for a thread
    },
}
