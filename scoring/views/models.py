"""The published scoring model, its versions, and the draft of the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from people.editor import REFUSED, Editor, carried_out, form_methods, locked
from people.history import Told, events, history_of
from people.ordering import last_position, move, step_of
from people.permissions import Can, may, requires, signed_in
from scoring.forms.conditions import conditions_on_event, conditions_on_lead
from scoring.forms.models import PublishForm, RuleForm, ThresholdForm
from scoring.models import Rule, ScoringModel, Threshold
from scoring.services.publish import discard_draft, publish, start_draft
from scoring.wording import conditions_text, event_conditions_text, rules_in_words, threshold_text

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@requires(Can.SEE_SCORING)
@require_safe
def scoring_model(request: HttpRequest) -> HttpResponse:
    """What scores leads today."""
    return _show(request, ScoringModel.objects.published())


@requires(Can.SEE_SCORING)
@require_safe
def scoring_version(request: HttpRequest, pk: int) -> HttpResponse:
    return _show(request, get_object_or_404(ScoringModel, pk=pk))


@requires(Can.EDIT_SCORING)
@require_POST
def scoring_start(request: HttpRequest) -> HttpResponse:
    """Open the draft: a new one from what is published, or the one that is there."""
    draft = ScoringModel.objects.draft()
    if draft is None:
        try:
            draft = start_draft(by=signed_in(request), now=timezone.now())
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return redirect("scoring-model")
    return redirect("scoring-version", pk=draft.pk)


@requires(Can.EDIT_SCORING)
@require_POST
def scoring_publish(request: HttpRequest) -> HttpResponse:
    draft = get_object_or_404(ScoringModel, state=ScoringModel.State.DRAFT)
    form = PublishForm(request.POST, instance=draft)
    if form.is_valid() and carried_out(form, lambda: _publish(form, request)):
        messages.success(request, _("%(version)s is published. Every lead is being scored by it.") % {"version": draft})
        return redirect("scoring-model")
    return _show(request, ScoringModel.objects.get(pk=draft.pk), form)


@requires(Can.EDIT_SCORING)
@require_POST
def scoring_discard(request: HttpRequest) -> HttpResponse:
    draft = get_object_or_404(ScoringModel, state=ScoringModel.State.DRAFT)
    try:
        discard_draft(model=draft)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("The draft is discarded. Nothing has changed for any lead."))
    return redirect("scoring-model")


@requires(Can.EDIT_SCORING)
@form_methods
@transaction.atomic
def rule_create(request: HttpRequest) -> HttpResponse:
    return _edit_rule(request, Rule(model=_draft(request)))


@requires(Can.EDIT_SCORING)
@form_methods
@transaction.atomic
def rule_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit_rule(request, get_object_or_404(Rule.objects.select_related("model"), model=_draft(request), pk=pk))


@requires(Can.EDIT_SCORING)
@require_POST
@transaction.atomic
def rule_delete(request: HttpRequest, pk: int) -> HttpResponse:
    rule = get_object_or_404(Rule, model=_draft(request), pk=pk)
    rule.delete()
    messages.success(request, _("“%(name)s” is removed.") % {"name": rule})
    return redirect("scoring-version", pk=rule.model_id)


@requires(Can.EDIT_SCORING)
@require_POST
@transaction.atomic
def rule_move(request: HttpRequest, pk: int) -> HttpResponse:
    rule = get_object_or_404(Rule, model=_draft(request), pk=pk)
    alike = Rule.objects.filter(model=rule.model_id, effect=rule.effect, part=rule.part)
    move(rule, alike, step_of(request.POST.get("step")))
    return redirect("scoring-version", pk=rule.model_id)


@requires(Can.EDIT_SCORING)
@form_methods
@transaction.atomic
def threshold_create(request: HttpRequest) -> HttpResponse:
    return _edit_threshold(request, Threshold(model=_draft(request)))


@requires(Can.EDIT_SCORING)
@form_methods
@transaction.atomic
def threshold_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit_threshold(request, get_object_or_404(Threshold, model=_draft(request), pk=pk))


@requires(Can.EDIT_SCORING)
@require_POST
@transaction.atomic
def threshold_delete(request: HttpRequest, pk: int) -> HttpResponse:
    threshold = get_object_or_404(Threshold, model=_draft(request), pk=pk)
    threshold.delete()
    messages.success(request, _("The threshold is removed."))
    return redirect("scoring-version", pk=threshold.model_id)


def _draft(request: HttpRequest) -> ScoringModel:
    """The draft, which nobody publishes or discards while a change of it is being written."""
    drafts = ScoringModel.objects.filter(state=ScoringModel.State.DRAFT)
    return get_object_or_404(locked(drafts, request))


def _show(request: HttpRequest, model: ScoringModel | None, form: PublishForm | None = None) -> HttpResponse:
    may_edit = may(signed_in(request), Can.EDIT_SCORING)
    context: dict[str, Any] = {
        "model": model,
        "draft": ScoringModel.objects.draft(),
        "versions": ScoringModel.objects.select_related("published_by", "created_by"),
        "may_edit": may_edit,
        "may_change": may_edit and model is not None and model.is_draft,
    }
    if model is not None:
        context |= _content(model) | {"form": form or PublishForm(instance=model), "history": _history(model)}
    return render(request, "scoring/scoring_model.html", context, status=REFUSED if form else 200)


def _content(model: ScoringModel) -> dict[str, Any]:
    """The version's rules in groups, each rule with its words."""
    rules = list(model.rules.select_related("event_type", "target_stage", "icp", "persona"))
    rows = list(zip(rules, rules_in_words(rules), strict=True))
    return {
        "parts": [(part.label, [row for row in rows if row[0].part == part]) for part in Rule.Part],
        "decisive": [row for row in rows if row[0].effect == Rule.Effect.DECISIVE],
        "exclusions": [row for row in rows if row[0].effect == Rule.Effect.EXCLUSION],
        "thresholds": [(each, threshold_text(each)) for each in model.thresholds.select_related("stage")],
    }


def _publish(form: PublishForm, request: HttpRequest) -> None:
    draft = form.save()
    publish(model=draft, by=signed_in(request), now=timezone.now())


def _edit_rule(request: HttpRequest, rule: Rule) -> HttpResponse:
    name = rule.name or _("New rule")
    data = request.POST if request.method == "POST" else None
    editor = Editor(
        request,
        RuleForm(data, instance=rule),
        conditions=conditions_on_lead(data, rule.conditions),
        event_conditions=conditions_on_event(data, rule.event_conditions, prefix="event_conditions"),
    )
    if editor.carry_out(lambda: _save_rule(editor)):
        messages.success(request, _("Saved in the draft. Nothing changes for any lead until it is published."))
        return redirect("scoring-version", pk=rule.model_id)
    history = history_of(Told.of(rule, _SHOWN)) if rule.pk else []
    return editor.page("scoring/rule_edit.html", rule=rule, model=rule.model, name=name, history=history)


def _save_rule(editor: Editor) -> None:
    rule: Rule = editor.form.instance
    rule.conditions = editor["conditions"].stored
    rule.event_conditions = editor["event_conditions"].stored
    if rule._state.adding:
        rule.position = last_position(Rule.objects.filter(model=rule.model_id))
    rule.full_clean()
    rule.save()


def _edit_threshold(request: HttpRequest, threshold: Threshold) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    editor = Editor(request, ThresholdForm(data, instance=threshold))
    if editor.carry_out(lambda: _save_threshold(threshold)):
        messages.success(request, _("Saved in the draft. Nothing changes for any lead until it is published."))
        return redirect("scoring-version", pk=threshold.model_id)
    return editor.page("scoring/threshold_edit.html", threshold=threshold, model=threshold.model)


def _save_threshold(threshold: Threshold) -> None:
    threshold.full_clean()
    threshold.save()


_SHOWN = {"conditions": conditions_text, "event_conditions": event_conditions_text}


def _history(model: ScoringModel) -> Any:
    """The version's own changes and those of its rules and thresholds, as long as it was a draft."""
    children = (events("scoring", name) for name in ("RuleHistory", "ThresholdHistory"))
    return history_of(Told.of(model), *(Told(rows.filter(model_id=model.pk), _SHOWN) for rows in children))
