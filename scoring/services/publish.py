"""Drafts of the scoring model, and publishing one (domain rule 16): until then a draft changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from scoring.models import Icp, IcpCriterion, Persona, Rule, ScoringModel, Threshold
from scoring.services.queue import queue_all
from scoring.soundness import complaints

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from people.models import User


def start_draft(*, by: User | None, now: datetime) -> ScoringModel:
    """A copy of the published version to edit, or an empty one; ValidationError when there is a draft already.

    Rules that came from profiles and personas are left out: publishing makes them anew.
    """
    try:
        with transaction.atomic():
            published = ScoringModel.objects.published()
            latest = ScoringModel.objects.aggregate(latest=Max("version"))["latest"] or 0
            draft = ScoringModel.objects.create(version=latest + 1, created_by=by, created_at=now)
            if published is not None:
                _copy(published, draft)
    except IntegrityError as error:
        raise ValidationError(_("There is a draft already."), code="draft") from error
    return draft


@transaction.atomic
def discard_draft(*, model: ScoringModel) -> None:
    """Delete a draft with its rules; ValidationError when it is none (any more)."""
    _locked_draft(model).delete()


@transaction.atomic
def publish(*, model: ScoringModel, by: User | None, now: datetime) -> ScoringModel:
    """Make a draft the version that scores, supersede the one before, and queue every lead.

    The criteria of the profiles and personas in use are copied in as rules, so that the version is complete and never
    moves. Raises ValidationError with a message for each thing that is wrong, or when the draft is one no more
    (somebody published or discarded it meanwhile).
    """
    draft = _locked_draft(model)
    draft.rules.exclude(icp=None, persona=None).delete()
    Rule.objects.bulk_create(_materialised(draft))
    wrong = complaints(draft)
    if wrong:
        raise ValidationError([ValidationError(complaint, code="rule") for complaint in wrong])
    ScoringModel.objects.filter(state=ScoringModel.State.PUBLISHED).update(state=ScoringModel.State.SUPERSEDED)
    draft.state, draft.published_by, draft.published_at = ScoringModel.State.PUBLISHED, by, now
    draft.save(update_fields=["state", "published_by", "published_at"])
    queue_all(now=now)
    return draft


def _locked_draft(model: ScoringModel) -> ScoringModel:
    """The draft under a lock: of two that publish it at once, the second finds it published."""
    draft = ScoringModel.objects.select_for_update().filter(pk=model.pk).first()
    if draft is None or not draft.is_draft:
        raise ValidationError(_("Version %(version)s is no draft any more.") % {"version": model.version}, code="state")
    return draft


def _copy(source: ScoringModel, draft: ScoringModel) -> None:
    rules = list(source.rules.filter(icp=None, persona=None).order_by("position", "pk"))
    thresholds = list(source.thresholds.all())
    for rule in rules:
        rule.pk, rule.model = None, draft
    for threshold in thresholds:
        threshold.pk, threshold.model = None, draft
    Rule.objects.bulk_create(rules)
    Threshold.objects.bulk_create(thresholds)


def _materialised(draft: ScoringModel) -> Iterator[Rule]:
    """The rules of the profiles, then of the personas, behind the model's own."""
    position = (draft.rules.aggregate(last=Max("position"))["last"] or 0) + 1
    criteria = IcpCriterion.objects.filter(icp__in=Icp.objects.filter(is_active=True)).select_related("icp")
    for criterion in criteria.order_by("icp__position", "icp__name", "icp", "position", "pk"):
        yield _criterion_rule(draft, criterion, position)
        position += 1
    for persona in Persona.objects.filter(is_active=True).order_by("position", "name"):
        yield Rule(
            model=draft,
            position=position,
            name=persona.name,
            part=Rule.Part.FIT,
            conditions=persona.conditions,
            points=persona.points,
            persona=persona,
        )
        position += 1


def _criterion_rule(draft: ScoringModel, criterion: IcpCriterion, position: int) -> Rule:
    effect, part = (Rule.Effect.EXCLUSION, "") if criterion.excludes else (Rule.Effect.POINTS, Rule.Part.FIT)
    return Rule(
        model=draft,
        position=position,
        name=criterion.name,
        effect=effect,
        part=part,
        conditions=criterion.conditions,
        points=criterion.points,
        icp=criterion.icp,
    )
