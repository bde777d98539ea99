"""People and teams, for the administrator; one's own profile, for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Q
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from people.editor import Editor, form_methods, locked
from people.forms import PeopleFilter, PersonForm, ProfileForm, TeamForm
from people.history import Told, history_of
from people.models import Team, User
from people.permissions import Can, requires, signed_in
from people.services import save_person, send_sign_in_mail
from people.zones import zone_names

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@requires(Can.MANAGE_PEOPLE)
@require_safe
def person_list(request: HttpRequest) -> HttpResponse:
    form = PeopleFilter(request.GET)
    return render(request, "people/person_list.html", {"form": form, "people": form.people()})


@requires(Can.MANAGE_PEOPLE)
@form_methods
def person_create(request: HttpRequest) -> HttpResponse:
    """Add somebody, and mail them a link by which they choose a password."""
    editor = Editor(request, PersonForm(_posted(request), initial={"time_zone": signed_in(request).time_zone}))
    person = editor.form.instance
    if editor.carry_out(lambda: save_person(person=person, fields=editor.form.fields, by=signed_in(request))):
        _invite(request, person)
        return redirect("person-list")
    return editor.page("people/person_edit.html", zones=zone_names())


@requires(Can.MANAGE_PEOPLE)
@form_methods
@transaction.atomic
def person_edit(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(locked(User.objects.all(), request), pk=pk)
    name = str(person)
    editor = Editor(request, PersonForm(_posted(request), instance=person))
    if editor.carry_out(lambda: save_person(person=person, fields=editor.form.fields, by=signed_in(request))):
        messages.success(request, _("Saved."))
        return redirect("person-list")
    history = history_of(Told.of(person))
    return editor.page("people/person_edit.html", person=person, name=name, zones=zone_names(), history=history)


@requires(Can.MANAGE_PEOPLE)
@require_POST
def person_invite(request: HttpRequest, pk: int) -> HttpResponse:
    _invite(request, get_object_or_404(User, pk=pk))
    return redirect("person-edit", pk=pk)


@requires(Can.MANAGE_PEOPLE)
@require_safe
def team_list(request: HttpRequest) -> HttpResponse:
    active = Count("members", filter=Q(members__is_active=True))
    teams = Team.objects.select_related("manager").annotate(active=active).order_by("side", "name")
    return render(request, "people/team_list.html", {"teams": teams})


@requires(Can.MANAGE_PEOPLE)
@form_methods
@transaction.atomic
def team_create(request: HttpRequest) -> HttpResponse:
    return _edit_team(request, None)


@requires(Can.MANAGE_PEOPLE)
@form_methods
@transaction.atomic
def team_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit_team(request, get_object_or_404(locked(Team.objects.all(), request), pk=pk))


@requires(Can.SIGN_IN)
@form_methods
def profile(request: HttpRequest) -> HttpResponse:
    """What everybody may change about themselves."""
    me = User.objects.get(pk=signed_in(request).pk)
    editor = Editor(request, ProfileForm(_posted(request), instance=me))
    if editor.carry_out(lambda: me.save(update_fields=[*editor.form.fields])):
        messages.success(request, _("Saved."))
        return redirect("profile")
    return editor.page("people/profile.html", zones=zone_names())


def _edit_team(request: HttpRequest, team: Team | None) -> HttpResponse:
    name = str(team or _("New team"))
    editor = Editor(request, TeamForm(_posted(request), instance=team))
    if editor.carry_out(editor.form.save):
        messages.success(request, _("Saved."))
        return redirect("team-list")
    about: dict[str, Any] = {}
    if team is not None:
        about = {"members": team.members.order_by("-is_active", "name"), "history": history_of(Told.of(team))}
    return editor.page("people/team_edit.html", team=team, name=name, **about)


def _invite(request: HttpRequest, person: User) -> None:
    if send_sign_in_mail(person=person, request=request):
        messages.success(request, _("%(name)s gets a mail with a link to choose a password.") % {"name": person})
    else:
        text = _("%(name)s got no mail: they may not sign in, or the mail server did not take it.")
        messages.warning(request, text % {"name": person})


def _posted(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None
