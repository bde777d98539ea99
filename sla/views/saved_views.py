"""Lists of leads kept by name, and the columns one likes to see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from leads.models import CustomField, ListChoice, SavedView
from people.editor import form_methods
from people.keyset import address_of
from people.permissions import Can, requires, signed_in
from sla import columns as showing
from sla.forms.views import QueryForm, ViewForm

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

REFUSED = 422
NUMBER = 18


@requires(Can.SEE_LEADS)
@require_POST
def view_create(request: HttpRequest) -> HttpResponse:
    """Keep the list as it stands, with the columns one sees, under a name of its own."""
    user = signed_in(request)
    form = ViewForm(request.POST, by=user)
    if not form.is_valid():
        return _refused(request, form, _("Save the list"))
    view = form.save(commit=False)
    of = _known(request, request.POST.get("of", ""))
    choice = ListChoice.objects.filter(user=user).first()
    view.columns = of.columns if of else choice.columns if choice else []
    view.save()
    messages.success(request, _("“%(view)s” is kept.") % {"view": view})
    return redirect(address_of_view(view))


@requires(Can.SEE_LEADS)
@form_methods
def view_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Its name, and whether it is shared."""
    view = _changeable(request, pk)
    data = request.POST.copy() if request.method == "POST" else None
    if data is not None:
        data.setdefault("query", view.query)
    form = ViewForm(data, instance=view, by=signed_in(request))
    if form.is_bound and form.is_valid():
        form.save()
        messages.success(request, _("“%(view)s” is kept.") % {"view": view})
        return redirect(address_of_view(view))
    context = {"form": form, "title": _("Rename or share"), "back": address_of_view(view)}
    return render(request, "sla/view_edit.html", context, status=REFUSED if form.is_bound else 200)


@requires(Can.SEE_LEADS)
@require_POST
def view_save(request: HttpRequest, pk: int) -> HttpResponse:
    """Filters and order as they are now."""
    view = _changeable(request, pk)
    form = QueryForm(request.POST)
    if form.is_valid():
        view.query = form.cleaned_data["query"]
        view.save(update_fields=["query"])
        messages.success(request, _("“%(view)s” is kept.") % {"view": view})
    else:
        messages.error(request, _("This list cannot be kept."))
    return redirect(address_of_view(view))


@requires(Can.SEE_LEADS)
@require_POST
def view_delete(request: HttpRequest, pk: int) -> HttpResponse:
    view = _changeable(request, pk)
    view.delete()
    messages.success(request, _("“%(view)s” was deleted.") % {"view": view})
    return redirect(f"{reverse('lead-list')}?view=all")


@requires(Can.SEE_LEADS)
@require_POST
def view_default(request: HttpRequest, pk: int) -> HttpResponse:
    """The list opens with it from now on; and no more, when it did."""
    user = signed_in(request)
    view = get_object_or_404(SavedView.objects.visible_to(user), pk=pk)
    choice, _created = ListChoice.objects.get_or_create(user=user)
    choice.default_view = None if choice.default_view_id == view.pk else view
    choice.save(update_fields=["default_view"])
    return redirect(address_of_view(view))


@requires(Can.SEE_LEADS)
@require_POST
def list_columns(request: HttpRequest) -> HttpResponse:
    """One's own columns; those of the view one is in, where one may change it. None ticked are the usual ones."""
    user = signed_in(request)
    known = showing.columns(list(CustomField.objects.all()))
    ticked = set(request.POST.getlist("column"))
    names = [name for name in known if name in ticked][: showing.MOST]
    view = _known(request, request.POST.get("view", ""))
    if view is not None and SavedView.objects.changeable_by(user).filter(pk=view.pk).exists():
        view.columns = names
        view.save(update_fields=["columns"])
    else:
        ListChoice.objects.update_or_create(user=user, defaults={"columns": names})
    query = QueryForm(request.POST)
    given = QueryDict(query.cleaned_data["query"]) if query.is_valid() else QueryDict()
    return redirect(f"{reverse('lead-list')}{address_of(given, view=str(view.pk) if view else 'all')}")


def address_of_view(view: SavedView) -> str:
    return f"{reverse('lead-list')}{address_of(QueryDict(view.query), view=str(view.pk))}"


def _changeable(request: HttpRequest, pk: int) -> SavedView:
    """404 for a view one does not see, or may not change."""
    return get_object_or_404(SavedView.objects.changeable_by(signed_in(request)), pk=pk)


def _known(request: HttpRequest, number: str) -> SavedView | None:
    is_number = number.isascii() and number.isdigit() and len(number) <= NUMBER
    return SavedView.objects.visible_to(signed_in(request)).filter(pk=number).first() if is_number else None


def _refused(request: HttpRequest, form: ViewForm, title: str) -> HttpResponse:
    context = {"form": form, "title": title, "back": reverse("lead-list")}
    return render(request, "sla/view_edit.html", context, status=REFUSED)
