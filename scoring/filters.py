"""What the list of leads can be narrowed by, as far as it is a score."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from leads.filter_kinds import Offer, number, row
from scoring.models import Icp, Persona

WORTH = _("What it is worth")
_BANDS = (
    ("score", _("Score"), "score__total"),
    ("fit", _("Fit"), "score__fit"),
    ("engagement", _("Engagement"), "score__engagement"),
    ("intent", _("Intent"), "score__intent"),
)

OFFERS = (
    *(Offer(name, label, WORTH, *number(field)) for name, label, field in _BANDS),
    Offer("persona", _("Persona"), WORTH, row("score__persona", "persona", lambda _by: Persona.objects.all())),
    Offer("profile", _("Profile"), WORTH, row("score__icp", "profile", lambda _by: Icp.objects.all())),
)
