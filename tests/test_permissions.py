"""Every address for everybody: who is let in, and what the others are told (domain rule 20).

The table is written by hand, on purpose not derived from the views' own decorators. A new address without a line here
fails, and so does a line whose address is gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from people.models import User
from tests.cast import MakeLead
from tests.permission_world import build_world
from tests.permissions import AREAS
from tests.permissions.page import (
    ADMINISTRATOR,
    AE,
    BOARD_READERS,
    EVERYBODY,
    FORBIDDEN,
    GLOSSARY_EDITORS,
    GONE_ON,
    LEAD_EDITORS,
    NOT_ALLOWED,
    NOT_FOUND,
    NOTE_WRITERS,
    PEOPLE_EDITORS,
    POLICY_EDITORS,
    REFUSED,
    ROLES,
    SALES,
    SCORING_EDITORS,
    SHOWN,
    Open,
    Page,
    act,
    form,
    reading,
)

PAGES: dict[str, Page] = {
    "home": Page(EVERYBODY, get=GONE_ON),
    "inbox": reading(SALES),
    "inbox-live": reading(SALES),
    "availability": act(SALES),
    "lead-detail": reading(EVERYBODY, "lead"),
    "lead-live": reading(EVERYBODY, "lead"),
    "attempt-create": Page(SALES, get=SHOWN, post=REFUSED, args="lead", but={AE: (FORBIDDEN, FORBIDDEN)}),
    "note-create": act(NOTE_WRITERS, "lead", post=REFUSED),
    "handoff-reassign": act(POLICY_EDITORS, "handoff", post=REFUSED),
    "handoffs-reassign": act(POLICY_EDITORS, post=REFUSED),
    "board": reading(BOARD_READERS),
    "board-live": reading(BOARD_READERS),
    "notice-list": reading(EVERYBODY),
    "notice-list-live": reading(EVERYBODY),
    # Neither sent to the AE nor about a lead of theirs.
    "notice-detail": Page(EVERYBODY, args="notice", but={AE: (NOT_FOUND, NOT_ALLOWED)}),
    "notice-retry": act(POLICY_EDITORS, "notice"),
    "system": reading(POLICY_EDITORS),
    "system-retry-lead": act(POLICY_EDITORS, "set_aside_lead"),
    "system-retry-escalation": act(POLICY_EDITORS, "set_aside_escalation"),
    "lead-list": reading(EVERYBODY),
    "lead-create": form(LEAD_EDITORS),
    "lead-edit": form(LEAD_EDITORS, "lead"),
    "company-edit": form(LEAD_EDITORS, "company"),
    "event-create": form(LEAD_EDITORS, "lead"),
    "policy-list": reading(EVERYBODY),
    "policy-create": form(POLICY_EDITORS),
    "policy-edit": form(POLICY_EDITORS, "policy"),
    "policy-switch": act(POLICY_EDITORS, "policy"),
    "policy-move": act(POLICY_EDITORS, "policy"),
    "routing-list": reading(EVERYBODY),
    "routing-create": form(POLICY_EDITORS),
    "routing-edit": form(POLICY_EDITORS, "routing_rule"),
    "routing-delete": act(POLICY_EDITORS, "routing_rule"),
    "routing-strays": act(POLICY_EDITORS),
    "routing-strays-alert": reading(POLICY_EDITORS),
    "routing-move": act(POLICY_EDITORS, "routing_rule"),
    "calendar-list": reading(EVERYBODY),
    "calendar-create": form(POLICY_EDITORS),
    "calendar-edit": form(POLICY_EDITORS, "calendar"),
    "glossary": reading(EVERYBODY),
    "glossary-edit": form(GLOSSARY_EDITORS, "term"),
    "scoring-model": reading(EVERYBODY),
    "scoring-version": reading(EVERYBODY, "draft"),
    "scoring-start": act(SCORING_EDITORS),
    "scoring-publish": act(SCORING_EDITORS),
    "scoring-discard": act(SCORING_EDITORS),
    "rule-create": form(SCORING_EDITORS),
    "rule-edit": form(SCORING_EDITORS, "rule"),
    "rule-delete": act(SCORING_EDITORS, "rule"),
    "rule-move": act(SCORING_EDITORS, "rule"),
    "threshold-create": form(SCORING_EDITORS),
    "threshold-edit": form(SCORING_EDITORS, "threshold"),
    "threshold-delete": act(SCORING_EDITORS, "threshold"),
    "icp-list": reading(EVERYBODY),
    "icp-create": form(SCORING_EDITORS),
    "icp-detail": reading(EVERYBODY, "icp"),
    "icp-edit": form(SCORING_EDITORS, "icp"),
    "icp-move": act(SCORING_EDITORS, "icp"),
    "icp-matches": reading(EVERYBODY, "icp"),
    "criterion-create": form(SCORING_EDITORS, "criterion_of"),
    "criterion-edit": form(SCORING_EDITORS, "criterion"),
    "criterion-delete": act(SCORING_EDITORS, "criterion"),
    "criterion-move": act(SCORING_EDITORS, "criterion"),
    "persona-list": reading(EVERYBODY),
    "persona-create": form(SCORING_EDITORS),
    "persona-detail": reading(EVERYBODY, "persona"),
    "persona-edit": form(SCORING_EDITORS, "persona"),
    "persona-move": act(SCORING_EDITORS, "persona"),
    "persona-matches": reading(EVERYBODY, "persona"),
    "person-list": reading(PEOPLE_EDITORS),
    "person-create": form(PEOPLE_EDITORS),
    "person-edit": form(PEOPLE_EDITORS, "person"),
    "person-invite": act(PEOPLE_EDITORS, "person"),
    "team-list": reading(PEOPLE_EDITORS),
    "team-create": form(PEOPLE_EDITORS),
    "team-edit": form(PEOPLE_EDITORS, "team"),
    "profile": form(EVERYBODY),
}
for area in AREAS:
    PAGES |= area.PAGES


OPEN: dict[str, Open] = {
    "healthz": Open(200, 200),
    # 503 as no worker runs here; the point is that nobody is asked to sign in.
    "readyz": Open(503, 503),
    "account_login": Open(200, 302),
    "account_logout": Open(302, 200),
    "account_inactive": Open(200, 200),
    "account_signup": Open(200, 302),
    "account_reauthenticate": Open(302, 200),
    "account_email": Open(302, 302),
    "account_email_verification_sent": Open(200, 200),
    "account_change_password": Open(302, 200),
    "account_set_password": Open(302, 302),
    "account_reset_password": Open(200, 200),
    "account_confirm_login_code": Open(302, 302),
    "account_confirm_email": Open(200, 200, "confirmation"),
    "account_reset_password_from_key": Open(200, 200, "reset"),
    "account_reset_password_from_key_done": Open(200, 200),
    "account_reset_password_done": Open(200, 200),
}
for area in AREAS:
    OPEN |= area.OPEN


def addresses(patterns: list[Any]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns)
        else:
            yield pattern


@pytest.fixture
def world(everybody: dict[str, User], make_lead: MakeLead) -> SimpleNamespace:
    return build_world(everybody, make_lead)


def test_every_address_has_a_line_and_every_line_an_address() -> None:
    names = [pattern.name for pattern in addresses(get_resolver().url_patterns)]
    assert None not in names, "an address without a name cannot be in the table"
    assert sorted(name for name in names if name) == sorted({*PAGES, *OPEN})


@pytest.mark.parametrize("name", sorted(PAGES))
def test_only_those_allowed_are_let_in(name: str, world: SimpleNamespace, everybody: dict[str, User]) -> None:
    page = PAGES[name]
    url = reverse(name, kwargs=world.kwargs[page.args])
    let_in = {role: page.but.get(role, (page.get, page.post)) for role in page.who}
    expected = dict.fromkeys(ROLES, (FORBIDDEN, FORBIDDEN)) | let_in
    found = {role: (_ask(everybody[role], "get", url), _ask(everybody[role], "post", url)) for role in ROLES}
    assert found == expected


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_visitor_is_sent_to_sign_in(name: str, world: SimpleNamespace) -> None:
    url = reverse(name, kwargs=world.kwargs[PAGES[name].args])
    for method in ("get", "post"):
        response = getattr(Client(), method)(url)
        assert (response.status_code, response["Location"].split("?")[0]) == (302, reverse("account_login"))


@pytest.mark.parametrize("name", sorted(OPEN))
def test_open_addresses(name: str, world: SimpleNamespace, owner: User) -> None:
    url = reverse(name, kwargs=world.kwargs[OPEN[name].args])
    assert (Client().get(url).status_code, _ask(owner, "get", url)) == (OPEN[name].visitor, OPEN[name].signed_in)


def test_somebody_who_may_no_longer_sign_in_is_a_visitor(owner: User, client: Client) -> None:
    client.force_login(owner)
    owner.is_active = False
    owner.save()
    assert client.get(reverse("glossary"))["Location"].startswith(reverse("account_login"))


def test_nobody_signs_themselves_up(client: Client, db: None) -> None:
    form = {"email": "new@example.org", "password1": "long enough 123", "password2": "long enough 123"}
    client.post(reverse("account_signup"), form)
    assert not User.objects.filter(email="new@example.org").exists()


def test_nobody_changes_their_own_address(owner: User, client: Client) -> None:
    client.force_login(owner)
    for action in ("action_add", "action_primary"):
        client.post(reverse("account_email"), {"email": "mine@example.org", action: "1"})
    assert User.objects.get(pk=owner.pk).email == owner.email
    assert not EmailAddress.objects.filter(email="mine@example.org").exists()


@pytest.mark.parametrize("name", sorted(PAGES))
def test_only_what_a_page_is_for_is_taken(name: str, world: SimpleNamespace, everybody: dict[str, User]) -> None:
    page = PAGES[name]
    role = min(page.who - page.but.keys())
    assert _ask(everybody[role], "put", reverse(name, kwargs=world.kwargs[page.args])) == NOT_ALLOWED


def test_a_missing_row_is_not_found(administrator: User, client: Client, world: SimpleNamespace) -> None:
    client.force_login(administrator)
    with_rows = [name for name, page in PAGES.items() if page.args]
    missing = {}
    for name in with_rows:
        kwargs = dict.fromkeys(world.kwargs[PAGES[name].args], 987_654_321)
        method = client.get if PAGES[name].get == SHOWN else client.post
        missing[name] = method(reverse(name, kwargs=kwargs)).status_code
    allowed = {name for name in with_rows if ADMINISTRATOR in PAGES[name].who}
    assert {missing[name] for name in allowed} == {404}, missing


def test_a_lead_of_another_team_is_not_there(other_team_sdr: User, world: SimpleNamespace) -> None:
    url = reverse("lead-detail", kwargs=world.kwargs["lead"])
    assert _ask(other_team_sdr, "get", url) == 404
    assert _ask(other_team_sdr, "post", reverse("attempt-create", kwargs=world.kwargs["lead"])) == 404
    assert _ask(other_team_sdr, "post", reverse("note-create", kwargs=world.kwargs["lead"])) == 404


def _ask(user: User, method: str, url: str) -> int:
    """The status; whatever the request changed is undone, so that everybody finds the same world."""
    client = Client()
    client.force_login(user)
    with transaction.atomic():
        status: int = getattr(client, method)(url).status_code
        transaction.set_rollback(True)
    user.refresh_from_db()
    return status
