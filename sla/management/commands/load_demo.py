"""Fill an empty database with the demonstration company."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.test.utils import override_settings
from django.utils import timezone

from people.models import User
from sla.demo.staff import sign_ins
from sla.demo.story import tell


class Command(BaseCommand):
    help = "Fill an empty database with the demonstration company and print its sign-ins."

    def handle(self, *_args: Any, **_options: Any) -> None:
        # What happened in the story must not be mailed to anybody now.
        quiet = override_settings(EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend")
        with quiet, transaction.atomic():
            if User.objects.exists():
                raise CommandError("There are people in this database already; the demonstration is for an empty one.")
            tell(timezone.now())
        for role, address, password in sign_ins():
            self.stdout.write(f"{role:<34} {address:<28} {password}")
