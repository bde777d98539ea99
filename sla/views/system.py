"""The state of Baton itself, and another chance for what was set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from leads.models import ChangedLead, Lead
from people.permissions import Can, requires, signed_in
from sla import health
from sla.heldback import leads_held_back
from sla.models import Clock, Escalation, Notice
from sla.services.escalations import retry
from sla.services.retries import retry_lead

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@requires(Can.SEE_SYSTEM)
@require_safe
def system(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    context = {
        "gaps": health.gaps(user),
        "parts": health.parts(),
        "queues": health.queues(timezone.now()),
        "leads": health.leads_set_aside(user),
        "escalations": health.escalations_set_aside(user),
        "held_back": leads_held_back(user),
        "failed": Notice.objects.visible_to(user).filter(state=Notice.State.FAILED).count(),
    }
    return render(request, "sla/system.html", context)


@requires(Can.SEE_SYSTEM)
@require_POST
def retry_changed_lead(request: HttpRequest, pk: int) -> HttpResponse:
    visible = Lead.objects.visible_to(signed_in(request)).values("pk")
    mark = get_object_or_404(ChangedLead.objects.set_aside().filter(lead__in=visible), pk=pk)
    retry_lead(mark=mark, now=timezone.now())
    messages.success(request, _("The lead is in the queue again."))
    return redirect("system")


@requires(Can.SEE_SYSTEM)
@require_POST
def retry_escalation(request: HttpRequest, pk: int) -> HttpResponse:
    visible = Clock.objects.visible_to(signed_in(request)).values("pk")
    escalation = get_object_or_404(Escalation.objects.set_aside().filter(clock__in=visible), pk=pk)
    retry(escalation=escalation, now=timezone.now())
    messages.success(request, _("A message of it is written in a moment."))
    return redirect("system")
