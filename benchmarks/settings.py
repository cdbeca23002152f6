"""Production settings over a database of the benchmark's own, with one more address: a bare view."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
ALLOWED_HOSTS = ["127.0.0.1"]
TRUSTED_PROXIES = 1  # the load generator writes X-Forwarded-For, so that limits of rate see many clients
LOGGING = {"version": 1, "disable_existing_loggers": False, "root": {"level": "ERROR"}}
