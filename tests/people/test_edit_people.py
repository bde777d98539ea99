"""Adding and changing people and teams in the browser, and one's own profile."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse

from people.models import Role, Team, User
from tests.cast import PASSWORD, MakeUser
from tests.forms import filled, send

NEW = {"name": "Nina New", "email": "Nina@Baton.example", "role": "sdr", "time_zone": "europe/warsaw", "language": "pl"}


@pytest.fixture
def admin(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


def edit(person: User) -> str:
    return reverse("person-edit", args=[person.pk])


def test_a_new_person_chooses_a_password_by_mail(admin: Client, sales_team: Team, manager: User) -> None:
    response = send(admin, reverse("person-create"), {**NEW, "team": sales_team.pk, "reports_to": manager.pk})
    person = User.objects.get(name="Nina New")
    assert response.status_code == 302
    assert (person.email, person.time_zone, person.team) == ("nina@baton.example", "Europe/Warsaw", sales_team)
    assert not person.has_usable_password()
    (message,) = mail.outbox
    assert message.to == ["nina@baton.example"]
    link = re.search(r"http://testserver(/\S+)", str(message.body))
    assert link is not None
    visitor = Client()
    page = visitor.get(link[1], follow=True)
    chosen = {"password1": "a long new secret 7", "password2": "a long new secret 7"}
    visitor.post(page.request["PATH_INFO"], chosen)
    person.refresh_from_db()
    assert person.check_password("a long new secret 7")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "no address"}, "email"),
        ({"email": ""}, "email"),
        ({"name": ""}, "name"),
        ({"role": "king"}, "role"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "Factory"}, "time_zone"),
        ({"language": "tlh"}, "language"),
        ({"team": "999999"}, "team"),
    ],
)
def test_bad_input_is_refused_at_its_field(admin: Client, changes: dict[str, Any], field: str) -> None:
    response = send(admin, reverse("person-create"), {**NEW, **changes})
    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])
    assert not User.objects.filter(name="Nina New").exists()
    assert mail.outbox == []


def test_an_address_in_other_letters_is_taken(admin: Client, owner: User) -> None:
    response = send(admin, reverse("person-create"), {**NEW, "email": owner.email.upper()})
    assert response.status_code == 422
    assert "Somebody signs in with this address already." in response.content.decode()


def test_nobody_reports_in_a_circle(admin: Client, manager: User, owner: User) -> None:
    response = send(admin, edit(manager), {"reports_to": owner.pk})
    assert list(response.context["form"].errors) == ["reports_to"]


def test_somebody_is_switched_off(admin: Client, owner: User) -> None:
    at_work = Client()
    at_work.force_login(owner)
    send(admin, edit(owner), {"is_active": None})
    owner.refresh_from_db()
    assert owner.is_active is False
    assert at_work.get(reverse("inbox")).status_code == 302


def test_one_does_not_lock_oneself_out(admin: Client, administrator: User, make_user: MakeUser) -> None:
    make_user(role=Role.ADMINISTRATOR)
    response = send(admin, edit(administrator), {"is_active": None})
    administrator.refresh_from_db()
    assert (list(response.context["form"].errors), administrator.is_active) == (["is_active"], True)


def test_the_last_administrator_stays_one(admin: Client, administrator: User, make_user: MakeUser) -> None:
    make_user(role=Role.ADMINISTRATOR, is_active=False)
    response = send(admin, edit(administrator), {"role": "sdr"})
    administrator.refresh_from_db()
    assert (list(response.context["form"].errors), administrator.role) == (["role"], "administrator")


def test_an_administrator_among_others_may_go(admin: Client, administrator: User, make_user: MakeUser) -> None:
    other = make_user(role=Role.ADMINISTRATOR)
    send(admin, edit(other), {"is_active": None})
    other.refresh_from_db()
    assert other.is_active is False


def test_an_address_that_was_replaced_no_longer_signs_in(admin: Client, owner: User) -> None:
    EmailAddress.objects.create(user=owner, email=owner.email, primary=True, verified=True)
    old = owner.email
    send(admin, edit(owner), {"email": "olga@elsewhere.example"})
    visitor = Client()
    visitor.post(reverse("account_login"), {"login": old, "password": PASSWORD})
    assert "_auth_user_id" not in visitor.session
    visitor.post(reverse("account_login"), {"login": "Olga@Elsewhere.example", "password": PASSWORD})
    assert visitor.session["_auth_user_id"] == str(owner.pk)


def test_a_colleagues_change_is_not_overwritten(admin: Client, owner: User) -> None:
    opened = filled(admin.get(edit(owner)).content.decode())
    User.objects.filter(pk=owner.pk).update(role="ae")
    response = admin.post(edit(owner), {**opened, "name": "Olga"})
    owner.refresh_from_db()
    assert (response.status_code, owner.role, owner.name) == (422, "ae", "Olga Owner")


def test_the_sign_in_mail_is_sent_again(admin: Client, owner: User) -> None:
    admin.post(reverse("person-invite", args=[owner.pk]))
    assert [message.to for message in mail.outbox] == [[owner.email]]


def test_a_newcomer_is_welcomed_and_others_are_told_that_somebody_asked(admin: Client, owner: User) -> None:
    admin.post(reverse("person-invite", args=[owner.pk]))
    owner.set_unusable_password()
    owner.save()
    admin.post(reverse("person-invite", args=[owner.pk]))

    known, new = mail.outbox
    assert "Choose a new password for Baton" in known.subject
    assert "your password stays as it is" in known.body
    assert "Your way into Baton" in new.subject
    assert f"Hello {owner.name}" in new.body
    assert "/accounts/password/reset/key/" in new.body
    assert "your password stays" not in new.body


def test_a_mail_server_that_refuses_is_said(admin: Client, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.message.EmailMessage.send", refuse)
    response = admin.post(reverse("person-invite", args=[owner.pk]), follow=True)
    assert response.status_code == 200
    assert "got no mail" in response.content.decode()


def test_the_history_says_who_changed_the_role(admin: Client, administrator: User, owner: User) -> None:
    send(admin, edit(owner), {"role": "manager"})
    change = admin.get(edit(owner)).context["history"][0]
    assert change.who == administrator.name
    role = ("Role", "Sales development representative", "Sales manager")
    assert [(each.label, each.before, each.after) for each in change.fields] == [role]


def test_signing_in_is_no_change(admin: Client, owner: User) -> None:
    Client().post(reverse("account_login"), {"login": owner.email, "password": PASSWORD})
    assert [change.kind for change in admin.get(edit(owner)).context["history"]] == ["insert"]


def test_the_list_is_narrowed(admin: Client, owner: User, manager: User) -> None:
    def names(query: str) -> list[str]:
        return [person.name for person in admin.get(f"{reverse('person-list')}?{query}").context["people"]]

    assert names("q=olga") == [owner.name]
    assert names("role=manager") == [manager.name]
    assert names(f"team={owner.team_id}") == [owner.name]
    assert owner.name in names("role=king&team=none")


def test_the_list_asks_the_same_whatever_its_length(
    admin: Client, owner: User, make_user: MakeUser, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(4):
        admin.get(reverse("person-list"))
    for _ in range(5):
        make_user(team=owner.team, reports_to=owner)
    with django_assert_num_queries(4):
        admin.get(reverse("person-list"))


def test_teams_are_made_and_changed(admin: Client, manager: User) -> None:
    send(admin, reverse("team-create"), {"name": "North", "manager": manager.pk})
    team = Team.objects.get(name="North")
    send(admin, reverse("team-edit", args=[team.pk]), {"name": "North and east"})
    team.refresh_from_db()
    assert (team.name, team.side, team.manager) == ("North and east", "sales", manager)


def test_a_teams_name_is_its_own(admin: Client, sales_team: Team) -> None:
    response = send(admin, reverse("team-create"), {"name": sales_team.name.upper()})
    assert response.status_code == 422
    assert "There is a team of this name already." in response.content.decode()


def test_everybody_changes_their_own_profile(client: Client, owner: User) -> None:
    client.force_login(owner)
    send(client, reverse("profile"), {"name": "Olga O.", "time_zone": "America/Lima", "takes_leads": None})
    owner.refresh_from_db()
    assert (owner.name, owner.time_zone, owner.takes_leads) == ("Olga O.", "America/Lima", False)


def test_nobody_promotes_themselves(client: Client, owner: User, other_team: Team) -> None:
    client.force_login(owner)
    send(client, reverse("profile"), {"role": "administrator", "team": other_team.pk, "email": "x@y.example"})
    again = User.objects.get(pk=owner.pk)
    assert (again.role, again.team, again.email) == (owner.role, owner.team, owner.email)
