"""Settings of worker processes that tests start and kill: they may die on request, and leases are short."""

import os

from config.settings import *  # noqa: F403
from config.settings import env

CRASH_POINTS = True
LEASE_SECONDS = env.float("TEST_LEASE_SECONDS", default=1.0)
BEAT_SECONDS = 0.5
SILENCED_SYSTEM_CHECKS = ["web.W001"]
EMAIL_TIMEOUT = int(os.environ.get("EMAIL_TIMEOUT", "5"))
