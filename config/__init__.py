"""Settings, addresses and the API's mounting point. No behaviour lives here."""

# Must run before anything of Django asks for sqlite3.
from config import sqlite

sqlite.prefer_bundled_library()
