"""SQL expressions that Django has no name for; small, and each used by the conditions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from string import Formatter
from typing import TYPE_CHECKING, Any, Final

from django.db.models import BigIntegerField, BooleanField, DateTimeField, Expression, F, Field, TextField

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler

Compiled = tuple[str, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in compiled SQL that is filled in at each run, so that compiling once serves many.

    ``AT`` is the moment of scoring, ``shifted(seconds)`` that many seconds after it; the others say which leads.
    """

    name: str
    seconds: int = 0


AT: Final = Slot("at")
IDS: Final = Slot("ids")
LOW: Final = Slot("low")
HIGH: Final = Slot("high")


def shifted(seconds: int) -> Slot:
    return Slot("at", seconds)


def fill(params: Iterable[Any], *, at: datetime, **leads: Any) -> list[Any]:
    """The parameters of one run: each slot replaced by its value."""
    return [_filled(param, at, leads) if isinstance(param, Slot) else param for param in params]


def _filled(slot: Slot, at: datetime, leads: dict[str, Any]) -> Any:
    return at + timedelta(seconds=slot.seconds) if slot.name == "at" else leads[slot.name]


class Sql(Expression):
    """An SQL pattern over expressions: ``Sql("lower({0}) = {1}", F("city"), Value("x"))``. Holds no outside text."""

    def __init__(self, pattern: str, *expressions: Any, output_field: Field[Any, Any] | None = None) -> None:
        super().__init__(output_field=output_field or BooleanField())
        self.pattern = pattern
        self.sides: list[Any] = [F(side) if isinstance(side, str) else side for side in expressions]

    def get_source_expressions(self) -> list[Any]:
        return self.sides

    def set_source_expressions(self, exprs: Sequence[Any]) -> None:
        self.sides = list(exprs)

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Compiled:  # noqa: ARG002 - Django's
        compiled = [compiler.compile(side) for side in self.sides]
        # A side may be mentioned several times, and its parameters then are too.
        params = [
            param for _, number, _, _ in Formatter().parse(self.pattern) if number for param in compiled[int(number)][1]
        ]
        return f"({self.pattern.format(*(sql for sql, _ in compiled))})", tuple(params)


class Given(Expression):
    """A value, or the slot for one, of a type that PostgreSQL is told."""

    def __init__(self, value: Any, cast: str, output_field: Field[Any, Any] | None = None) -> None:
        super().__init__(output_field=output_field or BooleanField())
        self.value = value
        self.cast = cast

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Compiled:  # noqa: ARG002 - Django's
        return f"%s::{self.cast}", (self.value,)


class Beside(Sql):
    """Another column of the row that a column comes from: the ORM would take a key from the nearer table instead."""

    def __init__(self, column: F, name: str) -> None:
        super().__init__("{0}", column, output_field=BigIntegerField())
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Compiled:  # noqa: ARG002 - Django's
        quote = compiler.quote_name_unless_alias
        return f"{quote(self.sides[0].alias)}.{quote(self.name)}", ()


class Clock(Expression):
    """The database's own clock."""

    output_field = DateTimeField()

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Compiled:  # noqa: ARG002 - Django's
        return "statement_timestamp()", ()


def moment(at: datetime | Slot | None) -> Expression:
    """The moment of which a condition is asked: a time, a slot, or whatever the database's clock says."""
    return Clock() if at is None else Given(at, "timestamptz", DateTimeField())


def text(pattern: str, *expressions: Any) -> Sql:
    return Sql(pattern, *expressions, output_field=TextField())
