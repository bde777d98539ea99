"""Duplicates: the list, two leads side by side, merging them, and undoing that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from leads.merge_pages import choices_of, field_names, hanging_on, lead_lines, recent, seen
from leads.models import DuplicatePair, Lead, Merge, ToCompare
from leads.services.duplicates import dismiss, look_through_everything, reasons_in_words
from leads.services.merge_fields import LOSER, WINNER, default_winner
from leads.services.merging import SEEN_TO
from leads.services.unmerging import refuse_undo
from people.editor import REFUSED, form_methods
from people.keyset import address, page
from people.permissions import Can, requires, signed_in
from sla.models import Clock, Handoff
from sla.services.merge import merge_leads
from sla.services.unmerge import undo_merge

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from sla.services.unmerge import Undone

SHOWN = ("company", "source", "campaign", "lead_type", "status", "stage", "owner")


@requires(Can.MERGE_LEADS)
@require_safe
def duplicate_list(request: HttpRequest) -> HttpResponse:
    """``?reason=`` shows those found for one reason."""
    pairs = DuplicatePair.objects.open().visible_to(signed_in(request))
    reason = request.GET.get("reason", "")
    if reason in DuplicatePair.Reason.values:
        pairs = pairs.filter(reasons__contains=[reason])
    related = [f"{side}__{name}" for side in ("low", "high") for name in ("company", "stage", "owner")]
    found = page(request, pairs.select_related(*related), by="pk", descending=True)
    kinds = {"": _("All"), **dict(DuplicatePair.Reason.choices)}
    context = {
        "page": found,
        "rows": [(pair, reasons_in_words(pair), (pair.low, pair.high)) for pair in found.rows],
        "count": pairs.count(),
        "reason": reason if reason in kinds else "",
        "reasons": [(key, label, address(request, reason=key)) for key, label in kinds.items()],
        "waiting": ToCompare.objects.count(),
        "merged": recent(Merge.objects.filter(winner__in=Lead.objects.visible_to(signed_in(request)))),
    }
    return render(request, "sla/duplicates.html", context)


@requires(Can.MERGE_LEADS)
@require_safe
def duplicate_progress(request: HttpRequest) -> HttpResponse:
    """How much is still to be compared; asks again by itself until nothing is."""
    context = {"waiting": ToCompare.objects.count(), "was_waiting": True}
    return render(request, "sla/duplicates_progress.html", context)


@requires(Can.MERGE_LEADS)
@require_POST
def duplicate_look(request: HttpRequest) -> HttpResponse:
    """Compare everything anew, in the background."""
    count = look_through_everything(now=timezone.now())
    if count:
        messages.success(request, _("Everything is being looked through; what is found appears here."))
    else:
        messages.info(request, _("Everything waits to be looked through already."))
    return redirect("duplicate-list")


@requires(Can.MERGE_LEADS)
@require_safe
def duplicate_pair(request: HttpRequest, pk: int) -> HttpResponse:
    """Both sides, with the likelier winner on the left."""
    pair = get_object_or_404(DuplicatePair.objects.visible_to(signed_in(request)), pk=pk)
    low, high = _lead(request, pair.low_id), _lead(request, pair.high_id)
    in_hand = Handoff.objects.open().filter(lead__in=(low, high)).values_list("lead_id", flat=True)
    winner, loser = default_winner(low, high, in_hand=in_hand)
    return _side_by_side(request, winner, loser)


@requires(Can.MERGE_LEADS)
@require_POST
def duplicate_dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    """These are two people."""
    user = signed_in(request)
    pair = get_object_or_404(DuplicatePair.objects.visible_to(user), pk=pk)
    dismiss(pair=pair, by=user, now=timezone.now())
    messages.success(request, _("Noted: these are two people. They are proposed again only for a new reason."))
    return redirect("duplicate-list")


@requires(Can.MERGE_LEADS)
@form_methods
def lead_merge(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """Merge ``other`` into ``pk``, field by field."""
    winner, loser = _lead(request, pk), _lead(request, other)
    if winner == loser:
        raise Http404
    if request.method != "POST":
        return _side_by_side(request, winner, loser)
    if request.POST.get("seen") != seen(winner, loser):
        return _side_by_side(request, winner, loser, errors=[_("Somebody has changed one of the two. Look again.")])
    choices = choices_of(request.POST, _lines(winner, loser, {}))
    try:
        merge_leads(winner=winner, loser=loser, choices=choices, by=signed_in(request), now=timezone.now())
    except ValidationError as error:
        return _side_by_side(request, winner, loser, given=choices, errors=error.messages)
    messages.success(request, _("%(loser)s is now part of %(winner)s.") % {"loser": loser, "winner": winner})
    return redirect("lead-detail", winner.pk)


@requires(Can.MERGE_LEADS)
@form_methods
def merge_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask first, say what will be and what will not."""
    user = signed_in(request)
    visible = Lead.objects.visible_to(user)
    merge = get_object_or_404(Merge.objects.select_related("winner", "by", "undone_by"), pk=pk, winner__in=visible)
    if request.method != "POST":
        return _ask_to_undo(request, merge, _reason_against(merge))
    try:
        undone = undo_merge(merge=merge, by=user, now=timezone.now())
    except ValidationError as error:
        return _ask_to_undo(request, merge, " ".join(error.messages), status=REFUSED)
    _say_undone(request, undone)
    shown = undone.loser if Lead.objects.visible_to(user).filter(pk=undone.loser.pk).exists() else merge.winner
    return redirect("lead-detail", shown.pk)


def _lead(request: HttpRequest, pk: int) -> Lead:
    return get_object_or_404(Lead.objects.visible_to(signed_in(request)).select_related(*SHOWN), pk=pk)


def _in_hand(winner: Lead, loser: Lead) -> tuple[str, set[int]]:
    """The side whose hand-off stays open, and the leads that have an open one."""
    held = set(Handoff.objects.open().filter(lead__in=(winner, loser)).values_list("lead_id", flat=True))
    return (WINNER if winner.pk in held else LOSER if loser.pk in held else ""), held


def _lines(winner: Lead, loser: Lead, given: dict[str, str]) -> list[Any]:
    return lead_lines(winner, loser, in_hand=_in_hand(winner, loser)[0], given=given)


def _side_by_side(
    request: HttpRequest,
    winner: Lead,
    loser: Lead,
    *,
    given: dict[str, str] | None = None,
    errors: list[str] | None = None,
) -> HttpResponse:
    lines = _lines(winner, loser, given or {})
    low, high = sorted((winner.pk, loser.pk))
    pair = DuplicatePair.objects.open().filter(low=low, high=high).first()
    context = {
        "winner": winner,
        "loser": loser,
        "winner_url": reverse("lead-detail", args=[winner.pk]),
        "loser_url": reverse("lead-detail", args=[loser.pk]),
        "action": reverse("lead-merge", args=[winner.pk, loser.pk]),
        "swap_url": reverse("lead-merge", args=[loser.pk, winner.pk]),
        "back_url": reverse("duplicate-list"),
        "lines": [line for line in lines if line.winner or line.loser],
        "moving": hanging_on(Lead, loser.pk, but={*SEEN_TO, "leads.formeremail", "leads.merge", "leads.leadindex"}),
        "consequences": _consequences(winner, loser),
        "dismiss_url": reverse("duplicate-dismiss", args=[pair.pk]) if pair else "",
        "reasons": reasons_in_words(pair) if pair else [],
        "different": _("These are two people"),
        "seen": seen(winner, loser),
        "errors": errors or [],
    }
    return render(request, "leads/merge.html", context, status=REFUSED if errors else 200)


def _consequences(winner: Lead, loser: Lead) -> list[str]:
    """What becomes of addresses, hand-offs and clocks, said beforehand."""
    said = []
    if winner.email and loser.email:
        said.append(_("The e-mail address that is not taken keeps finding this lead, and makes no new one."))
    _side, held = _in_hand(winner, loser)
    clocks = Clock.objects.running().filter(lead=loser).count()
    if len(held) == 2:
        said.append(_("Both are in somebody's hands: the hand-off of %(lead)s goes on.") % {"lead": winner})
        if clocks:
            said.append(
                ngettext(
                    "%(n)d running clock of %(lead)s is cancelled.",
                    "%(n)d running clocks of %(lead)s are cancelled.",
                    clocks,
                )
                % {"n": clocks, "lead": loser}
            )
    elif loser.pk in held:
        said.append(_("The hand-off of %(lead)s goes on, with its clock as it runs.") % {"lead": loser})
    return said


def _reason_against(merge: Merge) -> str:
    try:
        refuse_undo(merge)
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


def _ask_to_undo(request: HttpRequest, merge: Merge, against: str, status: int = 200) -> HttpResponse:
    context = {
        "merge": merge,
        "against": against,
        "winner": merge.winner,
        "winner_url": reverse("lead-detail", args=[merge.winner_id]),
    }
    return render(request, "leads/merge_undo.html", context, status=status)


def _say_undone(request: HttpRequest, undone: Undone) -> None:
    messages.success(request, _("%(lead)s is a lead of its own again.") % {"lead": undone.loser})
    if undone.kept:
        names = field_names(Lead, undone.kept)
        messages.info(request, _("Changed since the merge and left as it is: %(fields)s.") % {"fields": names})
    if undone.cancelled:
        messages.warning(
            request,
            ngettext(
                "%(n)d clock stays cancelled: its due time has passed.",
                "%(n)d clocks stay cancelled: their due time has passed.",
                undone.cancelled,
            )
            % {"n": undone.cancelled},
        )
