"""SQL expressions that Django has no name for; small, and each used by the conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.db.models import BooleanField, DateTimeField, Expression, F, Field, TextField

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler

Compiled = tuple[str, tuple[Any, ...]]


class Slot:
    """A place in compiled SQL that is filled in later, so that compiling once serves many runs."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"<{self.name}>"


AT: Final = Slot("the moment of scoring")


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
        pattern = self.pattern.format(*(sql for sql, _ in compiled))
        return f"({pattern})", tuple(param for _, params in compiled for param in params)


class Moment(Expression):
    """The moment of which a condition is asked: a time, a slot, or the database's own clock."""

    output_field = DateTimeField()

    def __init__(self, moment: datetime | Slot | None) -> None:
        super().__init__()
        self.moment = moment

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Compiled:  # noqa: ARG002 - Django's
        return ("statement_timestamp()", ()) if self.moment is None else ("%s::timestamptz", (self.moment,))


def text(pattern: str, *expressions: Any) -> Sql:
    return Sql(pattern, *expressions, output_field=TextField())
