"""Which sites may send what their visitors do, and what came of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Max, OuterRef, Q, Subquery, Sum
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from leads.capture.origins import OriginsField
from leads.models import EventType, SiteCount, TrackedSite, Visitor
from leads.services.consent import UNSUBSCRIBED
from people.editor import Editor, form_methods, locked
from people.history import Told, history_of
from people.permissions import Can, requires, signed_in

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

SHOWN_DAYS = 30
USUAL_EVENTS = ("page_viewed", "pricing_viewed", "content_downloaded")


class SiteForm(forms.ModelForm[TrackedSite]):
    origins = OriginsField(
        label=gettext_lazy("Addresses of the site"),
        help_text=gettext_lazy("One a line, such as https://www.acme.com. What comes from elsewhere is refused."),
    )

    class Meta:
        model = TrackedSite
        fields = ("name", "origins", "event_types", "is_active")
        widgets = {"event_types": forms.CheckboxSelectMultiple}
        help_texts = {
            "event_types": gettext_lazy(
                "Anything else it sends is not kept, but counted. What a page may send, a visitor can make it send: "
                "think twice before you let it report a decisive act."
            )
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = Q(is_active=True) & ~Q(key=UNSUBSCRIBED)  # anybody can say anything to a public address
        if self.instance.pk:
            offered |= Q(pk__in=self.instance.event_types.values("pk"))
            self.initial["event_types"] = sorted(self.instance.event_types.values_list("pk", flat=True))
        else:
            usual = EventType.objects.filter(key__in=USUAL_EVENTS, is_active=True)
            self.initial["event_types"] = sorted(usual.values_list("pk", flat=True))
        self.fields["event_types"].queryset = EventType.objects.filter(offered)  # type: ignore[attr-defined]  # a ModelMultipleChoiceField has it


@requires(Can.EDIT_FORMS)
@require_safe
def site_list(request: HttpRequest) -> HttpResponse:
    since = timezone.now().date() - timedelta(days=SHOWN_DAYS)
    recent = SiteCount.objects.filter(site=OuterRef("pk"), day__gte=since).order_by().values("site")
    sites = TrackedSite.objects.annotate(
        kept=Subquery(recent.filter(is_kept=True).annotate(sum=Sum("number")).values("sum")),
        refused=Subquery(recent.filter(is_kept=False).annotate(sum=Sum("number")).values("sum")),
        last=Subquery(recent.annotate(last=Max("last_at")).values("last")),
    )
    return render(request, "leads/tracking/list.html", {"sites": sites.order_by("-is_active", "name")})


@requires(Can.EDIT_FORMS)
@require_safe
def site_detail(request: HttpRequest, pk: int) -> HttpResponse:
    site = get_object_or_404(TrackedSite.objects.select_related("created_by"), pk=pk)
    since = timezone.now().date() - timedelta(days=SHOWN_DAYS)
    counts = site.counts.filter(day__gte=since).order_by().values("name", "is_kept")
    names = dict(EventType.objects.values_list("key", "name"))
    rows = counts.annotate(sum=Sum("number"), last=Max("last_at")).order_by("-is_kept", "-sum", "name")
    context = {
        "site": site,
        "event_types": site.event_types.all(),
        "rows": [{**row, "label": names.get(row["name"], "") if row["is_kept"] else ""} for row in rows],
        "visitors": Visitor.objects.filter(site=site).aggregate(all=Count("pk"), known=Count("lead")),
        "snippet": snippet(site),
        "careful_snippet": snippet(site, needs_consent=True),
        "days": SHOWN_DAYS,
        "kept_days": settings.BATON_VISITOR_DAYS,
        "history": history_of(Told.of(site)),
    }
    return render(request, "leads/tracking/detail.html", context)


@requires(Can.EDIT_FORMS)
@form_methods
def site_create(request: HttpRequest) -> HttpResponse:
    return _edit(request, TrackedSite())


@requires(Can.EDIT_FORMS)
@form_methods
@transaction.atomic
def site_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit(request, get_object_or_404(locked(TrackedSite.objects.all(), request), pk=pk))


def snippet(site: TrackedSite, *, needs_consent: bool = False) -> str:
    """What stands in the pages of the site: the queue first, so that calls before the script has come are not lost."""
    script = f"{settings.BATON_BASE_URL}/{settings.STATIC_URL.lstrip('/')}js/track.js"
    consent = ' data-consent="required"' if needs_consent else ""
    return (
        "<script>window.baton=window.baton||function(){(baton.q=baton.q||[]).push(arguments)}</script>\n"
        f'<script async src="{script}" data-key="{site.key}"{consent}></script>'
    )


def _edit(request: HttpRequest, site: TrackedSite) -> HttpResponse:
    name = site.name or _("New site")
    data = request.POST if request.method == "POST" else None
    editor = Editor(request, SiteForm(data, instance=site))
    if editor.carry_out(lambda: _save(editor, request)):
        messages.success(request, _("Saved."))
        return redirect("site-detail", pk=editor.form.instance.pk)
    return editor.page("leads/tracking/edit.html", site=site, name=name)


def _save(editor: Editor, request: HttpRequest) -> None:
    site: TrackedSite = editor.form.instance
    if site.created_by_id is None:
        site.created_by = signed_in(request)
    editor.form.save()
