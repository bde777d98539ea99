"""An import taken back: as a whole while nobody touched it, else only what is untouched, by choice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from leads.models import (
    Attempt,
    ChangedLead,
    Company,
    ExternalId,
    ForbiddenMove,
    ImportChange,
    Lead,
    LifecycleStage,
    StageChange,
)
from leads.services import imports_undo
from leads.services.attempts import record_attempt
from leads.services.events import record_event
from leads.services.leads import update_lead
from leads.services.notes import add_note
from people.models import User
from tests.cast import MakeLead
from tests.leads.imports.browser import Visit, be_the_worker

LIST = (
    "E-mail,First name,Company,Industry\na@acme.example,Ann,Acme,Steel\nb@b.example,Bo,Bolt,\nknown@k.example,New,,\n"
)


def snapshot() -> dict[str, Any]:
    leads = Lead.objects.order_by("pk").values()
    return {
        "leads": [{name: value for name, value in lead.items() if name != "updated_at"} for lead in leads],
        "companies": list(Company.objects.order_by("pk").values()),
        "numbers": list(ExternalId.objects.order_by("pk").values()),
        "attempts": list(Attempt.objects.order_by("pk").values()),
        "stages": list(StageChange.objects.order_by("pk").values()),
    }


def test_undone_as_a_whole(visit: Visit, make_lead: MakeLead, owner: User) -> None:
    make_lead(email="known@k.example", first_name="Old", company="Acme", custom={"x": 1})
    make_lead(email="other@k.example")
    before = snapshot()
    text = (
        "E-mail,First name,Company,Industry,Record ID,Call date,Channel,Outcome,Called by,Lifecycle stage\n"
        f"a@acme.example,Ann,Acme,Steel,1,2026-01-02,call,connected,{owner.email},mql\n"
        f"known@k.example,New,Bolt,,2,2026-01-02,call,connected,{owner.email},mql\n"
    )
    job = visit.run(visit.mapped(visit.uploaded(text), {"update_stage": "on"}))
    assert (job.state, job.created, job.updated) == ("done", 1, 1), job.error
    lead = Lead.objects.get(email="known@k.example")
    assert (lead.first_name, lead.stage.key, lead.status.key, lead.attempts.count()) == ("New", "mql", "connected", 1)
    assert Company.objects.get(name="Acme").industry == "Steel"
    assert b"Nobody has touched" in visit.client.get(f"/leads/imports/{job.pk}/undo/").content
    ChangedLead.objects.all().delete()

    visit.run(job, "undo")

    assert (job.state, job.kept, job.undone_by) == ("undone", 0, visit.user)
    assert snapshot() == before
    assert ChangedLead.objects.filter(lead=lead).exists()


def test_undone_twice_does_nothing(visit: Visit) -> None:
    job = visit.run(visit.run(visit.mapped(visit.uploaded(LIST))), "undo")
    at = job.undone_at
    visit.run(visit.mapped(visit.uploaded(LIST)))
    visit.run(job, "undo")

    assert (job.state, job.undone_at, Lead.objects.count()) == ("undone", at, 3)


def _edited(lead: Lead, by: User) -> None:
    update_lead(lead=lead, now=timezone.now(), by=by, data={"phone": "1"})


def _noted(lead: Lead, by: User) -> None:
    add_note(lead=lead, author=by, body="x", now=timezone.now())


def _tried(lead: Lead, by: User) -> None:
    record_attempt(lead=lead, user=by, channel="call", outcome="busy", occurred_at=timezone.now(), now=timezone.now())


def _deleted(lead: Lead, by: User) -> None:
    lead.delete()


def _handed(lead: Lead, by: User) -> None:
    from sla.models import Handoff

    assert by.team is not None
    Handoff.objects.create(lead=lead, stage=lead.stage, team=by.team, opened_at=timezone.now() + timedelta(seconds=1))


@pytest.mark.parametrize("touch", [_edited, _noted, _tried, _deleted, _handed, "event"])
def test_what_somebody_touched_keeps_the_whole(
    visit: Visit, owner: User, event_type: Any, make_lead: MakeLead, touch: Any
) -> None:
    make_lead(email="known@k.example", first_name="Old")
    job = visit.run(visit.mapped(visit.uploaded(LIST)))
    lead = Lead.objects.get(email="a@acme.example")
    if touch == "event":
        record_event(lead=lead, event_type=event_type("demo_requested"), occurred_at=timezone.now(), now=timezone.now())
    else:
        touch(lead, owner)

    refused = visit.act(job, "undo")
    assert refused.status_code == 422
    assert "1 lead was touched since" in refused.content.decode()
    visit.run(job)
    assert job.state == "done"
    assert Lead.objects.filter(email="b@b.example").exists()

    visit.run(job, "undo", untouched_only="yes")

    assert (job.state, job.kept) == ("undone", 1)
    assert Lead.objects.filter(email="a@acme.example").exists() is (touch is not _deleted)
    assert not Lead.objects.filter(email="b@b.example").exists()
    assert Lead.objects.get(email="known@k.example").first_name == "Old"
    assert Company.objects.filter(name="Acme").exists() is (touch is not _deleted)
    assert not Company.objects.filter(name="Bolt").exists()


def test_touched_between_the_question_and_the_undoing(visit: Visit, owner: User) -> None:
    job = visit.run(visit.mapped(visit.uploaded(LIST)))
    visit.act(job, "undo")
    _edited(Lead.objects.get(email="a@acme.example"), owner)
    job.refresh_from_db()
    assert job.state == "undoing"
    be_the_worker()

    job.refresh_from_db()
    assert job.state == "done"
    assert "1 of its leads" in job.error
    assert Lead.objects.count() == 3


def test_a_killed_undoing_goes_on(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "E-mail\n" + "".join(f"u{n}@x.example\n" for n in range(25))
    job = visit.run(visit.mapped(visit.uploaded(text)))
    monkeypatch.setattr(imports_undo, "BATCH", 10)
    visit.act(job, "undo")
    batch, calls = imports_undo._batch, []

    def failing(*args: Any) -> bool:
        calls.append(1)
        if len(calls) == 2:  # the worker's process ends
            raise KeyboardInterrupt
        return batch(*args)

    monkeypatch.setattr(imports_undo, "_batch", failing)
    with pytest.raises(KeyboardInterrupt):
        be_the_worker()
    assert Lead.objects.count() == 15
    type(job).objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    be_the_worker()

    job.refresh_from_db()
    assert (job.state, Lead.objects.count()) == ("undone", 0)
    assert set(job.changes.values_list("fate", flat=True)) == {ImportChange.Fate.UNDONE}


def test_a_company_that_somebody_else_uses_stays(visit: Visit, make_lead: MakeLead) -> None:
    job = visit.run(visit.mapped(visit.uploaded(LIST)))
    make_lead(company=Company.objects.get(name="Bolt"))

    visit.run(job, "undo")

    assert (job.state, job.kept) == ("undone", 0)
    assert Company.objects.filter(name="Bolt").exists()
    assert not Company.objects.filter(name="Acme").exists()


def test_a_stage_nobody_may_move_to_lists_the_row(visit: Visit, make_lead: MakeLead) -> None:
    lead = make_lead(email="a@x.example", first_name="Old")
    make_lead(email="b@x.example", first_name="Old")
    ForbiddenMove.objects.create(from_stage=lead.stage, to_stage=LifecycleStage.objects.get(key="customer"))
    text = "E-mail,First name,Stage\na@x.example,New,mql\nb@x.example,New,customer\nc@x.example,C,customer\n"
    job = visit.mapped(visit.uploaded(text), {"update_stage": "on"})
    visit.run(job, "check")
    assert (job.forecast["updated"], job.forecast["rejected"]) == (1, 1)

    visit.run(job)

    assert (job.created, job.updated, job.rejected) == (1, 1, 1)
    assert "may not move so" in job.rejects.get().reason
    assert Lead.objects.get(email="b@x.example").first_name == "Old"
    change = StageChange.objects.get(lead__email="a@x.example")
    assert (change.reason, change.by, change.to_stage.key) == ("imported", visit.user, "mql")


def test_a_former_address_that_somebody_else_has_now_is_touched(visit: Visit, make_lead: MakeLead) -> None:
    lead = make_lead(email="old@x.example")
    ExternalId.objects.create(lead=lead, system="hubspot", value="1")
    job = visit.run(visit.mapped(visit.uploaded("Record ID,E-mail\n1,new@x.example\n2,other@x.example\n")))
    make_lead(email="old@x.example")

    assert "1 lead was touched" in visit.act(job, "undo").content.decode()
    visit.run(job, "undo", untouched_only="yes")

    lead.refresh_from_db()
    assert (job.state, job.kept, lead.email) == ("undone", 1, "new@x.example")
    assert not Lead.objects.filter(email="other@x.example").exists()
