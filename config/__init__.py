"""Settings, addresses and the API's mounting point. No behaviour lives here."""

import zoneinfo

from config import sqlite

# Must run before anything of Django asks for sqlite3.
sqlite.prefer_bundled_library()

# Time zone rules are those of the pinned tzdata package on every machine, never the operating system's, which differ
# from machine to machine. Every process imports this package first; what read zones before it reads them anew.
zoneinfo.reset_tzpath(to=())
zoneinfo.ZoneInfo.clear_cache()
