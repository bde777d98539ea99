"""Two people keep the same list at the same time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from leads.models import LeadType, LifecycleStage
from leads.services.lists import retire, save_value
from tests.cast import NOW

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(act: Callable[[int], object], times: int = 4) -> list[bool]:
    """Which of them went well."""

    def run(number: int) -> bool:
        try:
            act(number)
        except ValidationError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


def test_new_stages_get_places_of_their_own() -> None:
    before = LifecycleStage.objects.count()
    assert all(at_once(lambda number: save_value(row=LifecycleStage(name=f"Finer {number}"), now=NOW)))
    positions = list(LifecycleStage.objects.values_list("position", flat=True))
    assert len(set(positions)) == len(positions) == before + 4


def test_one_lead_type_stays_in_use() -> None:
    types = list(LeadType.objects.all())
    assert sorted(at_once(lambda number: retire(row=types[number]), times=2)) == [False, True]
    assert LeadType.objects.filter(is_active=True).count() == 1
