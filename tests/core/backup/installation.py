"""A folder with settings of its own, whose commands run as processes of their own."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from django.conf import settings as project

MANAGE = Path(project.BASE_DIR) / "manage.py"


class Installation:
    """An installation of the service on a database of its own: a file, or what `database_url` names."""

    def __init__(self, folder: Path, database_url: str = "", **environment: str) -> None:
        self.folder = folder
        self.database = folder / "db.sqlite3"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("DATABASE")},
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "VAR_DIR": str(folder),
            "DATABASE_URL": database_url or f"sqlite:///{self.database}",
            "LOG_LEVEL": "ERROR",
            **environment,
        }

    def run(self, *arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, str(MANAGE), *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done.stdout if code == 0 else done.stderr

    def rows(self, query: str) -> list[tuple]:
        with closing(sqlite3.connect(self.database)) as database:
            return database.execute(query).fetchall()
