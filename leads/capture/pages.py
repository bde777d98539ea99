"""The public pages of a form: on its own, in a frame of another site, and what is said after it was sent.

They know nobody by a session and set no cookie. What a browser or a link says of its person decides only what need
not be asked any more; it is never shown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from leads.capture.answers import TICKET, TRAP, AnswerForm
from leads.capture.questions import EMAIL, to_ask
from leads.capture.submit import Sent, count_bot, submit
from leads.capture.tokens import QUICKEST, Ticket, lead_id_of, ticket_of
from leads.capture.touch import Touch, bare_address, origin_of, utm_of
from leads.capture.words import words
from leads.limits import Limit, address_of
from leads.models import CaptureForm, Lead
from leads.tracking.visitors import known_visitor, uuid_of

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

REFUSED, TOO_MANY, GONE = 422, 429, 410
VISITOR_COOKIE = "baton_v"
# People at one desk of a fair fill in one form after the other; a script does more.
PER_ADDRESS = Limit("form", number=30, seconds=600)
THEMES = ("light", "dark")
read_or_send = require_http_methods(["GET", "HEAD", "POST"])


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a link or the browser says this is, as far as it says anything."""

    visitor: UUID | None
    lead: Lead | None


@csrf_exempt
@never_cache
@read_or_send
def hosted_form(request: HttpRequest, key: str) -> HttpResponse:
    return _hosted(request, _form(key), framed=False)


@csrf_exempt
@xframe_options_exempt
@never_cache
@read_or_send
def hosted_form_embed(request: HttpRequest, key: str) -> HttpResponse:
    form = _form(key)
    return _framed(form, _hosted(request, form, framed=True))


@require_safe
def hosted_form_thanks(request: HttpRequest, key: str) -> HttpResponse:
    return _said(request, _form(key), "leads/hosted/thanks.html")


@xframe_options_exempt
@require_safe
def hosted_form_embed_thanks(request: HttpRequest, key: str) -> HttpResponse:
    form = _form(key)
    return _framed(form, _said(request, form, "leads/hosted/thanks.html", framed=True))


def _form(key: str) -> CaptureForm:
    together = CaptureForm.objects.select_related("lead_type", "source", "campaign", "event_type")
    return get_object_or_404(together, key=key)


def _framed(form: CaptureForm, response: HttpResponse) -> HttpResponse:
    """Let the sites the form names, or all, show this page in a frame."""
    policy = getattr(response, "_csp_replace", {})
    response._csp_replace = {**policy, "frame-ancestors": form.allowed_sites or ["*"]}  # type: ignore[attr-defined]  # what django-csp's own decorator sets
    return response


def _hosted(request: HttpRequest, form: CaptureForm, *, framed: bool) -> HttpResponse:
    now = timezone.now()
    if not form.is_active:
        return _said(request, form, "leads/hosted/closed.html", framed=framed, status=GONE)
    person = _person(request)
    if request.method == "POST":
        return _sent(request, form, person, now, framed=framed)
    return _page(request, form, _ticket(request, form, person, now, framed=framed), framed=framed)


def _sent(request: HttpRequest, form: CaptureForm, person: Person, now: datetime, *, framed: bool) -> HttpResponse:
    """The thank-you, or the page again with everything that was typed and why it was not taken."""
    text, ticket = words(form.language), ticket_of(request.POST.get(TICKET, ""), form.key)
    if ticket is None or ticket.is_stale(now) or not (person.lead or _asks_address(form, ticket)):
        # Whoever looks it over again after an old page need not prove once more to be slow.
        current = replace(_ticket(request, form, person, now, framed=framed), shown_at=now - QUICKEST)
    else:
        current = ticket
    wait = PER_ADDRESS.wait(f"{form.pk} {address_of(request)}", now)
    if wait:
        shown = _page(request, form, current, framed=framed, notice=text.too_often, status=TOO_MANY)
        shown.headers["Retry-After"] = str(wait)
        return shown
    if request.POST.get(TRAP):
        count_bot(form)
        return _thanked(form, framed=framed)
    if current is not ticket:
        return _page(request, form, current, framed=framed, notice=text.stale, status=REFUSED)
    return _kept(request, form, current, person, now, framed=framed)


def _asks_address(form: CaptureForm, ticket: Ticket) -> bool:
    """A page that was shown to somebody known may have left it out; by now they may be gone."""
    return form.questions.filter(pk__in=ticket.asked, what=EMAIL).exists()


def _kept(
    request: HttpRequest, form: CaptureForm, ticket: Ticket, person: Person, now: datetime, *, framed: bool
) -> HttpResponse:
    with translation.override(form.language):
        answers = _answers(request, form, ticket)
        if answers.is_valid() and ticket.is_too_quick(now):
            notice = words(form.language).too_quick
            return _page(request, form, ticket, framed=framed, answers=answers, notice=notice, status=REFUSED)
        if answers.is_valid() and _submitted(answers, ticket, person, now):
            return _thanked(form, framed=framed)
    return _page(request, form, ticket, framed=framed, answers=answers, status=REFUSED)


def _submitted(answers: AnswerForm, ticket: Ticket, person: Person, now: datetime) -> bool:
    touch = Touch(page=ticket.page, referrer=ticket.referrer, utm=ticket.utm)
    sent = Sent(
        form=answers.form,
        ticket=ticket,
        answers=answers.answers,
        consents=answers.consents,
        visitor=person.visitor,
        known=person.lead,
        touch=touch,
    )
    try:
        submit(sent=sent, now=now)
    except ValidationError as error:
        answers.refuse(error)
    return not answers.errors


def _person(request: HttpRequest) -> Person:
    """By the signed link of a mail, else by the visitor's number, which the site's page handed on or a cookie has."""
    uuid = uuid_of(request.GET.get("v")) or uuid_of(request.COOKIES.get(VISITOR_COOKIE))
    lead_id = lead_id_of(request.GET.get("k", ""))
    lead = Lead.objects.select_related("company").filter(pk=lead_id).first() if lead_id else None
    visitor = known_visitor(uuid)
    return Person(uuid, lead or (visitor.lead if visitor else None))


def _ticket(request: HttpRequest, form: CaptureForm, person: Person, now: datetime, *, framed: bool) -> Ticket:
    came_from = request.headers.get("Referer", "")
    page = request.GET.get("page") or (came_from if framed else request.build_absolute_uri(request.path))
    asks_consent = form.consent_mode != CaptureForm.Consent.NONE
    return Ticket(
        form=form.key,
        shown_at=now,
        asked=tuple(one.pk for one in to_ask(form, list(form.questions.all()), person.lead)),
        consent_text=form.consent_text if asks_consent else "",
        consent_version=form.consent_version if asks_consent else 0,
        page=bare_address(page),
        referrer=bare_address(request.GET.get("ref") or ("" if framed else came_from)),
        utm=utm_of(request.GET),
    )


def _answers(request: HttpRequest, form: CaptureForm, ticket: Ticket) -> AnswerForm:
    """What this ticket asked, whatever was found out or edited since."""
    questions = [one for one in form.questions.all() if one.pk in ticket.asked]
    data = request.POST if request.method == "POST" else None
    return AnswerForm(data, form=form, questions=questions, consent_text=ticket.consent_text)


def _page(
    request: HttpRequest,
    form: CaptureForm,
    ticket: Ticket,
    *,
    framed: bool,
    answers: AnswerForm | None = None,
    notice: str = "",
    status: int = 200,
) -> HttpResponse:
    with translation.override(form.language):
        answers = answers or _answers(request, form, ticket)
        context = {"answers": answers, "ticket": ticket.signed(), "notice": notice}
        shown = _said(request, form, "leads/hosted/form.html", framed=framed, status=status, **context)
    if form.redirect_url and not framed:
        allowed = ["'self'", origin_of(form.redirect_url)]
        shown._csp_replace = {"form-action": allowed}  # type: ignore[attr-defined]  # what django-csp's own decorator sets
    return shown


def _said(
    request: HttpRequest, form: CaptureForm, template: str, *, framed: bool = False, status: int = 200, **context: Any
) -> HttpResponse:
    theme = request.GET.get("theme", "")
    told = {"form": form, "words": words(form.language), "framed": framed, "theme": theme if theme in THEMES else ""}
    with translation.override(form.language):
        response = render(request, template, {**told, **context}, status=status)
    response.headers["Content-Language"] = form.language
    return response


def _thanked(form: CaptureForm, *, framed: bool) -> HttpResponse:
    """In a frame the thank-you page itself leads on: a frame that goes elsewhere would show the site in itself."""
    if form.redirect_url and not framed:
        return HttpResponseRedirect(form.redirect_url)
    return HttpResponseRedirect(
        reverse("hosted-form-embed-thanks" if framed else "hosted-form-thanks", args=[form.key])
    )
