"""Named questions about imports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from datetime import datetime

    from leads.models import ImportChange, ImportJob


class ImportJobQuerySet(models.QuerySet["ImportJob"]):
    def to_do(self, now: datetime) -> Self:
        """What nobody works on: never claimed, or claimed by a worker whose lease ran out."""
        waiting = self.filter(state__in=self.model.WORKING)
        return waiting.filter(Q(lease_until__isnull=True) | Q(lease_until__lt=now))


class ImportChangeQuerySet(models.QuerySet["ImportChange"]):
    def standing(self) -> Self:
        return self.filter(fate=self.model.Fate.STANDS)
