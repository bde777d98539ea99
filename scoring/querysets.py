"""Named questions about scoring models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from scoring.models import ScoringModel


class ScoringModelQuerySet(models.QuerySet["ScoringModel"]):
    def published(self) -> ScoringModel | None:
        """The version that scores, if any."""
        return self.filter(state="published").first()

    def draft(self) -> ScoringModel | None:
        """The version being edited, if any."""
        return self.filter(state="draft").first()
