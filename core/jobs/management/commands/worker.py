"""Sends queued mails and does other later work."""

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
    help = "Send queued mails and do other later work, until stopped. Several may run at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="do what is due now, then end")
        parser.add_argument(
            "--poll", type=float, default=1.0, metavar="SECONDS", help="wait when nothing is due"
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
