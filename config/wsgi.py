import gc
import logging
import os
import sys

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from core.timezones.zones import rules_version

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018  (all pages are imported before the processes are forked)
logging.getLogger(__name__).info("Time zones follow tzdata %s.", rules_version())

# Loaded modules stay until the process ends, so the garbage collector skips them. A page creates tens of thousands of
# short-lived objects, so collecting after each 700 is too often.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)

# Seconds. A thread that comes back from the database holds locks that others wait for: with the usual 5 ms it may wait
# that long for its turn after each of its statements.
sys.setswitchinterval(0.0005)
