"""Pages by key in every order: the same rows forwards and backwards, whatever is added meanwhile, and no nonsense."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import BadRequest
from django.test import RequestFactory

from leads.models import Lead
from people.keyset import Part, page_of, position_of, read, walk
from scoring.models import LeadScore, ScoringModel
from sla.ordering import ORDERS, parts_of
from tests.cast import NOW, MakeLead

SORTS = ["", *(sign + name for name in ORDERS for sign in ("", "-"))]


@pytest.fixture
def leads(make_lead: MakeLead) -> list[Lead]:
    """Thirty leads with equal and empty keys among them."""
    model = ScoringModel.objects.create(version=1, created_at=NOW)
    made = []
    for number in range(30):
        lead = make_lead(
            ("lead", "mql", "subscriber")[number % 3],
            last_name=f"N~{number % 7}",
            company=(None, "Acme", "Älpha")[number % 3],
            captured_at=NOW - timedelta(hours=number % 4),
        )
        if number % 4:
            total = Decimal(number % 5) / 2
            LeadScore.objects.create(lead=lead, model=model, fit=total, total=total, scored_at=NOW)
        made.append(lead)
    return made


def query(sort: str) -> Any:
    return Lead.objects.values("pk", *{part.key for part in parts_of(sort)})


def ask(sort: str, address: str = "") -> Any:
    return page_of(RequestFactory().get(f"/{address}"), query(sort), parts_of(sort), size=7)


@pytest.mark.parametrize("sort", SORTS)
def test_pages_there_and_back_hold_every_row_once(leads: list[Lead], sort: str) -> None:
    pages = [ask(sort)]
    while pages[-1].next_url:
        pages.append(ask(sort, pages[-1].next_url))
    there = [[row["pk"] for row in page.rows] for page in pages]
    assert sorted(pk for rows in there for pk in rows) == sorted(lead.pk for lead in leads)
    back = [pages[-1]]
    while back[-1].previous_url:
        back.append(ask(sort, back[-1].previous_url))
    assert [[row["pk"] for row in page.rows] for page in reversed(back)] == there


@pytest.mark.parametrize("sort", SORTS)
def test_a_row_that_comes_moves_no_other(leads: list[Lead], make_lead: MakeLead, sort: str) -> None:
    first = ask(sort)
    before = [row["pk"] for row in ask(sort, first.next_url).rows]
    # Before and behind everything, in every order.
    for last_name, stage in (("A", "customer"), ("ZZZ", "subscriber")):
        make_lead(stage, last_name=last_name, captured_at=NOW - timedelta(days=9))
    after = [row["pk"] for row in ask(sort, first.next_url).rows]
    assert [pk for pk in after if pk in before] == before[: len([pk for pk in after if pk in before])]
    assert after[0] == before[0]


@pytest.mark.parametrize("sort", SORTS)
def test_the_place_of_a_row_is_found(leads: list[Lead], sort: str) -> None:
    order = parts_of(sort)
    rows = [row["pk"] for _part, row in walk(query(sort), order, None, back=False, limit=99)]
    for place in (0, 11, 29):
        at = position_of(Lead.objects.all(), order, rows[place])
        assert at is not None
        assert [row["pk"] for _part, row in walk(query(sort), order, at, back=False, limit=3)] == rows[place + 1 :][:3]
        back = [row["pk"] for _part, row in walk(query(sort), order, at, back=True, limit=3)]
        assert back == rows[max(0, place - 3) : place][::-1]
        assert read(at.text(order), order) == at


def test_names_are_ordered_without_accents_and_nothing_stands_last(make_lead: MakeLead) -> None:
    for name in ("Óla", "Zoe", "ewa", "Łuk"):
        make_lead(first_name="", last_name=name, company=name if name != "ewa" else None)
    names = [row["last_name"] for row in page_of(RequestFactory().get("/"), _named("name"), parts_of("name")).rows]
    assert names == ["ewa", "Łuk", "Óla", "Zoe"]
    down = [
        row["last_name"] for row in page_of(RequestFactory().get("/"), _named("-company"), parts_of("-company")).rows
    ]
    assert down == ["Zoe", "Óla", "Łuk", "ewa"]


def _named(sort: str) -> Any:
    return Lead.objects.values("pk", "last_name", *{part.key for part in parts_of(sort)})


@pytest.mark.parametrize(
    ("sort", "position"),
    [
        ("", "x"), ("", "-1"), ("", "9" * 30), ("name", ""), ("score", "0.x~1"), ("score", "0.NaN~1"),
        ("score", "7.1~1"),
        ("score", "1.5"), ("score", "0.1e9~1"), ("captured", "2026~1"), ("captured", "2026-01-01T00:00:00~1"),
        ("name", "\x00~1"), ("name", "x" * 300 + "~1"), ("stage", "²5.1"), ("", "١"),
    ],
)  # fmt: skip
def test_a_position_that_is_none_is_refused(db: None, sort: str, position: str) -> None:
    if position == "1.5":  # a place among those without a score
        assert read(position, parts_of(sort)).pk == 5
        return
    with pytest.raises(BadRequest):
        read(position, parts_of(sort))


def test_one_part_keeps_its_short_address(make_lead: MakeLead) -> None:
    assert read("12", [Part(descending=True)]).text([Part(descending=True)]) == "12"
