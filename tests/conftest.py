"""Fixtures that all tests share."""

import os

# Playwright's synchronous driver runs an event loop in the test's own thread.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
