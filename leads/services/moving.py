"""Everything that hangs on one row, moved to another and back, whatever the tables are.

It asks Django which tables point to a model, so that a table added tomorrow moves too. Rows are kept as PostgreSQL
itself tells them (``to_jsonb``) and come back the same to the microsecond.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pghistory.models
from django.db import connection
from django.db.models import Exists, OuterRef, Q, UniqueConstraint
from psycopg.sql import SQL, Identifier

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from django.db.models import Field, Model
    from psycopg.sql import Composed

Rows = dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Link:
    """A foreign key that points to the model, and the table it is in."""

    model: type[Model]
    field: Field[Any, Any]

    @property
    def label(self) -> str:
        return self.model._meta.label_lower

    @property
    def name(self) -> str:
        return f"{self.label}.{self.field.name}"

    @property
    def table(self) -> Identifier:
        return Identifier(self.model._meta.db_table)

    @property
    def column(self) -> Identifier:
        return Identifier(column_of(self.field))

    @property
    def uniques(self) -> Iterator[tuple[tuple[str, ...], Q]]:
        """What must be unique about it: the other fields, and under which condition."""
        if self.field.unique:
            yield (), Q()
        for fields in self.model._meta.unique_together:
            if self.field.name in fields:
                yield tuple(name for name in fields if name != self.field.name), Q()
        for rule in self.model._meta.constraints:
            if isinstance(rule, UniqueConstraint) and self.field.name in rule.fields:
                yield tuple(name for name in rule.fields if name != self.field.name), rule.condition or Q()


@dataclass(slots=True)
class Moved:
    """``moved``: ids by link; ``dropped``: whole rows by table's model, for which there was no room."""

    moved: Rows = field(default_factory=dict)
    dropped: Rows = field(default_factory=dict)


def links(model: type[Model]) -> list[Link]:
    """Every foreign key to this model, hidden ones and those of many-to-many tables included; not the history.

    A row of history stays with the row it tells of: its number is the thread.
    """
    found = []
    for relation in model._meta.get_fields(include_hidden=True):
        if relation.concrete or not relation.auto_created or not (relation.one_to_many or relation.one_to_one):
            continue
        link = Link(relation.related_model, relation.field)  # type: ignore[union-attr, arg-type]  # a reverse relation has both
        if not issubclass(link.model, pghistory.models.Event) and not link.model._meta.proxy:
            found.append(link)
    return found


def move_all(model: type[Model], *, loser: int, winner: int, but: Collection[str]) -> Moved:
    """Point everything at the winner that points at the loser, except tables (labels) that the caller sees to."""
    done = Moved()
    for link in links(model):
        if link.label in but:
            continue
        if dropped := _drop_clashes(link, loser, winner):
            done.dropped.setdefault(link.label, []).extend(dropped)
        if ids := _point(link, loser, winner):
            done.moved[link.name] = ids
    return done


def move_back(model: type[Model], moved: Rows, *, loser: int, winner: int) -> None:
    """Point at the loser again what was moved and is still with the winner."""
    by_name = {link.name: link for link in links(model)}
    for name, ids in moved.items():
        if name in by_name:
            _point(by_name[name], winner, loser, only=ids)


def column_of(field: Field[Any, Any]) -> str:
    return field.column or field.name


def take_out(rows: Any) -> list[Any]:
    """Delete the rows of a queryset and return them as the database told them."""
    model = rows.model
    pks = list(rows.values_list("pk", flat=True))
    if not pks:
        return []
    found = _as_json(model, pks)
    statement = SQL("DELETE FROM {} WHERE {} = ANY({})").format(
        Identifier(model._meta.db_table), Identifier(column_of(model._meta.pk)), _typed(model)
    )
    with connection.cursor() as cursor:
        cursor.execute(statement.as_string(), [pks])
    return found


def row_of(model: type[Model], pk: int) -> dict[str, Any]:
    """A whole row as the database tells it."""
    found: dict[str, Any] = _as_json(model, [pk])[0]
    return found


def put_back(model: type[Model], rows: Sequence[dict[str, Any]]) -> list[Any]:
    """Insert rows as they were, with their ids; those whose place is taken stay away. Returns the ids put back."""
    fields = [each for each in model._meta.concrete_fields if not each.generated]
    names = [column_of(each) for each in fields]
    whole = [{column_of(each): row.get(column_of(each), _default(each)) for each in fields} for row in rows]
    table = Identifier(model._meta.db_table)
    columns = SQL(", ").join(map(Identifier, names))
    statement = SQL(
        "INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb) "
        "ON CONFLICT DO NOTHING RETURNING {pk}"
    ).format(table=table, columns=columns, pk=Identifier(column_of(model._meta.pk)))
    return _run(statement, [json.dumps(whole)])


def _default(each: Field[Any, Any]) -> Any:
    """For a column that is younger than the row."""
    return each.get_prep_value(each.get_default())


def _drop_clashes(link: Link, loser: int, winner: int) -> list[Any]:
    rows = link.model._base_manager.order_by()
    dropped: list[Any] = []
    for others, condition in link.uniques:
        same = {name: OuterRef(name) for name in others}
        there = rows.filter(condition, **{link.field.name: winner}, **same)
        dropped += take_out(rows.filter(condition, Exists(there), **{link.field.name: loser}))
    return dropped


def _point(link: Link, away_from: int, to: int, only: Sequence[Any] | None = None) -> list[Any]:
    pk = Identifier(column_of(link.model._meta.pk))
    statement: Composed = SQL("UPDATE {} SET {} = %s WHERE {} = %s").format(link.table, link.column, link.column)
    parameters: list[Any] = [to, away_from]
    if only is not None:
        statement += SQL(" AND {} = ANY({})").format(pk, _typed(link.model))
        parameters.append(list(only))
    return [_plain(value) for value in _run(statement + SQL(" RETURNING {}").format(pk), parameters)]


def _as_json(model: type[Model], pks: Sequence[Any]) -> list[Any]:
    statement = SQL("SELECT to_jsonb(t)::text FROM {} t WHERE {} = ANY({}) ORDER BY {}").format(
        Identifier(model._meta.db_table),
        Identifier(column_of(model._meta.pk)),
        _typed(model),
        Identifier(column_of(model._meta.pk)),
    )
    return [json.loads(text) for text in _run(statement, [list(pks)])]


def _run(statement: Composed, parameters: list[Any]) -> list[Any]:
    """The first column. As text: the history of changes adds who it was in front of it."""
    with connection.cursor() as cursor:
        cursor.execute(statement.as_string(), parameters)
        return [row[0] for row in cursor.fetchall()]


def _typed(model: type[Model]) -> SQL:
    """A list of primary keys of this table, as a parameter."""
    return SQL(f"%s::{model._meta.pk.rel_db_type(connection)}[]")


def _plain(value: Any) -> Any:
    return value if isinstance(value, int) else str(value)
