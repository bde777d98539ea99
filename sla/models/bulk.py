"""Acts on many leads at once: what was asked, of which leads, and what became of each."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from sla.querysets import BulkJobQuerySet


class BulkJob(models.Model):
    """Somebody wants the same done to many leads. Which ones is written down (``BulkItem``) when they ask.

    ``params`` holds the ids of what is set and the reason, by the names of the form that asked; ``summary`` says it
    in words, as it was.
    """

    class Act(models.TextChoices):
        ASSIGN = "assign", _("Assign")
        STATUS = "status", _("Change the status")
        STAGE = "stage", _("Move to a stage")
        NURTURE = "nurture", _("Nurture")
        DELETE = "delete", _("Delete")
        UNDO = "undo", _("Take back")

    class State(models.TextChoices):
        WAITING = "waiting", _("In work")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Stopped")

    act = models.CharField(_("act"), max_length=16, choices=Act.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("by"), on_delete=models.PROTECT, related_name="+")
    params = models.JSONField(_("what is set"), default=dict)
    summary = models.CharField(_("what"), max_length=400)
    query = models.TextField(_("the list it was asked of"), blank=True)
    undoes = models.OneToOneField(
        "self", verbose_name=_("takes back"), null=True, blank=True, on_delete=models.PROTECT, related_name="undone_by"
    )
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.WAITING)
    total = models.PositiveIntegerField(_("leads"))
    done = models.PositiveIntegerField(_("done"), default=0)
    skipped = models.PositiveIntegerField(_("skipped"), default=0)
    created_at = models.DateTimeField(_("asked at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    objects: ClassVar[BulkJobQuerySet] = BulkJobQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as a Manager

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("act on many leads")
        verbose_name_plural = _("acts on many leads")
        constraints = (
            models.CheckConstraint(condition=Q(total__gte=F("done") + F("skipped")), name="bulk_job_adds_up"),
            models.CheckConstraint(
                condition=Q(state="waiting", finished_at__isnull=True)
                | (~Q(state="waiting") & Q(finished_at__isnull=False)),
                name="bulk_job_finished_has_time",
            ),
            models.CheckConstraint(
                condition=Q(act="undo", undoes__isnull=False) | (~Q(act="undo") & Q(undoes__isnull=True)),
                name="bulk_job_undo_says_what",
            ),
        )
        indexes = (
            models.Index(fields=("id",), name="bulk_job_waiting", condition=Q(state="waiting")),
            models.Index(fields=("by", "-id"), name="bulk_job_newest"),
        )

    def __str__(self) -> str:
        return self.summary

    @property
    def is_waiting(self) -> bool:
        return self.state == self.State.WAITING


class BulkItem(models.Model):
    """One of the leads: not a foreign key, since the lead may be what is deleted."""

    class State(models.TextChoices):
        PENDING = "pending", _("To do")
        DONE = "done", _("Done")
        SKIPPED = "skipped", _("Skipped")

    job = models.ForeignKey(BulkJob, on_delete=models.CASCADE, related_name="items", db_index=False)
    lead_id = models.BigIntegerField(_("lead"))
    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING)
    reason = models.CharField(_("why it was skipped"), max_length=250, blank=True)
    before = models.JSONField(_("what it was before"), null=True)

    class Meta:
        ordering = ("pk",)
        verbose_name = _("lead of an act on many")
        verbose_name_plural = _("leads of an act on many")
        constraints = (
            models.UniqueConstraint(fields=("job", "lead_id"), name="bulk_item_once"),
            models.CheckConstraint(condition=~Q(state="skipped") | ~Q(reason=""), name="bulk_item_skipped_says_why"),
        )
        indexes = (
            models.Index(fields=("job", "lead_id"), name="bulk_item_pending", condition=Q(state="pending")),
            models.Index(fields=("job", "id"), name="bulk_item_skipped", condition=Q(state="skipped")),
        )

    def __str__(self) -> str:
        return f"{self.job_id}: {self.lead_id} {self.state}"
