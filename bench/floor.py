"""What any page costs: signed in, the same middleware and base template, one indexed query of fifty rows, a table."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from leads.models import Lead
from people.permissions import Can, requires, signed_in


@requires(Can.SIGN_IN)
def floor(request: HttpRequest) -> HttpResponse:
    """Fifty leads of whoever asks, by the index on owner and id."""
    leads = Lead.objects.filter(owner=signed_in(request)).order_by("-pk")
    return render(request, "bench/floor.html", {"leads": leads.values("pk", "first_name", "last_name", "email")[:50]})
