"""The demonstration: loaded once into an empty database, then left alone while the clocks run out."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import TYPE_CHECKING

import pytest
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import transaction
from django.http import QueryDict
from django.test import Client, override_settings

from leads.models import (
    ApiKey,
    ChangedLead,
    CompanyPair,
    DuplicatePair,
    Event,
    ForbiddenMove,
    ImportJob,
    Lead,
    LifecycleStage,
    Merge,
    SavedView,
    Submission,
    Visitor,
    VisitorEvent,
    WebhookDelivery,
    WebhookEndpoint,
)
from leads.services.consent import consent_history
from leads.services.imports_undo import touched
from people.models import Role, User
from scoring.models import Icp
from sla import flow
from sla.demo import desk, staff, story, website
from sla.demo.agreement import DEMONSTRATION_SOURCE
from sla.models import BulkJob, Clock, Escalation, Notice
from sla.services.compose import compose
from sla.services.deliver import deliver
from sla.services.sweep import sweep
from sla.views.leads import narrowed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django import DjangoDbBlocker

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(240)]
SUNDAY_NIGHT = datetime(2026, 11, 22, 1, 12, 30, tzinfo=UTC)
EVERYBODY = story.LEADS + len(website.READERS) + len(desk.SCANNED) + len(desk.DOUBLES)


@pytest.fixture(scope="module")
def said(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """What the command prints; on a Sunday night. Loaded once for these tests, and taken back after them."""
    output = StringIO()
    with django_db_blocker.unblock(), transaction.atomic():
        files = override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("files"))
        with time_machine.travel(SUNDAY_NIGHT), files:
            call_command("load_demo", stdout=output)
        yield output.getvalue()
        transaction.set_rollback(True)


@pytest.fixture
def told(said: str) -> datetime:
    """The moment up to which the story is told."""
    assert said
    return SUNDAY_NIGHT


def demonstrated() -> list[Lead]:
    return list(Lead.objects.filter(source__name=DEMONSTRATION_SOURCE).order_by("pk"))


def beat(now: datetime) -> None:
    while flow.run(now=now).drained:
        pass
    sweep(now=now)
    compose(now=now)
    deliver(now=now)


def test_there_are_as_many_leads_as_the_story_says_and_some_in_every_stage(told: datetime) -> None:
    in_stage = Counter(Lead.objects.values_list("stage__key", flat=True))

    assert Lead.objects.count() == EVERYBODY
    assert set(in_stage) == set(LifecycleStage.objects.values_list("key", flat=True))
    assert min(in_stage.values()) >= 3


def test_names_and_addresses_are_nobodys_twice(told: datetime) -> None:
    """But for the doubles, which are there on purpose."""
    doubles = DuplicatePair.objects.values_list("high", flat=True)
    names = Counter(lead.full_name for lead in Lead.objects.exclude(pk__in=doubles) if lead.full_name)

    assert names.most_common(1)[0][1] == 1
    assert Lead.objects.exclude(email__endswith=".example").count() == 0


def test_there_is_something_to_see_even_on_a_sunday_night(told: datetime) -> None:
    running = Clock.objects.running()
    sdr = User.objects.get(email="sdr@meridian.example")

    assert running.breached(told).count() >= 3
    assert running.due_soon(told).count() >= 1
    assert running.filter(warn_at__gt=told, due_at__lt=told + timedelta(minutes=15)).count() >= 1
    assert Clock.objects.for_inbox(sdr).filter(due_at__lt=told + timedelta(hours=1)).count() >= 2


def test_every_rep_has_leads_in_work(told: datetime) -> None:
    reps = User.objects.filter(role=Role.SDR)

    assert [rep.name for rep in reps if not rep.handoffs.open().exists()] == []


def test_nothing_in_the_story_is_dated_to_its_loading(told: datetime) -> None:
    """Triggers write the time of the transaction; a timeline full of "just now" would be no history."""
    changes = Lead.pgh_event_model.objects.all()  # type: ignore[attr-defined]  # added by pghistory

    assert changes.count() > 100
    assert changes.filter(pgh_created_at__gt=told).count() == 0
    assert changes.filter(pgh_created_at__lt=told - timedelta(days=7)).count() > 20
    assert Escalation.objects.filter(recorded_at__gt=told).count() == 0
    assert Icp.objects.filter(updated_at__gt=told - timedelta(days=20)).count() == 0


def test_history_names_who_did_it_and_nobody_where_the_flow_did(told: datetime) -> None:
    changes = Lead.pgh_event_model.objects.select_related("pgh_context")  # type: ignore[attr-defined]  # as above
    by_role: dict[str, set[int]] = defaultdict(set)
    for change in changes:
        who = change.pgh_context.metadata["user"] if change.pgh_context else 0
        by_role["somebody" if who else "nobody"].add(who)
    acting = set(User.objects.filter(role__in=(Role.SDR, Role.AE, Role.MARKETER)).values_list("pk", flat=True))

    assert by_role["nobody"] == {0}
    assert by_role["somebody"] == acting


def test_every_message_of_the_story_went_out_in_time(told: datetime) -> None:
    assert Notice.objects.exclude(state=Notice.State.SENT).count() == 0
    assert Notice.objects.filter(message_id__startswith="<late.").count() == 0
    assert Notice.objects.filter(sent_at__gt=told + timedelta(seconds=5)).count() == 0


def test_the_demonstrated_ladder_is_climbed_while_one_watches(told: datetime) -> None:
    started = told + timedelta(seconds=20)
    seen: dict[int, list[tuple[int, tuple[str, ...]]]] = defaultdict(list)

    for seconds in (0, 15, 30, 45, 60, 75, 90, 105, 120, 180):
        at = started + timedelta(seconds=seconds)
        told_before = set(Notice.objects.values_list("pk", flat=True))
        beat(at)
        for notice in Notice.objects.exclude(pk__in=told_before).order_by("pk"):
            lead = notice.escalations.get().clock.lead_id
            roles = sorted(notice.recipients.values_list("role", flat=True))
            seen[lead].append((seconds, tuple(roles)))

    expected = [(30, ("sdr",)), (60, ("manager", "sdr")), (90, ("executive",))]
    assert [seen[lead.pk] for lead in demonstrated()] == [expected] * len(story.DEMONSTRATED)


def test_the_one_who_signs_in_as_rep_gets_one_of_the_demonstrated(told: datetime) -> None:
    beat(told + timedelta(seconds=1))

    owners = Counter(lead.owner.email for lead in demonstrated() if lead.owner)
    assert owners["sdr@meridian.example"] >= 1
    assert owners.total() == len(story.DEMONSTRATED)
    assert not ChangedLead.objects.exists()


def test_one_sign_in_per_role_is_printed_and_works(told: datetime, said: str) -> None:
    for role, address, password in staff.sign_ins():
        assert f"{role:<34} {address:<28} {password}" in said
        browser = Client()
        assert browser.login(email=address, password=password)
        assert browser.get("/profile/").status_code == 200
    assert len(staff.sign_ins()) == len(Role.choices)


def test_a_second_load_is_refused_and_changes_nothing(told: datetime) -> None:
    with pytest.raises(CommandError, match="people in this database already"):
        call_command("load_demo", stdout=StringIO())

    assert Lead.objects.count() == EVERYBODY
    assert User.objects.count() == len(staff.HIRES)


def test_nobody_is_mailed_while_the_story_is_told(told: datetime) -> None:
    """The story's messages went to a backend that drops them; the first real one is a beat's."""
    assert Notice.objects.filter(state=Notice.State.SENT).exists()
    assert mail.outbox == []

    beat(told + timedelta(seconds=20))
    beat(told + timedelta(seconds=51))

    assert len(mail.outbox) == len(story.DEMONSTRATED)


def test_forms_were_sent_by_those_who_are_leads_now(told: datetime) -> None:
    by_form = Counter(Submission.objects.values_list("form__name", flat=True))
    events = Event.objects.filter(idempotency_key__startswith="form:")

    assert by_form == {"Request a demo": website.REQUESTS, "Brochure": len(website.READERS) + 1}
    assert events.count() == by_form.total()
    assert Submission.objects.filter(submitted_at__gt=told).count() == 0
    assert Submission.objects.filter(submitted_at__lt=told - timedelta(days=7)).count() >= 3
    assert Lead.objects.get(last_name="Lindqvist", first_name="Hedda").campaign_id is not None


def test_some_visitors_became_leads_and_took_their_pages_with_them(told: datetime) -> None:
    joined = Visitor.objects.filter(lead__isnull=False)

    assert joined.count() >= 5
    assert Visitor.objects.filter(lead__isnull=True).count() == website.PASSERS_BY
    assert VisitorEvent.objects.filter(visitor__in=joined).count() == 0
    assert Event.objects.filter(idempotency_key__startswith="t:", lead__in=joined.values("lead")).count() >= 15


def test_the_import_has_a_report_and_can_be_undone(told: datetime) -> None:
    job = ImportJob.objects.get()

    assert (job.state, job.created, job.updated, job.rejected) == ("done", len(desk.SCANNED), 0, len(desk.MISREAD) + 1)
    assert touched(job).count() == 0
    assert job.finished_at is not None
    assert job.finished_at < told


def test_doubles_are_found_and_one_was_merged(told: datetime) -> None:
    merge = Merge.objects.get()

    assert DuplicatePair.objects.open().count() == len(desk.DOUBLES)
    assert CompanyPair.objects.count() == 1
    assert merge.by is not None
    assert merge.undone_at is None
    assert merge.winner.former_emails.count() == 1


def test_every_saved_view_finds_something_but_not_everything(told: datetime) -> None:
    found = {view.name: narrowed(QueryDict(view.query), view.owner).count() for view in SavedView.objects.all()}

    assert len(found) == 3
    assert min(found.values()) >= 1
    assert max(found.values()) < 100


def test_nothing_is_let_in_and_nothing_is_sent(told: datetime) -> None:
    assert ApiKey.objects.count() == 1
    assert not ApiKey.objects.valid().exists()
    assert WebhookEndpoint.objects.filter(is_active=True).count() == 0
    assert not WebhookDelivery.objects.exists()


def test_lists_and_acts_of_an_administrator_are_there_to_look_at(told: datetime) -> None:
    act = BulkJob.objects.get()

    assert ForbiddenMove.objects.count() == 3
    assert (act.state, act.skipped) == ("done", 3)
    assert act.done >= 5
    withdrawn = Lead.objects.filter(consent=Lead.Consent.WITHDRAWN, submissions__isnull=False).first()
    assert withdrawn is not None
    assert len(consent_history(withdrawn)) >= 2
