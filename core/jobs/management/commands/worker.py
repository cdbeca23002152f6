"""Sends queued emails and does other background work."""

import logging
import signal
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from core.jobs.worker import Worker
from core.timezones.zones import rules_version
from core.web.checks import SQLITE

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    requires_system_checks = [SQLITE]  # those of pages and forms are the business of the web process
    help = "Send queued emails and do other background work until stopped. Several workers can run at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="do the work that is due now, then stop")
        parser.add_argument(
            "--poll", type=float, default=1.0, metavar="SECONDS", help="how long to wait when nothing is due"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        logger.info("Time zones follow tzdata %s.", rules_version())
        worker = Worker(poll=options["poll"])
        if options["once"]:
            worker.drain()
            return

        def stop(signum: int, frame: FrameType | None) -> None:
            worker.stop()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        worker.run()
