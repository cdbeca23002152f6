"""Settings, URLs and the mounting of the API."""

import zoneinfo

from config import sqlite

# Must run before anything of Django asks for sqlite3.
sqlite.prefer_bundled_library()

# Time zone rules come from the pinned tzdata package on every machine, never from the operating system. Every process
# imports this package first; zones that were loaded before are reloaded.
zoneinfo.reset_tzpath(to=())
zoneinfo.ZoneInfo.clear_cache()
