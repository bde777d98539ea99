"""Changing a policy in the browser, and by its service: versions, refusals, switching off (domain rules 6 and 7)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from people.models import User
from sla.models import Clock, Escalation, Handoff, Policy, PolicyVersion, Sequence
from sla.services.policies import LevelTerms, PolicyTerms, save_policy, switch_policy
from tests.cast import NOW, MakeLead
from tests.forms import filled, rows, send


@pytest.fixture
def policy(db: None) -> Policy:
    return Policy.objects.get()


@pytest.fixture
def page(client: Client, manager: User, policy: Policy) -> str:
    client.force_login(manager)
    return reverse("policy-edit", args=[policy.pk])


@pytest.fixture
def clock(policy: Policy, make_lead: MakeLead, owner: User) -> Clock:
    assert owner.team is not None
    lead = make_lead(stage="mql", owner=owner)
    handoff = Handoff.objects.create(
        lead=lead, stage=lead.stage, team=owner.team, owner=owner, opened_at=NOW, assigned_at=NOW
    )
    return Clock.objects.create(
        handoff=handoff,
        lead=lead,
        owner=owner,
        team=handoff.team,
        policy_version=policy.versions.get(),
        kind=policy.kind,
        time_zone="UTC",
        started_at=NOW,
        warn_at=NOW,
        due_at=NOW + timedelta(minutes=5),
        level_at=[NOW + timedelta(minutes=5), NOW + timedelta(minutes=15)],
        next_at=NOW + timedelta(minutes=5),
    )


def terms(**changes: Any) -> PolicyTerms:
    usual: dict[str, Any] = {
        "name": "Demo requests",
        "duration_seconds": 60,
        "levels": [LevelTerms(0, ("owner",))],
        "channels": ["call"],
        "outcomes": ["connected"],
    }
    return PolicyTerms(**(usual | changes))


def test_what_is_shown_and_sent_back_changes_nothing(client: Client, page: str, policy: Policy) -> None:
    response = send(client, page)
    assert (response.status_code, policy.versions.count()) == (302, 1)


def test_other_terms_are_a_new_version_and_running_clocks_keep_theirs(
    client: Client, page: str, policy: Policy, clock: Clock, manager: User
) -> None:
    send(client, page, {"duration_seconds_0": "2", "duration_seconds_1": "3600"})
    new = policy.versions.first()
    assert new is not None
    assert (new.number, new.duration_seconds, new.created_by) == (2, 7200, manager)
    assert [level.offset_seconds for level in new.levels.all()] == [0, 600, 3600]
    before = clock.due_at
    clock.refresh_from_db()
    assert (clock.policy_version.number, clock.due_at) == (1, before)


def test_a_new_name_is_no_new_version(client: Client, page: str, policy: Policy) -> None:
    send(client, page, {"name": "First answer"})
    policy.refresh_from_db()
    assert (policy.name, policy.versions.count()) == ("First answer", 1)


def test_other_channels_leave_the_sequence_of_running_clocks_alone(client: Client, page: str, policy: Policy) -> None:
    old = policy.versions.get().sequence
    send(client, page, {"channels": ["call"]})
    new = policy.versions.first()
    assert new is not None
    assert (new.sequence.channels, Sequence.objects.get(pk=old.pk).channels) == (["call"], old.channels)


def test_the_same_channels_again_are_the_same_sequence(client: Client, page: str, policy: Policy) -> None:
    old = policy.versions.get().sequence
    send(client, page, {"channels": ["call"]})
    send(client, page, {"channels": old.channels})
    newest = policy.versions.first()
    assert newest is not None
    assert (newest.number, newest.sequence) == (3, old)


def test_a_policy_without_a_level_is_refused(client: Client, page: str, policy: Policy) -> None:
    response = send(client, page, rows("levels"), without="levels-")
    assert response.status_code == 422
    assert "A policy needs at least one level" in response.content.decode()
    assert policy.versions.count() == 1


def test_a_policy_whose_levels_are_all_removed_is_refused(client: Client, page: str, policy: Policy) -> None:
    response = send(client, page, {f"levels-{number}-DELETE": "on" for number in range(3)})
    assert "A policy needs at least one level" in response.content.decode()
    assert policy.versions.count() == 1


def test_levels_out_of_order_are_refused_at_their_row(client: Client, page: str) -> None:
    response = send(client, page, {"levels-1-side": "before"})
    assert response.status_code == 422
    errors = response.context["editor"]["levels"].errors
    assert errors[1]["seconds"] == ["This level does not come later than the one before it."]
    assert errors[0] == errors[2] == {}


def test_a_reminder_before_the_due_time(client: Client, page: str, policy: Policy) -> None:
    send(client, page, {"levels-0-seconds_0": "1", "levels-0-seconds_1": "60", "levels-0-side": "before"})
    newest = policy.versions.first()
    assert newest is not None
    assert [level.offset_seconds for level in newest.levels.all()] == [-60, 600, 3600]


def test_a_level_before_the_clock_starts_is_refused(client: Client, page: str) -> None:
    change = {"levels-0-seconds_0": "5", "levels-0-seconds_1": "60", "levels-0-side": "before"}
    response = send(client, page, change)
    assert "The first level would come before the clock starts." in response.content.decode()
    assert response.status_code == 422


def test_a_level_that_nobody_hears_is_refused_at_its_row(client: Client, page: str) -> None:
    response = send(client, page, {"levels-2-recipients": None})
    assert response.context["editor"]["levels"].errors[2] == {"recipients": ["This field is required."]}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"duration_seconds_0": "0"}, "duration_seconds"),
        ({"duration_seconds_0": ""}, "duration_seconds"),
        ({"duration_seconds_0": "-5"}, "duration_seconds"),
        ({"duration_seconds_0": "99999999999"}, "duration_seconds"),
        ({"duration_seconds_0": "9000", "duration_seconds_1": "3600"}, "duration_seconds"),
        ({"duration_seconds_1": "7"}, "duration_seconds"),
        ({"warn_seconds_0": "99"}, "warn_seconds"),
        ({"channels": None}, "channels"),
        ({"outcomes": ["telepathy"]}, "outcomes"),
        ({"time_kind": "dream"}, "time_kind"),
        ({"name": ""}, "name"),
    ],
)
def test_terms_that_make_no_sense_are_refused_at_their_field(
    client: Client, page: str, policy: Policy, changes: dict[str, Any], field: str
) -> None:
    response = send(client, page, changes)
    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])
    assert policy.versions.count() == 1


def test_a_condition_on_a_field_that_does_not_exist_is_refused_at_its_row(
    client: Client, page: str, policy: Policy
) -> None:
    good = {"field": "country", "op": "is", "value": "Spain"}
    response = send(client, page, rows("conditions", good, {"field": "shoe_size", "op": "is", "value": "44"}))
    assert response.status_code == 422
    errors = response.context["editor"]["conditions"].errors
    assert errors == [{}, {"field": ["There is no field “shoe_size”."]}]
    policy.refresh_from_db()
    assert policy.conditions == []


def test_conditions_are_kept_as_the_language_says(client: Client, page: str, policy: Policy) -> None:
    send(client, page, rows("conditions", {"field": "country", "op": "in", "value": "Spain; Poland"}))
    policy.refresh_from_db()
    assert policy.conditions == [{"field": "country", "op": "in", "value": ["Spain", "Poland"]}]
    assert filled(client.get(page).content.decode())["conditions-0-value"] == ["Spain, Poland"]


def test_a_colleagues_change_is_not_overwritten(client: Client, page: str, policy: Policy) -> None:
    opened = filled(client.get(page).content.decode())
    Policy.objects.filter(pk=policy.pk).update(name="Renamed by a colleague")
    response = client.post(page, {**opened, "duration_seconds_0": ["9"]})
    assert response.status_code == 422
    assert "Somebody has changed this in the meantime" in response.content.decode()
    policy.refresh_from_db()
    assert (policy.name, policy.versions.count()) == ("Renamed by a colleague", 1)


def test_a_name_that_is_taken_is_refused_at_its_field(client: Client, page: str) -> None:
    Policy.objects.create(name="Other")
    assert list(send(client, page, {"name": "Other"}).context["form"].errors) == ["name"]


def test_a_new_policy_is_tried_first(client: Client, manager: User, policy: Policy) -> None:
    client.force_login(manager)
    change = {"name": "Demo requests", "levels-0-recipients": ["owner"], "outcomes": ["connected"]}
    response = send(client, reverse("policy-create"), change)
    assert response.status_code == 302
    assert [each.name for each in Policy.objects.in_force("first_touch")] == ["Demo requests", "First touch"]


def test_a_new_policy_starts_from_what_is_usual(client: Client, manager: User) -> None:
    client.force_login(manager)
    page = client.get(reverse("policy-create"))
    assert page.context["form"].initial["outcomes"] == ["connected", "no_answer", "voicemail", "busy", "sent"]
    levels = [(form["seconds"].initial, form["recipients"].initial) for form in page.context["editor"].rows["levels"]]
    assert levels == [(0, ["owner"]), (600, ["owner", "manager"]), (3600, ["executives"])]


def test_the_order_is_changed(client: Client, manager: User, policy: Policy) -> None:
    client.force_login(manager)
    other = save_policy(policy=None, terms=terms(), by=manager, now=NOW)
    client.post(reverse("policy-move", args=[policy.pk]), {"step": "up"})
    assert list(Policy.objects.in_force("first_touch")) == [policy, other]
    client.post(reverse("policy-move", args=[policy.pk]), {"step": "up"})
    assert list(Policy.objects.in_force("first_touch")) == [policy, other]


def test_the_history_says_who_changed_what(client: Client, page: str, manager: User) -> None:
    send(client, page, {"name": "First answer"})
    change = client.get(page).context["history"][0]
    assert (change.who, change.kind) == (manager.name, "update")
    (field,) = change.fields
    assert (field.label, field.before, field.after) == ("Name", "First touch", "First answer")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"levels": []}, "levels"),
        ({"levels": [LevelTerms(60, ("owner",)), LevelTerms(60, ("manager",))]}, "levels"),
        ({"levels": [LevelTerms(0, ())]}, "levels"),
        ({"levels": [LevelTerms(0, ("everybody",))]}, "levels"),
        ({"levels": [LevelTerms(-60, ("owner",))]}, "levels"),
        ({"channels": []}, "channels"),
        ({"outcomes": ["telepathy", "connected"]}, "outcomes"),
        ({"duration_seconds": 0}, "duration_seconds"),
        ({"warn_seconds": 61}, "warn_seconds"),
    ],
)
def test_the_service_refuses_what_the_form_would(db: None, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        save_policy(policy=None, terms=terms(**changes), by=None, now=NOW)
    assert list(refusal.value.message_dict) == [field]
    assert Policy.objects.count() == 1


def test_the_service_refuses_an_unknown_field(db: None) -> None:
    with pytest.raises(ValidationError, match="There is no field"):
        save_policy(policy=None, terms=terms(conditions=[{"field": "x", "op": "is", "value": 1}]), by=None, now=NOW)
    assert Policy.objects.count() == 1


def test_wall_time_is_kept(db: None) -> None:
    policy = save_policy(policy=None, terms=terms(time_kind="wall"), by=None, now=NOW)
    assert policy.versions.get().time_kind == PolicyVersion.TimeKind.WALL


def test_switched_off_it_sends_nothing(client: Client, manager: User, policy: Policy, clock: Clock) -> None:
    fired = Escalation.objects.create(clock=clock, level=1, level_at=clock.due_at, recorded_at=clock.due_at)
    client.force_login(manager)
    client.post(reverse("policy-switch", args=[policy.pk]), {"on": "0"})
    policy.refresh_from_db()
    clock.refresh_from_db()
    fired.refresh_from_db()
    assert (policy.is_active, clock.next_at, clock.state) == (False, None, Clock.State.RUNNING)
    assert fired.state == Escalation.State.WITHDRAWN


def test_switched_on_again_it_concerns_later_clocks(policy: Policy, clock: Clock, manager: User) -> None:
    switch_policy(policy=policy, on=False, by=manager, now=NOW)
    switch_policy(policy=policy, on=True, by=manager, now=NOW)
    policy.refresh_from_db()
    clock.refresh_from_db()
    assert (policy.is_active, clock.next_at) == (True, None)


def test_the_clocks_of_other_policies_go_on(policy: Policy, clock: Clock, manager: User) -> None:
    other = save_policy(policy=None, terms=terms(), by=manager, now=NOW)
    switch_policy(policy=other, on=False, by=manager, now=NOW)
    clock.refresh_from_db()
    assert clock.next_at is not None


def test_the_list_says_the_promise_in_words(client: Client, owner: User, policy: Policy) -> None:
    client.force_login(owner)
    text = client.get(reverse("policy-list")).content.decode()
    assert "within 5 min of working time" in text
    assert "10 min after it was due" in text
    assert reverse("policy-edit", args=[policy.pk]) not in text
