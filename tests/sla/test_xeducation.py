"""The real file of 9,240 leads through the whole house: imported, scored, the qualified ones handed out evenly."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from leads.models import ChangedLead, Lead, StageChange
from scoring.models import LeadScore
from sla import flow
from sla.models import Clock, Handoff
from tests.cast import build_user
from tests.leads.importing import SHARED, Importer
from tests.leads.test_import_xeducation import MAPPING, REAL
from tests.scoring.xeducation_model import build_xeducation_model
from tests.sla.build import build_routing

if TYPE_CHECKING:
    from pathlib import Path

    from people.models import Team, User

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.timeout(400),
    pytest.mark.skipif(not SHARED.exists(), reason="../shared/data is not here"),
]


def drain() -> Counter[str]:
    """Run the flow until nothing waits; the sums of what it did."""
    done: Counter[str] = Counter()
    while (result := flow.run(now=timezone.now())).drained:
        done.update(scored=result.scored, moved=result.moved, handed_off=result.handed_off, clocks=result.clocks)
    return done


def test_every_row_is_accounted_for_and_the_qualified_are_shared_out_evenly(
    sales_team: Team, marketer: User, tmp_path: Path
) -> None:
    sdrs = [build_user(f"Sdr {number}", team=sales_team) for number in range(7)]
    build_routing(sales_team)
    importer = Importer(tmp_path)
    importer(REAL, MAPPING)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # autovacuum cannot see rows that this test has not committed
    build_xeducation_model(by=marketer, now=timezone.now())

    done = drain()

    qualified = LeadScore.objects.filter(target_stage__key="mql")
    assert LeadScore.objects.count() == Lead.objects.count() == 9240
    assert LeadScore.objects.exclude(total=F("fit") + F("engagement") + F("intent")).count() == 0
    assert 0 < qualified.count() < 9240
    assert done["handed_off"] == done["clocks"] == qualified.count()
    assert Handoff.objects.count() == Clock.objects.running().count() == qualified.count()
    assert set(Handoff.objects.values_list("lead", flat=True)) == set(qualified.values_list("lead", flat=True))
    assert (
        Lead.objects.filter(stage__key="mql").count()
        == Lead.objects.filter(owner__in=sdrs).count()
        == qualified.count()
    )
    counts = Counter(Handoff.objects.values_list("owner", flat=True))
    assert set(counts) == {sdr.pk for sdr in sdrs}
    assert max(counts.values()) - min(counts.values()) <= 1
    assert not ChangedLead.objects.exists()

    before = (Handoff.objects.count(), StageChange.objects.count())
    assert importer(REAL, MAPPING).counts == (0, 0, 9240, 0)
    assert drain() == Counter()
    assert (Handoff.objects.count(), StageChange.objects.count()) == before
