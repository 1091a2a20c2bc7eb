"""Make the demo organisation and write its logins to `var/demo-logins.txt`."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from annotation.demo import load_demo
from annotation.services.seeding import ORGANIZATION, demo_seed


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--quiet", action="store_true", help="do not print the logins")

    def handle(self, **options: Any) -> None:
        try:
            logins = demo_seed(corpus=load_demo())
        except IntegrityError as error:
            raise CommandError(f"{ORGANIZATION} or one of its people exists already.") from error
        path = settings.VAR / "demo-logins.txt"
        # Only the owner of the installation may read it.
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_text("".join(f"{login.username} {login.password} {login.role}\n" for login in logins))
        if not options["quiet"]:
            for login in logins:
                self.stdout.write(f"{login.username:8} {login.password:14} {login.role}")
