"""Adding, naming, ordering, retiring and deleting the values of a list."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from leads.lists.catalogue import LISTS
from leads.models import (
    Campaign,
    EventType,
    LeadStatus,
    LeadType,
    LifecycleStage,
    Source,
    StageChange,
)
from leads.services.leads import create_lead
from leads.services.lists import key_for
from people.models import Team
from scoring.models import Icp, ScoringModel
from sla.models import RoutingRule
from tests.cast import NOW, MakeLead
from tests.forms import send


def url(name: str, what: str, row: object = None) -> str:
    return reverse(name, args=[what, row.pk] if row is not None else [what])  # type: ignore[attr-defined]  # a row


def said(response: object) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))  # type: ignore[attr-defined]  # a response of the test client


def test_a_new_stage_comes_last_with_a_key_of_its_name(editor: Client) -> None:
    send(editor, url("list-create", "stages"), {"name": "Engaged – früh", "description": "Reads us."})
    stage = LifecycleStage.objects.last()
    assert stage is not None
    assert (stage.name, stage.key, stage.description) == ("Engaged – früh", "engaged_fruh", "Reads us.")


def test_a_key_stays_and_is_never_taken_twice(editor: Client) -> None:
    stage = LifecycleStage.objects.get(key="sal")
    send(editor, url("list-edit", "stages", stage), {"name": "Accepted"})
    stage.refresh_from_db()
    assert (stage.key, stage.name) == ("sal", "Accepted")
    assert key_for(LifecycleStage, "SAL") == "sal_2"
    assert key_for(LifecycleStage, "7 days") == "stage_7_days"
    assert key_for(LeadType, "日本") == "type"


@pytest.mark.parametrize("of", LISTS, ids=lambda of: of.slug)
def test_a_name_is_there_once_whatever_its_case(editor: Client, of: object) -> None:
    slug = of.slug  # type: ignore[attr-defined]  # a list
    more = {"kind": "text"} if slug == "fields" else {}
    assert send(editor, url("list-create", slug), {"name": "Fresh", **more}).status_code == 302
    response = send(editor, url("list-create", slug), {"name": " FRESH ", **more})
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["name"])
    too_long = send(editor, url("list-create", slug), {"name": "x" * 201, **more})
    assert list(too_long.context["form"].errors) == ["name"]


def test_the_database_keeps_names_apart(db: None) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        LeadType.objects.create(key="other", name="NEW customer")


def test_the_order_is_changed(editor: Client) -> None:
    sal, sql = LifecycleStage.objects.get(key="sal"), LifecycleStage.objects.get(key="sql")
    editor.post(url("list-move", "stages", sql), {"step": "up"})
    keys = list(LifecycleStage.objects.values_list("key", flat=True))
    assert keys.index("sql") + 1 == keys.index("sal")
    assert sal.position != LifecycleStage.objects.get(pk=sal.pk).position


def test_sources_have_no_order(editor: Client) -> None:
    assert editor.post(url("list-move", "sources", Source.objects.create(name="Fair"))).status_code == 404


def test_sal_is_switched_off_and_on(editor: Client) -> None:
    sal = LifecycleStage.objects.get(key="sal")
    editor.post(url("list-switch", "stages", sal))
    assert not LifecycleStage.objects.get(key="sal").is_active
    editor.post(url("list-switch", "stages", sal))
    assert LifecycleStage.objects.get(key="sal").is_active


@pytest.mark.parametrize(
    ("what", "model", "key"),
    [("stages", LifecycleStage, "lead"), ("statuses", LeadStatus, "new"), ("events", EventType, "unsubscribed")],
)
def test_what_baton_begins_with_stays(
    editor: Client, what: str, model: type[LifecycleStage | LeadStatus | EventType], key: str
) -> None:
    row = model.objects.get(key=key)
    response = editor.post(url("list-switch", what, row), follow=False)
    assert model.objects.get(key=key).is_active
    assert said(response)
    assert "It cannot be retired." in editor.get(url("list-edit", what, row)).content.decode()


def test_the_last_lead_type_stays_in_use(editor: Client) -> None:
    first, second = LeadType.objects.all()
    editor.post(url("list-switch", "types", first))
    response = editor.post(url("list-switch", "types", second))
    assert "last lead type" in said(response)
    assert LeadType.objects.get(is_active=True) == second
    assert create_lead(now=NOW, by=None, data={"last_name": "New"}).lead_type == second


def test_what_nobody_uses_is_deleted(editor: Client) -> None:
    stage = LifecycleStage.objects.create(key="target", name="Target", position=990)
    editor.post(url("list-delete", "stages", stage))
    assert not LifecycleStage.objects.filter(key="target").exists()


def test_what_is_used_is_not_deleted_and_says_by_whom(editor: Client, make_lead: MakeLead, sales_team: Team) -> None:
    stage = LifecycleStage.objects.create(key="target", name="Target", position=990)
    lead = make_lead("target")
    StageChange.objects.create(lead=lead, to_stage=stage, changed_at=NOW, reason="created")
    RoutingRule.objects.create(name="All", stage=stage, team=sales_team)
    ScoringModel.objects.create(version=1, created_at=NOW).thresholds.create(stage=stage, min_total=5)
    response = editor.post(url("list-delete", "stages", stage))
    assert LifecycleStage.objects.filter(key="target").exists()
    for user in ("Leads: 1", "Stage changes: 1", "Routing rules: 1", "Thresholds: 1"):
        assert user in said(response)


def test_what_leads_had_before_is_not_deleted(editor: Client, make_lead: MakeLead) -> None:
    fair = Source.objects.create(name="Fair")
    lead = make_lead(source="Fair")
    lead.source = None
    lead.save()
    assert "Earlier values of leads: 1" in said(editor.post(url("list-delete", "sources", fair)))


def test_what_a_rule_names_is_not_deleted(editor: Client) -> None:
    service = LeadType.objects.create(key="service", name="Service", position=90)
    icp = Icp.objects.create(name="Factories")
    icp.criteria.create(
        name="Serviced", points=5, conditions=[{"field": "lead_type", "op": "in", "value": ["service"]}]
    )
    assert "“Serviced”, Factories" in said(editor.post(url("list-delete", "types", service)))
    assert LeadType.objects.filter(key="service").exists()


def test_what_baton_works_with_is_not_deleted(editor: Client) -> None:
    for what, row in (("stages", LifecycleStage.objects.get(key="customer")), ("events", EventType.objects.all()[0])):
        assert "Baton itself works with it" in said(editor.post(url("list-delete", what, row)))


def test_the_list_says_how_many_leads_have_each(editor: Client, make_lead: MakeLead) -> None:
    make_lead("mql", source="Fair")
    make_lead("mql", source="Fair")
    page = editor.get(url("list-detail", "stages"))
    assert {row.key: used for row, used, _kept in page.context["rows"]}["mql"] == 2
    page = editor.get(url("list-detail", "sources"), {"q": "fai"})
    assert [(row.name, used) for row, used, _kept in page.context["rows"]] == [("Fair", 2)]


def test_a_list_costs_as_many_queries_whatever_its_length(
    editor: Client, make_lead: MakeLead, django_assert_max_num_queries: object
) -> None:
    for number in range(12):
        make_lead(source=f"Source {number}")
    with django_assert_max_num_queries(10):  # type: ignore[operator]  # a fixture of pytest-django
        editor.get(url("list-detail", "sources"))


def test_a_status_keeps_whether_it_is_closed_when_baton_works_with_it(editor: Client) -> None:
    new = LeadStatus.objects.get(key="new")
    send(editor, url("list-edit", "statuses", new), {"is_closed": "on", "name": "Fresh"})
    new.refresh_from_db()
    assert (new.name, new.is_closed) == ("Fresh", False)


def test_every_change_says_who(editor: Client) -> None:
    campaign = Campaign.objects.create(name="Spring")
    send(editor, url("list-edit", "campaigns", campaign), {"name": "Spring fair"})
    (change, *_rest) = editor.get(url("list-edit", "campaigns", campaign)).context["history"]
    assert (change.who, [(each.before, each.after) for each in change.fields]) == (
        "Mara Marketer",
        [("Spring", "Spring fair")],
    )


def test_somebody_changed_it_meanwhile(editor: Client) -> None:
    campaign = Campaign.objects.create(name="Spring")
    response = send(editor, url("list-edit", "campaigns", campaign), {"name": "Mine", "seen": "another"})
    assert response.status_code == 422
    assert Campaign.objects.get().name == "Spring"
