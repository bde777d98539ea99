"""Lists of leads that people come back to, and how each of them likes to see the list."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.querysets import SavedViewQuerySet


class SavedView(models.Model):
    """A list by name: its filters and order (``query``, as in the address) and columns. Shared ones anybody sees.

    It is kept as it was typed: a filter it names may be gone by the time it is opened, and the list then says so.
    """

    name = models.CharField(_("name"), max_length=80)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("of"), on_delete=models.CASCADE, related_name="saved_views"
    )
    is_shared = models.BooleanField(_("shared with everybody"), default=False)
    query = models.TextField(_("filters and order"), blank=True, max_length=4_000)
    columns = ArrayField(models.CharField(max_length=80), verbose_name=_("columns"), default=list, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects: ClassVar[SavedViewQuerySet] = SavedViewQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as a Manager

    class Meta:
        ordering = ("name", "pk")
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = (
            models.UniqueConstraint(
                fields=("owner", "name"),
                name="saved_view_name_of_owner",
                violation_error_message=_("You have a view of this name already."),
            ),
            models.UniqueConstraint(
                fields=("name",),
                condition=Q(is_shared=True),
                name="saved_view_shared_name",
                violation_error_message=_("There is a shared view of this name already."),
            ),
        )

    def __str__(self) -> str:
        return self.name


class ListChoice(models.Model):
    """How a person likes to see the list of leads: which columns, and which view it opens with."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="list_choice"
    )
    columns = ArrayField(models.CharField(max_length=80), verbose_name=_("columns"), default=list, blank=True)
    default_view = models.ForeignKey(
        SavedView, verbose_name=_("opens with"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = _("choice of a list")
        verbose_name_plural = _("choices of lists")

    def __str__(self) -> str:
        return f"{self.user_id}"
