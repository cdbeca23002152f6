"""The service's own settings, with what only tests need."""

import tempfile
from pathlib import Path

from config.settings import *  # noqa: F403
from config.settings import DATABASES, STORAGES

_here = Path(tempfile.mkdtemp(prefix="citylabs-tests-"))
MEDIA_ROOT = _here / "media"
MAIL_FOLDER = _here / "mail"
STATIC_ROOT = _here / "static"
STATIC_ROOT.mkdir()
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = True
SECRET_KEY = "only-for-tests-" * 4
BASE_URL = "http://testserver"
CSRF_TRUSTED_ORIGINS = [BASE_URL]
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# A file rather than memory, so that threads and worker processes share it as in production.
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": _here / "test.sqlite3"}
DATABASES["default"]["CONN_MAX_AGE"] = 0
