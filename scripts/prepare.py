"""Prepare an installation: migrate, collect static files, load the demo if asked for, and serve if asked for.

One process for all, because starting Django costs more than most of these steps. Progress goes to stderr; the output
of load_demo (the sign-ins) to stdout, so that the caller can show it last.
"""

import argparse
import hashlib
import os
import sys
from contextlib import redirect_stdout
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PREPARED = "Prepared."


def static_fingerprint(folders: list[Path]) -> str:
    """Return a checksum of static files: of libraries by their lock files, of others by name, size and time."""
    digest = hashlib.sha256()
    for lock in (ROOT / "requirements" / "app.txt", ROOT / "package-lock.json"):
        digest.update(lock.read_bytes())
    for folder in folders:
        digest.update(f"{folder}\n".encode())
        if "node_modules" in folder.parts:
            continue
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            stat = path.stat()
            digest.update(f"{path} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def collect_static() -> None:
    """Collect and compress static files when their sources changed since the last time."""
    from django.conf import settings
    from django.core.management import call_command

    folders = [
        Path(str(entry[1] if isinstance(entry, tuple) else entry)) for entry in settings.STATICFILES_DIRS
    ]
    stamp = Path(settings.STATIC_ROOT).with_suffix(".collected")
    wanted = static_fingerprint(folders)
    if Path(settings.STATIC_ROOT).is_dir() and stamp.exists() and stamp.read_text() == wanted:
        return
    print("Collecting static files…", flush=True)
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(wanted)


def serve() -> None:
    """Become the web server, which keeps what is imported already, and write the line `PREPARED` to stdout."""
    from django.db import connections
    from gunicorn.app.wsgiapp import run

    connections.close_all()  # they are not for the processes that the server forks
    print(PREPARED, flush=True)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # so that the reader of the output has all of it
    sys.argv = ["gunicorn", "-c", "deploy/gunicorn.conf.py"]
    run()


def main() -> None:
    """Run the steps in order; a step that fails raises, and nothing after it runs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--demo", action="store_true", help="load the demonstration data and print the sign-ins"
    )
    parser.add_argument("--serve", action="store_true", help="then serve, in this process and its children")
    options = parser.parse_args()

    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django
    from django.core.management import call_command

    django.setup()
    with redirect_stdout(sys.stderr):
        print("Updating the database…", flush=True)
        call_command("migrate", interactive=False, verbosity=0)
        collect_static()
    if options.demo:
        print("Loading the demonstration data, if not loaded yet…", file=sys.stderr, flush=True)
        call_command("load_demo")
    if options.serve:
        serve()


if __name__ == "__main__":
    main()
