"""Changes of lists that concern many leads: a few at once, more in the background, batch by batch.

Nothing is remembered that a kill could lose: leads of a source that is merged into another are still to be moved, and
a change of a field says how far it is (``FieldWork``), in the transaction of each batch.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from celery import current_app
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, F, Func, JSONField, OuterRef, Value
from django.db.models.fields.json import KeyTextTransform
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from leads.models import Campaign, FieldWork, Lead, Source
from leads.services.custom import converted
from leads.services.queue import mark_changed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from leads.models import CustomField
    from leads.querysets import LeadQuerySet

logger = logging.getLogger(__name__)
TASK = "leads.tasks.work_lists"
# So many leads are changed while somebody waits for it, and as many in one batch of the background.
AT_ONCE = 2_000


def column_of(row: Source | Campaign) -> str:
    return "source" if isinstance(row, Source) else "campaign"


def leads_of(row: Source | Campaign) -> LeadQuerySet:
    return Lead.objects.filter(**{column_of(row): row})


def merged_with_leads(model: type[Source | Campaign]) -> Any:
    """Those that are merged into another and still have leads of their own."""
    own = Lead.objects.filter(**{model._meta.model_name or "": OuterRef("pk")})
    return model.objects.filter(Exists(own), merged_into__isnull=False).order_by("pk")


def work(*, now: datetime) -> int:
    """One batch of what waits and nobody else is at; returns how many leads were changed."""
    for model in (Source, Campaign):
        for row in merged_with_leads(model):
            if moved := move_batch(row, now):
                return moved
    for pk in FieldWork.objects.values_list("pk", flat=True):
        if changed := field_batch(pk, now):
            return changed
    return 0


@transaction.atomic
def move_batch(row: Source | Campaign, now: datetime) -> int:
    """Count some of the leads of a merged source or campaign for the other one."""
    rows = type(row).objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
    held = rows.filter(pk=row.pk, merged_into__isnull=False).first()
    if held is None:
        return 0
    ids = _held(leads_of(row))
    Lead.objects.filter(pk__in=ids).update(**{f"{column_of(row)}_id": held.merged_into_id, "updated_at": now})
    mark_changed(lead_ids=ids, now=now)
    return len(ids)


@transaction.atomic
def begin(*, field: CustomField, renames: Mapping[str, str], now: datetime) -> None:
    """Rename choices on the leads that have them, or (without any) make their values ones of the field's kind.

    Raises ValidationError at ``choices`` where names change places and the leads are more than one batch.
    """
    job = FieldWork(field=field, renames=dict(renames), started_at=now)
    job.total = _concerned(job).count()
    if job.total > AT_ONCE and renames.keys() & set(renames.values()):
        raise ValidationError({"choices": _("So many leads have them that choices cannot change names at once.")})
    if job.total:
        job.save()
        if job.total > AT_ONCE:
            nudge()
            return
        while field_batch(job.pk, now):
            pass


@transaction.atomic
def field_batch(pk: int, now: datetime) -> int:
    """The next leads in the order of their numbers; the batch that finds none ends it."""
    held = FieldWork.objects.select_for_update(skip_locked=True, of=("self",)).select_related("field")
    job = held.filter(pk=pk).first()
    if job is None:
        return 0
    ids = _held(_concerned(job))
    key = job.field.key
    if ids:
        new = job.renames or _new_values(job.field, ids)
        texts = Lead.objects.alias(was=KeyTextTransform(key, "custom")).filter(pk__in=ids, was__in=list(new))
        names = Value(new, output_field=JSONField())
        texts.update(custom=_Renamed(F("custom"), Value(key), names), updated_at=now)
        mark_changed(lead_ids=ids, now=now)
        job.after, job.done = ids[-1], job.done + len(ids)
        job.save(update_fields=["after", "done"])
    if len(ids) < AT_ONCE:
        job.delete()
    return len(ids)


def nudge() -> None:
    """Have the worker begin when this is committed; beat sees to it anyway."""
    if not any(hook[1] is _send for hook in transaction.get_connection().run_on_commit):
        transaction.on_commit(_send, robust=True)


def _send() -> None:
    try:
        current_app.send_task(TASK, ignore_result=True, expires=60)
    except OperationalError as error:
        logger.warning("Changes of lists were not begun, beat will find them: %s", error)


def _held(leads: LeadQuerySet) -> list[int]:
    held = leads.order_by("pk").select_for_update(of=("self",), no_key=True)
    return list(held.values_list("pk", flat=True)[:AT_ONCE])


def _concerned(job: FieldWork) -> LeadQuerySet:
    leads = Lead.objects.filter(custom__has_key=job.field.key, pk__gt=job.after)
    return leads.filter(**{f"custom__{job.field.key}__in": list(job.renames)}) if job.renames else leads


def _new_values(field: CustomField, ids: list[int]) -> dict[str, Any]:
    """By the value as text what it becomes; without those that are none of the kind (saved a moment ago)."""
    rows = Lead.objects.filter(pk__in=ids).order_by()
    found = rows.values_list(KeyTextTransform(field.key, "custom"), f"custom__{field.key}").distinct()
    return {text: value for text, old in found if text is not None and (value := converted(field, old)) is not None}


class _Renamed(Func):
    """``custom`` with the value of a key looked up in a small JSON object of old and new values."""

    template = "jsonb_set(%(expressions)s)"
    output_field = JSONField()

    def as_sql(self, compiler: Any, _connection: Any, **_extra: Any) -> tuple[str, list[Any]]:  # type: ignore[override]  # the stubs want the whole signature
        custom, key, names = (compiler.compile(each) for each in self.get_source_expressions())
        sql = f"jsonb_set({custom[0]}, ARRAY[{key[0]}::text], {names[0]}::jsonb -> ({custom[0]} ->> {key[0]}::text))"
        return sql, [*custom[1], *key[1], *names[1], *custom[1], *key[1]]
