"""Probable duplicates, what was found out about them, and the merges that were made of them."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models.company import Company
from leads.models.lead import Lead
from leads.querysets import CompanyMergeQuerySet, CompanyPairQuerySet, DuplicatePairQuerySet, MergeQuerySet


class ToCompare(models.Model):
    """A lead or company that is new or has changed: written by triggers, so that no door can forget it.

    Append-only and without a foreign key: whoever writes a lead never waits for the comparison.
    """

    lead_id = models.BigIntegerField(null=True)
    company_id = models.BigIntegerField(null=True)
    queued_at = models.DateTimeField(_("queued at"), default=timezone.now)

    class Meta:
        ordering = ("pk",)
        verbose_name = _("row to compare")
        verbose_name_plural = _("rows to compare")
        constraints = (
            models.CheckConstraint(
                condition=Q(lead_id__isnull=False, company_id__isnull=True)
                | Q(lead_id__isnull=True, company_id__isnull=False),
                name="to_compare_is_one_thing",
            ),
        )

    def __str__(self) -> str:
        return f"{self.lead_id or ''}/{self.company_id or ''}"


class LeadKey(models.Model):
    """What a lead may have in common with its double, as a number: equal numbers are looked at side by side."""

    class Kind(models.IntegerChoices):
        NAME = 1, _("name and company")
        PHONE = 2, _("phone")
        MAILBOX = 3, _("mailbox")
        COLLEAGUE = 4, _("local part within a company")
        TYPO_START = 5, _("local part and beginning of the domain")
        TYPO_END = 6, _("local part and end of the domain")

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.PositiveSmallIntegerField(_("kind"), choices=Kind.choices)
    key = models.BigIntegerField(_("key"))

    class Meta:
        verbose_name = _("key of a lead")
        verbose_name_plural = _("keys of leads")
        constraints = (models.UniqueConstraint(fields=("lead", "kind", "key"), name="lead_key_unique"),)
        indexes = (models.Index(fields=("key", "kind", "lead"), name="lead_key_block"),)

    def __str__(self) -> str:
        return f"{self.lead_id} {self.kind} {self.key}"


class CompanyKey(models.Model):
    """The same of a company: its folded name without legal form, and its domain without the ending."""

    class Kind(models.IntegerChoices):
        NAME = 1, _("name")
        DOMAIN = 2, _("web domain")

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.PositiveSmallIntegerField(_("kind"), choices=Kind.choices)
    key = models.BigIntegerField(_("key"))

    class Meta:
        verbose_name = _("key of a company")
        verbose_name_plural = _("keys of companies")
        constraints = (models.UniqueConstraint(fields=("company", "kind", "key"), name="company_key_unique"),)
        indexes = (models.Index(fields=("key", "kind", "company"), name="company_key_block"),)

    def __str__(self) -> str:
        return f"{self.company_id} {self.kind} {self.key}"


class Pair(models.Model):
    """Two rows that are probably one. Dismissed with the reasons that were known; a new reason proposes it again."""

    reasons = ArrayField(models.CharField(max_length=16), verbose_name=_("reasons"))
    score = models.PositiveSmallIntegerField(_("how likely"), default=0)
    found_at = models.DateTimeField(_("found"), default=timezone.now)
    dismissed_at = models.DateTimeField(_("dismissed"), null=True, blank=True)
    dismissed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        abstract = True
        ordering = ("-pk",)


class DuplicatePair(Pair):
    """Two leads that are probably one person."""

    class Reason(models.TextChoices):
        NAME = "name", _("Same name and company")
        PHONE = "phone", _("Same phone number")
        EMAIL = "email", _("E-mail addresses alike")

    low = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+", db_index=False)
    high = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+")

    objects: ClassVar[DuplicatePairQuerySet] = DuplicatePairQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as a Manager

    class Meta(Pair.Meta):
        verbose_name = _("probable duplicate")
        verbose_name_plural = _("probable duplicates")
        constraints = (
            models.UniqueConstraint(fields=("low", "high"), name="duplicate_pair_unique"),
            models.CheckConstraint(condition=Q(low__lt=F("high")), name="duplicate_pair_in_order"),
        )
        indexes = (models.Index(fields=("-id",), name="duplicate_pair_open", condition=Q(dismissed_at__isnull=True)),)

    def __str__(self) -> str:
        return f"{self.low_id} = {self.high_id}?"


class CompanyPair(Pair):
    """Two companies that are probably one."""

    class Reason(models.TextChoices):
        NAME = "name", _("Same name")
        DOMAIN = "domain", _("Web domains alike")

    low = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="+", db_index=False)
    high = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="+")

    objects: ClassVar[CompanyPairQuerySet] = CompanyPairQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as a Manager

    class Meta(Pair.Meta):
        verbose_name = _("probable duplicate company")
        verbose_name_plural = _("probable duplicate companies")
        constraints = (
            models.UniqueConstraint(fields=("low", "high"), name="company_pair_unique"),
            models.CheckConstraint(condition=Q(low__lt=F("high")), name="company_pair_in_order"),
        )
        indexes = (models.Index(fields=("-id",), name="company_pair_open", condition=Q(dismissed_at__isnull=True)),)

    def __str__(self) -> str:
        return f"{self.low_id} = {self.high_id}?"


class MergeRecord(models.Model):
    """One row was merged into another, with everything that undoing it needs.

    ``loser`` and ``winner_before`` are whole rows as the database tells them, ``winner_after`` what the merge made of
    the winner; ``moved`` maps ``table.column`` to the ids that were moved, ``dropped`` the table to rows that had no
    place beside the winner's; ``made`` the table to the ids of rows that the merge added.
    """

    loser_number = models.BigIntegerField(_("number of the one that was merged"))
    loser_name = models.CharField(_("name of the one that was merged"), max_length=320)
    loser = models.JSONField(default=dict)
    winner_before = models.JSONField(default=dict)
    winner_after = models.JSONField(default=dict)
    choices = models.JSONField(default=dict)
    moved = models.JSONField(default=dict)
    dropped = models.JSONField(default=dict)
    made = models.JSONField(default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("merged at"))
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        abstract = True
        ordering = ("-pk",)

    def __str__(self) -> str:
        return self.loser_name


class Merge(MergeRecord):
    """Of two leads. ``promises`` is what the top floor did to hand-offs and clocks, kept for the undo."""

    winner = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="merges")
    promises = models.JSONField(default=dict)

    objects: ClassVar[MergeQuerySet] = MergeQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as a Manager

    class Meta(MergeRecord.Meta):
        verbose_name = _("merge")
        verbose_name_plural = _("merges")
        constraints = (
            models.UniqueConstraint(
                fields=("loser_number",), condition=Q(undone_at__isnull=True), name="merge_once_per_loser"
            ),
        )


class CompanyMerge(MergeRecord):
    """Of two companies."""

    winner = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="merges")

    objects: ClassVar[CompanyMergeQuerySet] = CompanyMergeQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as a Manager

    class Meta(MergeRecord.Meta):
        verbose_name = _("merge of companies")
        verbose_name_plural = _("merges of companies")
        constraints = (
            models.UniqueConstraint(
                fields=("loser_number",), condition=Q(undone_at__isnull=True), name="company_merge_once_per_loser"
            ),
        )
