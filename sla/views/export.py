"""A filtered list of leads as a file: which columns, which kind; then the file itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from leads.models import ExportLog
from leads.services import exports
from people.editor import REFUSED
from people.permissions import Can, requires, signed_in
from sla.listing import Listing
from sla.views.leads import narrowed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

OURS = ("format", "columns", "every")
NOT_OF_THE_LIST = (*OURS, "after", "before", "act", "csrfmiddlewaretoken")


class ExportForm(forms.Form):
    """Which columns, and which kind of file; the filter travels beside it."""

    format = forms.ChoiceField(
        label=gettext_lazy("Kind of file"), choices=ExportLog.Format.choices, widget=forms.RadioSelect
    )
    every = forms.BooleanField(label=gettext_lazy("All columns"), required=False)
    columns = forms.MultipleChoiceField(
        label=gettext_lazy("Columns"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = exports.offered()
        self.fields["columns"].choices = offered  # type: ignore[attr-defined]  # a ChoiceField

    def chosen(self) -> list[str]:
        """In the order in which they are offered; those of the list when none is chosen."""
        keys = [key for key, _name in exports.offered()]
        if self.cleaned_data["every"]:
            return keys
        chosen = set(self.cleaned_data["columns"]) or set(exports.LISTED)
        return [key for key in keys if key in chosen]


@requires(Can.EXPORT_LEADS)
@never_cache
@require_safe
def lead_export(request: HttpRequest) -> HttpResponseBase:
    """``?`` the list's own query, then ``format``, ``columns`` (each) or ``every``. Without a format: which columns?"""
    user = signed_in(request)
    asked = _list_of(request)
    listing = Listing(asked, user, timezone.now())
    if listing.gone or not listing.filter.form.is_valid():
        messages.error(request, _("There is no such list."))
        return _page(request, ExportForm(initial={"format": "csv"}), status=REFUSED)
    if "format" not in request.GET:
        return _page(request, ExportForm(initial={"format": "csv", "columns": list(exports.LISTED)}))
    form = ExportForm(request.GET)
    if not form.is_valid():
        return _page(request, form, status=REFUSED)
    export = exports.begin(
        leads=narrowed(asked, user),
        columns=form.chosen(),
        kind=form.cleaned_data["format"],
        query=_filter(request),
        by=user,
        now=timezone.now(),
    )
    return _file(export)


def _file(export: exports.Export) -> HttpResponseBase:
    name = f"leads-{timezone.localdate():%Y-%m-%d}.{export.log.format}"
    if export.log.format == ExportLog.Format.XLSX:
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        return FileResponse(exports.as_xlsx(export), as_attachment=True, filename=name, content_type=kind)
    lines = _for_reader(exports.as_csv(export))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _for_reader(lines: Iterator[str]) -> Iterator[str]:
    """In the reader's zone and words, which the request's are no more when its body is sent."""
    zone, language = timezone.get_current_timezone(), translation.get_language()

    def sent() -> Iterator[str]:
        with timezone.override(zone), translation.override(language):
            yield from lines

    return sent()


def _list_of(request: HttpRequest) -> QueryDict:
    """The list's own part of the query; ``lead`` are the ones ticked there, ``all=1&query=…`` all that it finds."""
    query = request.GET.copy()
    for name in NOT_OF_THE_LIST:
        query.pop(name, None)
    return query


def _filter(request: HttpRequest) -> str:
    return _list_of(request).urlencode()


def _page(request: HttpRequest, form: ExportForm, *, status: int = 200) -> HttpResponseBase:
    query = [(name, value) for name, values in request.GET.lists() if name not in NOT_OF_THE_LIST for value in values]
    context = {"form": form, "query": query, "back": _filter(request)}
    return render(request, "leads/export.html", context, status=status)
