"""Consent: what was said later holds, an unsubscription is obeyed at every door, and senders have one gate."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from leads.models import ChangedLead, Event, EventType, Lead
from leads.services.consent import (
    consent_history,
    grant,
    may_call,
    may_email,
    obey_unsubscribes,
    withdraw,
)
from leads.services.events import record_event
from leads.services.leads import update_lead
from tests.cast import NOW, MakeLead

EARLIER, LATER = NOW - timedelta(hours=1), NOW + timedelta(minutes=4)


def fresh(lead: Lead) -> Lead:
    lead.refresh_from_db()
    return lead


def test_grant_keeps_when_and_where(make_lead: MakeLead) -> None:
    lead = make_lead()
    assert grant(lead=lead, now=NOW, at=EARLIER, source="Web form")
    assert (fresh(lead).consent, lead.consent_at, lead.consent_source) == ("granted", EARLIER, "Web form")
    assert ChangedLead.objects.filter(lead=lead).exists()


@pytest.mark.parametrize(
    ("granted", "withdrawn", "holds"),
    [(EARLIER, NOW, "withdrawn"), (NOW, EARLIER, "granted"), (NOW, NOW, "withdrawn")],
)
def test_the_later_word_holds_in_whichever_order_it_comes(
    make_lead: MakeLead, granted: datetime, withdrawn: datetime, holds: str
) -> None:
    first, second = make_lead(), make_lead()
    grant(lead=first, now=NOW, at=granted, source="a")
    withdraw(lead=first, now=NOW, at=withdrawn, source="b")
    withdraw(lead=second, now=NOW, at=withdrawn, source="b")
    grant(lead=second, now=NOW, at=granted, source="a")
    assert (fresh(first).consent, fresh(second).consent) == (holds, holds)


def test_the_same_again_changes_nothing(make_lead: MakeLead) -> None:
    lead = make_lead()
    assert withdraw(lead=lead, now=NOW, source="Mail")
    assert not withdraw(lead=lead, now=NOW, source="Mail")
    assert ChangedLead.objects.count() == 1


def test_a_yes_among_other_fields_does_not_undo_a_later_no(make_lead: MakeLead) -> None:
    lead = make_lead()
    withdraw(lead=lead, now=NOW, source="Mail")
    with pytest.raises(ValidationError) as refused:
        update_lead(lead=lead, now=NOW, by=None, data={"consent": "granted", "consent_at": EARLIER})
    assert list(refused.value.message_dict) == ["consent_at"]
    update_lead(lead=lead, now=LATER, by=None, data={"consent": "granted"})
    assert fresh(lead).consent == "granted"


@pytest.mark.parametrize("bad", [{"source": "x" * 201}, {"source": "\x00"}, {"at": NOW + timedelta(minutes=6)}])
def test_nonsense_is_refused(make_lead: MakeLead, bad: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        grant(**{"lead": make_lead(), "now": NOW, "source": "Form", **bad})


def test_unsubscribing_is_obeyed(make_lead: MakeLead) -> None:
    lead = make_lead(consent="granted", consent_at=EARLIER)
    record_event(lead=lead, event_type=EventType.objects.get(key="unsubscribed"), occurred_at=NOW, now=NOW)
    assert (fresh(lead).do_not_email, lead.consent, lead.consent_at) == (True, "withdrawn", NOW)
    assert lead.consent_source == "unsubscribed"


def test_another_event_is_no_unsubscription(make_lead: MakeLead) -> None:
    lead = make_lead()
    record_event(lead=lead, event_type=EventType.objects.get(key="email_clicked"), occurred_at=NOW, now=NOW)
    assert not fresh(lead).do_not_email


def test_an_old_unsubscription_does_not_undo_a_later_yes(make_lead: MakeLead) -> None:
    lead = make_lead(consent="granted", consent_at=NOW)
    obey_unsubscribes(times={lead.pk: EARLIER}, now=NOW)
    assert (fresh(lead).do_not_email, lead.consent) == (False, "granted")


def test_many_unsubscriptions_cost_as_many_queries_as_one(make_lead: MakeLead) -> None:
    from django.test.utils import CaptureQueriesContext

    def cost(count: int) -> int:
        times = {make_lead().pk: NOW for _number in range(count)}
        with CaptureQueriesContext(connection) as queries:
            obey_unsubscribes(times=times, now=NOW)
        return len(queries)

    assert cost(9) == cost(1)
    assert Lead.objects.filter(do_not_email=True, consent="withdrawn").count() == 10


@pytest.mark.parametrize("without_consent", [False, True])
def test_the_gate_of_one_lead_is_the_gate_of_all(
    make_lead: MakeLead,
    settings: Any,
    without_consent: bool,
) -> None:
    """Whoever sends takes ``mailable()`` or asks ``may_email``: both say the same of every combination of facts."""
    settings.BATON_MAIL_WITHOUT_CONSENT = without_consent
    facts = product(("unknown", "granted", "withdrawn"), (False, True), ("new", "disqualified"), (False, True))
    for number, (consent, refused, status, reachable) in enumerate(facts):
        make_lead(
            consent=consent,
            consent_at=None if consent == "unknown" else NOW,
            do_not_email=refused,
            do_not_call=refused,
            status=status,
            email=f"gate{number}@customer.example" if reachable else "",
            phone="123" if reachable else "",
        )
    Lead.objects.filter(email="").first()
    erased = make_lead(first_name="", last_name="", email="", consent="granted", consent_at=NOW)
    Lead.objects.filter(pk=erased.pk).update(erased_at=NOW)
    leads = Lead.objects.select_related("status")
    assert {lead.pk for lead in leads if may_email(lead)} == set(Lead.objects.mailable().values_list("pk", flat=True))
    assert {lead.pk for lead in leads if may_call(lead)} == set(Lead.objects.callable_().values_list("pk", flat=True))
    mailed = set(Lead.objects.mailable().values_list("consent", flat=True))
    assert mailed == ({"granted", "unknown"} if without_consent else {"granted"})


def test_the_history_reads_from_newest_to_oldest(make_lead: MakeLead) -> None:
    lead = make_lead()
    grant(lead=lead, now=NOW, at=EARLIER, source="Fair")
    update_lead(lead=fresh(lead), now=NOW, by=None, data={"city": "Turin"})
    withdraw(lead=lead, now=NOW, source="Letter")
    told = [(entry.consent, entry.source) for entry in consent_history(fresh(lead))]
    assert told == [("withdrawn", "Letter"), ("granted", "Fair"), ("unknown", "")]
    assert Event.objects.count() == 0
