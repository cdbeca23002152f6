"""Settings of worker processes that tests start and kill: they may die on request, and leases are short."""

import os
import time

import time_machine

from config.settings import *  # noqa: F403
from config.settings import env

CRASH_POINTS = True
LEASE_SECONDS = env.float("TEST_LEASE_SECONDS", default=1.0)
BEAT_SECONDS = 0.5
SILENCED_SYSTEM_CHECKS = ["web.W001"]
EMAIL_TIMEOUT = int(os.environ.get("EMAIL_TIMEOUT", "5"))

# The clock of this process, so many minutes ahead.
if minutes := env.float("TEST_CLOCK_MINUTES", default=0.0):
    time_machine.travel(time.time() + 60 * minutes, tick=True).start()
