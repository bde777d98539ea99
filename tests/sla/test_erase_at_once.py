"""Two people erase at once, and somebody works the lead meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from leads.models import Attempt, Lead, PrivacyAct
from sla.models import Clock
from sla.services.attempts import log_attempt
from sla.services.erase import erase_lead
from tests.cast import NOW, MakeLead, build_user
from tests.work import build_work

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOW + timedelta(minutes=3)


def test_two_erasures_are_one(make_lead: MakeLead) -> None:
    lead, by = make_lead(), build_user(role="administrator")

    def erase(_number: int) -> bool:
        try:
            return erase_lead(lead=lead, by=by, reason="requested", now=NOW) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(erase, range(4))) == 1
    assert PrivacyAct.objects.count() == 1


def test_an_attempt_meanwhile_leaves_no_word_behind(make_lead: MakeLead) -> None:
    from people.models import Team

    by = build_user(role="administrator")
    owner = build_user(team=Team.objects.create(name="Sales"))
    for _round in range(5):
        lead = make_lead(first_name="Grace")
        build_work(lead, owner, due_at=NOW + timedelta(minutes=5))

        def act(number: int, lead: Lead = lead) -> None:
            known = Lead.objects.get(pk=lead.pk)
            try:
                if number:
                    log_attempt(
                        lead=known,
                        user=owner,
                        channel="call",
                        outcome="busy",
                        occurred_at=LATER,
                        now=LATER,
                        note="Grace",
                    )
                else:
                    erase_lead(lead=known, by=by, reason="requested", now=LATER)
            except ValidationError:
                pass  # it was erased first
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(act, (0, 1)))
        assert Lead.objects.get(pk=lead.pk).is_erased
        assert not Attempt.objects.filter(lead=lead).exclude(note="").exists()
        assert not Clock.objects.running().filter(lead=lead).exists()
