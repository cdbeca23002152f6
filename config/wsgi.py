import gc
import logging
import os

from django.core.wsgi import get_wsgi_application

from core.timezones.zones import rules_version

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
logging.getLogger(__name__).info("Time zones follow tzdata %s.", rules_version())

# What is loaded by now stays until the process ends: the collector need not walk through it again and again. And a page
# makes tens of thousands of objects that go when it is sent, so that looking after each 700 of them finds nothing.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)
