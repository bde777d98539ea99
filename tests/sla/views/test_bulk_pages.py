"""Acts on many leads, as they are asked for and looked at in the browser."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from leads.models import Lead, LeadStatus, StatusReason
from people.models import User
from sla.models import BulkJob
from sla.services import bulk
from sla.services.bulk import run_batch
from tests.cast import NOW, MakeLead

NEW = reverse("bulk-new")


def ask(client: Client, **fields: Any) -> Any:
    return client.post(NEW, {"confirmed": "1", **fields})


def test_the_ticked_ones(client: Client, make_lead: MakeLead, manager: User, colleague: User) -> None:
    one, two, three = make_lead(last_name="A"), make_lead(last_name="B"), make_lead(last_name="C")
    client.force_login(manager)
    shown = client.get(f"{NEW}?act=assign&lead={one.pk}&lead={two.pk}&query=q%3Dlea")
    assert "2 leads" in shown.content.decode()

    response = ask(client, act="assign", lead=[one.pk, two.pk], query="q=lea", to=colleague.pk)

    job = BulkJob.objects.get()
    assert response["Location"] == reverse("bulk-job", args=[job.pk])
    assert (job.summary, job.query, job.by) == (f"Assign to {colleague}", "q=lea", manager)
    assert set(Lead.objects.filter(owner=colleague)) == {one, two}
    assert Lead.objects.get(pk=three.pk).owner is None
    assert "Take it back" in client.get(response["Location"]).content.decode()


def test_all_that_the_list_finds(client: Client, make_lead: MakeLead, marketer: User) -> None:
    for last_name in ("Hit 1", "Hit 2", "Miss"):
        make_lead(last_name=last_name)
    client.force_login(marketer)
    assert "2 leads" in client.get(NEW, {"act": "nurture", "all": "1", "query": "q=hit"}).content.decode()

    ask(client, act="nurture", all="1", query="q=hit", journey_step="awareness")

    assert set(Lead.objects.filter(status__key="nurturing").values_list("last_name", flat=True)) == {"Hit 1", "Hit 2"}


@pytest.mark.parametrize(
    ("act", "fields", "said"),
    [
        ("status", {}, "This field is required."),
        ("status", {"status": "postponed"}, "This status needs a reason."),
        ("stage", {"reason": "  "}, "This field is required."),
        ("delete", {"number": "2"}, "Nothing was deleted."),
        ("delete", {"number": "many"}, "Enter a whole number."),
        ("assign", {"to": "0"}, "This person takes no leads at the moment."),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_lost(
    client: Client, make_lead: MakeLead, administrator: User, act: str, fields: dict[str, str], said: str
) -> None:
    lead = make_lead()
    if fields.get("status"):
        fields = {"status": str(LeadStatus.objects.get(key=fields["status"]).pk)}
    client.force_login(administrator)

    response = ask(client, act=act, lead=lead.pk, query="q=lea", **fields)

    html = response.content.decode()
    assert response.status_code == 422
    assert said in html
    assert f'name="lead" value="{lead.pk}"' in html
    assert not BulkJob.objects.exists()


@pytest.mark.parametrize("act", ["status", "nurture"])
def test_a_reason_must_be_offered_where_no_other_is_taken(
    client: Client, make_lead: MakeLead, marketer: User, act: str
) -> None:
    lead, resting = make_lead(), LeadStatus.objects.get(key="nurturing")
    LeadStatus.objects.filter(pk=resting.pk).update(takes_other_reasons=False)
    StatusReason.objects.create(status=resting, text="No budget")
    client.force_login(marketer)
    fields = {"act": act, "lead": lead.pk, "status": resting.pk}

    refused = ask(client, **fields, reason="No time")

    html = refused.content.decode()
    assert refused.status_code == 422
    assert "Choose one of the reasons that this status offers." in html
    assert '<option value="No budget" label="Nurturing">' in html
    ask(client, **fields, reason="No budget")
    assert Lead.objects.get(status=resting).status_reason == "No budget"


def test_deleting_asks_for_the_number(client: Client, make_lead: MakeLead, administrator: User) -> None:
    leads = [make_lead(), make_lead()]
    client.force_login(administrator)
    shown = client.get(f"{NEW}?act=delete&lead={leads[0].pk}&lead={leads[1].pk}")
    assert "Type 2 to delete 2 leads" in shown.content.decode()
    ask(client, act="delete", lead=[one.pk for one in leads], number="2")
    assert not Lead.objects.exists()
    assert BulkJob.objects.get().done == 2


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("act=nonsense&lead=1", 400), ("act=undo&lead=1", 400), ("act=delete&lead=1", 403), ("act=assign&lead=1", 403),
        ("act=status&lead=x", 400), ("act=status&lead=99999999999999999999", 400), ("act=status&lead=²", 400),
        ("act=status", 200), ("act=status&all=1&query=stage%3Dx", 200), ("act=status&all=1&query=gone%3D1", 200),
    ],
)  # fmt: skip
def test_what_cannot_be_meant(client: Client, make_lead: MakeLead, marketer: User, query: str, answer: int) -> None:
    make_lead()
    client.force_login(marketer)
    response = client.get(f"{NEW}?{query}")
    assert response.status_code == answer
    if answer == 200:
        assert "There is no lead to do it to" in response.content.decode()


def test_somebody_elses_leads_are_left_out(
    client: Client, make_lead: MakeLead, owner: User, other_team_sdr: User
) -> None:
    mine, theirs = make_lead(owner=owner), make_lead(owner=other_team_sdr)
    connected = LeadStatus.objects.get(key="connected")
    client.force_login(owner)
    ask(client, act="status", lead=[mine.pk, theirs.pk], status=connected.pk)
    assert list(Lead.objects.filter(status=connected)) == [mine]


def test_many_are_done_in_the_background_and_the_page_follows(
    client: Client, make_lead: MakeLead, marketer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    for _number in range(3):
        make_lead()
    already = make_lead(status="connected")
    client.force_login(marketer)
    ask(client, act="status", all="1", query="", status=LeadStatus.objects.get(key="connected").pk)
    job = BulkJob.objects.get()
    live = reverse("bulk-live", args=[job.pk])

    waiting = client.get(live)
    assert "In work" in waiting.content.decode()
    assert client.get(live, headers={"If-None-Match": waiting["ETag"]}).status_code == 304
    while run_batch(now=NOW, limit=2):
        pass
    done = client.get(live, headers={"If-None-Match": waiting["ETag"]}).content.decode()
    assert "See what was skipped" in done
    page = client.get(reverse("bulk-job", args=[job.pk])).content.decode()
    assert f'href="{reverse("lead-detail", args=[already.pk])}"' in page
    assert "Is so already." in page
    assert str(job) in client.get(reverse("bulk-list")).content.decode()


def test_stopped_and_taken_back_by_a_press(
    client: Client, make_lead: MakeLead, marketer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    make_lead(), make_lead()
    client.force_login(marketer)
    ask(client, act="status", all="1", query="", status=LeadStatus.objects.get(key="connected").pk)
    job = BulkJob.objects.get()
    run_batch(now=NOW, limit=1)
    client.post(reverse("bulk-cancel", args=[job.pk]))
    job.refresh_from_db()
    assert (job.state, job.done) == ("cancelled", 1)
    client.post(reverse("bulk-undo", args=[job.pk]))
    assert not Lead.objects.filter(status__key="connected").exists()
    client.post(reverse("bulk-undo", args=[job.pk]))
    assert BulkJob.objects.count() == 2


def test_an_act_of_somebody_else_is_not_there(
    client: Client, make_lead: MakeLead, marketer: User, owner: User, administrator: User
) -> None:
    lead = make_lead()
    client.force_login(marketer)
    ask(client, act="nurture", lead=lead.pk)
    job = BulkJob.objects.get()
    for user, answer in ((owner, 404), (administrator, 200)):
        client.force_login(user)
        assert client.get(reverse("bulk-job", args=[job.pk])).status_code == answer
        assert (str(job) in client.get(reverse("bulk-list")).content.decode()) == (answer == 200)
