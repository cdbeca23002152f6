"""Check /health/live of this machine's web process: exit code 0 if healthy. For containers and monitoring."""

import os
import sys
import urllib.request

host = os.environ.get("ALLOWED_HOSTS", "127.0.0.1").split(",")[0].strip()
address = f"http://127.0.0.1:{os.environ.get('PORT') or 8000}/health/live"
try:
    with urllib.request.urlopen(urllib.request.Request(address, headers={"Host": host}), timeout=4):
        pass
except OSError as error:
    sys.exit(f"{address}: {error}")
