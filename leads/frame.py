"""What stands around the rows of the list of leads, in one query.

Each of these is a handful of rows: there and back, and building the question, is most of what asking for one costs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import F, Value

from leads.filters import owners
from leads.models import CustomField, LeadStatus, LifecycleStage, ListChoice, SavedView, Source
from leads.querysets import SEE_ALL, listed_owners
from people.models import User

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.db.models import QuerySet

NAMED = ("stage", "status", "source", "owner")
_VIEW = ("id", "name", "owner_id", "is_shared", "query", "columns")
Question = tuple[str, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Frame:
    """``names`` are those of the lists that are always in view; ``whose`` leads are listed, None for everybody's."""

    names: Mapping[str, dict[int, str]]
    custom: Sequence[CustomField]
    views: list[SavedView]
    columns: list[str]
    default_view: int | None
    whose: frozenset[int] | None


def frame_of(user: User, *, with_views: bool) -> Frame:
    """What this person's list shows around its rows."""
    sql, params = _question(user.pk, user.role, user.team_id, with_views)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        *named, custom, choice, views, whose = cursor.fetchone()
    chosen = json.loads(choice)[0] if choice else {}
    return Frame(
        {what: _names(text) for what, text in zip(NAMED, named, strict=True)},
        _custom(custom),
        [SavedView(**one) for one in json.loads(views or "[]")],
        chosen.get("columns", []),
        chosen.get("default_view_id"),
        None if user.role in SEE_ALL else frozenset(one["pk"] for one in json.loads(whose or "[]")),
    )


@lru_cache(maxsize=512)
def _question(pk: int, role: str, team_id: int | None, with_views: bool) -> Question:
    """The question as the database takes it: it follows from what it is kept by, and from nothing that is stored."""
    by = User(pk=pk, role=role, team_id=team_id)
    asked: tuple[QuerySet[Any, Any] | None, ...] = (
        LifecycleStage.objects.order_by().values("pk", "name", place=F("position")),
        LeadStatus.objects.order_by().values("pk", "name", place=F("position")),
        Source.objects.filter(merged_into__isnull=True).order_by().values("pk", "name", place=Value(0)),
        owners(by).order_by().values("pk", "name", place=Value(0)),
        CustomField.objects.values(),
        ListChoice.objects.filter(user=by).values("columns", "default_view_id"),
        SavedView.objects.visible_to(by).values(*_VIEW) if with_views else None,
        None if role in SEE_ALL else listed_owners(by).values("pk"),
    )
    compiled = [rows.query.sql_with_params() if rows is not None else ("", ()) for rows in asked]
    texts = (f"(SELECT json_agg(one)::text FROM ({sql}) AS one)" if sql else "NULL" for sql, _params in compiled)  # noqa: S608 - written by the ORM, its values apart
    return f"SELECT {', '.join(texts)}", tuple(value for _sql, params in compiled for value in params)


# Kept by the very text that the database answered with, so that what it says now is always what is shown.
@lru_cache(maxsize=256)
def _names(text: str | None) -> dict[int, str]:
    """Names by ids, in their order."""
    rows = sorted((row["place"], row["name"], row["pk"]) for row in json.loads(text or "[]"))
    return {pk: name for _place, name, pk in rows}


@lru_cache(maxsize=64)
def _custom(text: str | None) -> tuple[CustomField, ...]:
    return tuple(CustomField(**row) for row in json.loads(text or "[]"))
