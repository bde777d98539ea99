"""Imports and exports as they are kept: the job and how far it is, the rows refused, what was made, who took a list."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.querysets_imports import ImportChangeQuerySet, ImportJobQuerySet

NAME = 250


class ImportMapping(models.Model):
    """A mapping kept by name, offered again when a file has the same headers."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    headers = ArrayField(models.CharField(max_length=NAME), verbose_name=_("headers"))
    tables = models.JSONField(_("mapping"))
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    saved_at = models.DateTimeField(_("saved at"), default=timezone.now)

    class Meta:
        ordering = ("name",)
        verbose_name = _("saved mapping")
        verbose_name_plural = _("saved mappings")

    def __str__(self) -> str:
        return self.name


class ImportJob(models.Model):
    """One file on its way in. ``leads.services.imports`` moves it from state to state and nothing else does."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Being prepared")
        CHECKING = "checking", _("Being checked")
        RUNNING = "running", _("Running")
        DONE = "done", _("Imported")
        CANCELLED = "cancelled", _("Cancelled")
        FAILED = "failed", _("Failed")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")

    WORKING = (State.CHECKING, State.RUNNING, State.UNDOING)
    ENDED = (State.DONE, State.CANCELLED, State.FAILED, State.UNDONE)

    file = models.FileField(_("file"), upload_to="imports/", max_length=250, blank=True)
    # What a workbook's sheet says, as CSV in UTF-8; the workbook itself is kept for choosing another sheet.
    sheet_file = models.FileField(_("sheet as CSV"), upload_to="imports/", max_length=250, blank=True)
    file_name = models.CharField(_("file name"), max_length=NAME)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    sheet = models.CharField(_("sheet"), max_length=NAME, blank=True)
    headers = ArrayField(models.TextField(), verbose_name=_("headers"), default=list)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("by"), on_delete=models.PROTECT, related_name="+"
    )
    uploaded_at = models.DateTimeField(_("uploaded at"), default=timezone.now)
    mends = models.ForeignKey(
        "self", verbose_name=_("mends"), null=True, blank=True, on_delete=models.SET_NULL, related_name="mended_by"
    )
    tables = models.JSONField(_("mapping"), default=dict, blank=True)
    mapping_name = models.CharField(_("name of the mapping"), max_length=120, blank=True)

    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.DRAFT)
    claim = models.UUIDField(_("claim"), null=True, blank=True)
    lease_until = models.DateTimeField(_("claimed until"), null=True, blank=True)
    tries = models.PositiveSmallIntegerField(_("tries without progress"), default=0)
    cancel_asked_at = models.DateTimeField(_("asked to stop at"), null=True, blank=True)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)
    error = models.TextField(_("error"), blank=True)
    warnings = ArrayField(models.TextField(), verbose_name=_("notes on the file"), default=list, blank=True)

    total = models.PositiveIntegerField(_("rows in the file"), default=0)
    line = models.PositiveIntegerField(_("last line that is done"), default=0)
    created = models.PositiveIntegerField(_("created"), default=0)
    updated = models.PositiveIntegerField(_("updated"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    rejected = models.PositiveIntegerField(_("rejected"), default=0)
    # Of the last check: the same counts, and how many of the rejected rows repeat or contradict another lead.
    forecast = models.JSONField(_("what the check counted"), default=dict, blank=True)
    undo_all = models.BooleanField(_("undo all or nothing"), default=True)
    kept = models.PositiveIntegerField(_("left as they are by the undoing"), default=0)

    objects: ClassVar[ImportJobQuerySet] = ImportJobQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as a Manager

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        constraints = (
            models.CheckConstraint(
                condition=Q(
                    state__in=("draft", "checking", "running", "done", "cancelled", "failed", "undoing", "undone")
                ),
                name="import_job_state_known",
            ),
            models.CheckConstraint(
                condition=Q(claim__isnull=True, lease_until__isnull=True)
                | Q(claim__isnull=False, lease_until__isnull=False, state__in=("checking", "running", "undoing")),
                name="import_job_claimed_while_working",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("running", "done", "cancelled", "failed", "undoing", "undone"))
                | Q(started_at__isnull=False),
                name="import_job_started",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("draft", "checking", "running")) | Q(finished_at__isnull=False),
                name="import_job_finished",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("undoing", "undone")) | Q(undone_by__isnull=False, undone_at__isnull=False),
                name="import_job_undone_says_who",
            ),
        )
        indexes = (
            models.Index(
                fields=("id",), name="import_job_to_do", condition=Q(state__in=("checking", "running", "undoing"))
            ),
            models.Index(fields=("uploaded_at",), name="import_job_with_file", condition=~Q(file="")),
        )

    def __str__(self) -> str:
        return self.file_name

    @property
    def rows(self) -> int:
        return self.created + self.updated + self.unchanged + self.rejected

    @property
    def is_working(self) -> bool:
        return self.state in self.WORKING

    @property
    def has_ended(self) -> bool:
        return self.state in self.ENDED

    @property
    def may_be_undone(self) -> bool:
        changed = self.created + self.updated > 0
        return changed and self.state in (self.State.DONE, self.State.CANCELLED, self.State.FAILED)


class ImportReject(models.Model):
    """A row that was not imported, as it was in the file, and why; ``is_forecast`` when a check only foretold it."""

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="rejects", db_index=False)
    line = models.PositiveIntegerField(_("line"))
    reason = models.TextField(_("reason"))
    cells = models.JSONField(_("cells"))
    is_forecast = models.BooleanField(default=False)

    class Meta:
        ordering = ("line",)
        verbose_name = _("rejected row")
        verbose_name_plural = _("rejected rows")
        constraints = (
            models.UniqueConstraint(fields=("job", "is_forecast", "line"), name="import_reject_once_per_line"),
        )
        indexes = (models.Index(fields=("job", "is_forecast", "id"), name="import_reject_pages"),)

    def __str__(self) -> str:
        return f"{self.line}: {self.reason}"


class ImportChange(models.Model):
    """What an import did to one lead, written in the transaction that did it; read to undo it.

    The lead is named by number only: it may be merged or deleted later, which is what the undoing asks.
    """

    class Kind(models.TextChoices):
        CREATED = "created", _("Created")
        UPDATED = "updated", _("Updated")

    class Fate(models.TextChoices):
        STANDS = "stands", _("Stands")
        UNDONE = "undone", _("Undone")
        KEPT = "kept", _("Left as it is")

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="changes", db_index=False)
    lead_id = models.BigIntegerField(_("lead"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    before = models.JSONField(_("what it was before"), default=dict)
    added = models.JSONField(_("ids of what was added to it"), default=dict)
    left_at = models.DateTimeField(_("time of change that it was left with"))
    fate = models.CharField(max_length=8, choices=Fate.choices, default=Fate.STANDS)

    objects: ClassVar[ImportChangeQuerySet] = ImportChangeQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as a Manager

    class Meta:
        ordering = ("pk",)
        verbose_name = _("change by an import")
        verbose_name_plural = _("changes by imports")
        constraints = (
            models.UniqueConstraint(fields=("job", "lead_id"), name="import_change_once_per_lead"),
            models.CheckConstraint(condition=Q(kind__in=("created", "updated")), name="import_change_kind_known"),
            models.CheckConstraint(condition=Q(fate__in=("stands", "undone", "kept")), name="import_change_fate_known"),
        )
        indexes = (
            models.Index(F("job"), F("id"), name="import_change_stands", condition=Q(fate="stands")),
            models.Index(fields=("lead_id",), name="import_change_lead"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.lead_id}"


class ImportedCompany(models.Model):
    """A company that an import made (``is_new``), or what it filled in of one that was there."""

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="companies", db_index=False)
    company_id = models.BigIntegerField(_("company"))
    is_new = models.BooleanField(default=False)
    filled = models.JSONField(_("what was filled in"), default=dict)

    class Meta:
        ordering = ("pk",)
        verbose_name = _("company touched by an import")
        verbose_name_plural = _("companies touched by imports")
        constraints = (models.UniqueConstraint(fields=("job", "company_id"), name="imported_company_once"),)

    def __str__(self) -> str:
        return f"{self.company_id}"


class ExportLog(models.Model):
    """Who took which list of leads out of Baton, and when. ``rows`` is unknown until the last one was sent."""

    class Format(models.TextChoices):
        CSV = "csv", _("CSV")
        XLSX = "xlsx", _("Excel (XLSX)")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("by"), on_delete=models.PROTECT, related_name="+")
    exported_at = models.DateTimeField(_("exported at"), default=timezone.now)
    query = models.TextField(_("filter"), blank=True)
    columns = ArrayField(models.CharField(max_length=80), verbose_name=_("columns"))
    format = models.CharField(_("format"), max_length=8, choices=Format.choices)
    rows = models.PositiveIntegerField(_("rows"), null=True, blank=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        constraints = (models.CheckConstraint(condition=Q(format__in=("csv", "xlsx")), name="export_log_format_known"),)

    def __str__(self) -> str:
        return f"{self.exported_at:%Y-%m-%d %H:%M} {self.format}"
