"""Recompute agreement in full and hold the stored sums against it, now."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from quality.services.agreement_check import agreement_check_now


class Command(BaseCommand):
    help = "Compute agreement from the annotations and compare the stored sums; what differs is corrected."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", nargs="*", type=UUID, help="uuids of projects; all of them unless given")

    def handle(self, *args: Any, project: list[UUID], **options: Any) -> None:
        differing = 0
        for name, check in agreement_check_now(uuids=project):
            differing += check.differing
            what = (
                f"{check.differing} differed by up to {check.largest:g}, corrected" if check.differing else "all equal"
            )
            self.stdout.write(f"{name}: {check.documents} documents compared, {what}")
            for document, where in check.examples:
                self.stdout.write(f"  {document or 'figures'}: {where}")
        if differing:
            raise CommandError("stored sums differed from the annotations", returncode=1)
