"""An import from end to end: the file is checked whole, then written batch by batch."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

import pghistory
from django.db import DataError, IntegrityError, OperationalError, connection, transaction

from leads.imports import companies, lookups, reader, staging
from leads.imports.companies import Resolved, ids_by_name
from leads.imports.rows import Reject, Row, RowParser
from leads.imports.staging import Terms, Written
from leads.models import Campaign, LeadStatus, LeadType, LifecycleStage, Source
from leads.services.erased import blocked, refusal
from leads.services.queue import nudge

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from leads.imports.mapping import Mapping
    from leads.imports.reader import Shape
    from leads.imports.report import Listener, Report

BATCH = 5_000
TRIES = 3
# What PostgreSQL says when two transactions wait for each other, or when one must be run again.
RETRY_STATES = ("40P01", "40001")
Chunk = list[Row | Reject]


class Ledger(Protocol):
    """Where an import that is a job keeps how far it is."""

    after: int  # the last line that an earlier worker finished

    def keep(self, written: Written) -> None:
        """Called in the transaction of each batch; what it raises takes the batch back."""

    def go_on(self) -> bool:
        """Called between batches: False ends the import there."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be imported, and as what; ``dry`` counts and writes nothing."""

    path: Path
    mapping: Mapping
    now: datetime
    name: str = ""
    by: int | None = None
    job: int | None = None
    dry: bool = False
    batch: int = BATCH


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file that was found readable, and all that its rows need."""

    shape: Shape
    parser: RowParser
    terms: Terms
    dry: bool
    ledger: Ledger | None


def run(order: Order, *, listeners: Sequence[Listener] = (), report: Report, ledger: Ledger | None = None) -> None:
    """Import a file. ``report`` is filled as batches are committed, so it is right even when an error ends it all.

    Raises FileError or MappingError before anything is written, and what the database raises in the middle.
    """
    started = time.monotonic()
    try:
        ready = prepared(order, report, ledger)
        for listener in listeners:
            listener.begin(ready.shape)
        staging.prepare()
        with pghistory.context(command="import_leads", file=order.name or order.path.name):
            for chunk in _chunks(map(ready.parser.parse, reader.records(order.path, ready.shape)), order.batch):
                if ledger is not None and not ledger.go_on():
                    break
                _take(_not_done(chunk, ready), ready, listeners, report)
        staging.tear_down()
    finally:
        report.seconds = time.monotonic() - started


def prepared(order: Order, report: Report, ledger: Ledger | None = None) -> Prepared:
    """Check file and mapping. Custom fields that the mapping makes stay only if all of it is usable."""
    shape = reader.inspect(order.path, order.mapping)
    report.encoding, report.delimiter, report.warnings = shape.encoding.name, shape.delimiter, shape.warnings
    report.total = shape.rows
    mapping = order.mapping
    with transaction.atomic():
        parser = RowParser(mapping, shape, lookups.load(mapping), order.now)
        terms = Terms(
            mapping.system,
            order.now,
            (order.name or order.path.name)[:250],
            _constants(parser.constants(mapping), order.now, write=not order.dry),
            by=order.by,
            job=order.job,
            update_stage=mapping.update_stage,
        )
        transaction.set_rollback(order.dry)
    return Prepared(shape, parser, terms, order.dry, ledger)


def _chunks(rows: Iterator[Row | Reject], size: int) -> Iterator[Chunk]:
    while chunk := list(islice(rows, size)):
        yield chunk


def _not_done(chunk: Chunk, ready: Prepared) -> Chunk:
    """The rows that no earlier worker finished; of the others only their keys are taken note of."""
    after = ready.ledger.after if ready.ledger else 0
    done = [row for row in chunk if row.line <= after and isinstance(row, Row)]
    if done:
        with transaction.atomic():
            staging.remember(*_resolved(done, ready, write=False), ready.terms)
    return [row for row in chunk if row.line > after]


def _take(chunk: Chunk, ready: Prepared, listeners: Sequence[Listener], report: Report) -> None:
    """One batch, and what it says of its rows, in the order of their lines."""
    for written in _write(chunk, ready):
        report.add(written)
        for listener in listeners:
            for reject in written.rejects:
                listener.reject(reject)
    for listener in listeners:
        listener.advance(len(chunk))


def _write(chunk: Chunk, ready: Prepared) -> Iterator[Written]:
    """Write rows in a transaction of their own. When the database refuses them, halve until the bad one is alone."""
    if not chunk:
        return
    try:
        yield _patiently(chunk, ready)
    except (DataError, IntegrityError) as error:
        if len(chunk) == 1:
            yield _once([Reject(chunk[0].line, _said(error), chunk[0].cells)], ready)
            return
        half = len(chunk) // 2
        yield from _write(chunk[:half], ready)
        yield from _write(chunk[half:], ready)


def _patiently(chunk: Chunk, ready: Prepared) -> Written:
    """Again when somebody else was in the way: a deadlock, or a lead that was just created by hand or merged away."""
    for _left in range(TRIES - 1):
        try:
            return _once(chunk, ready)
        except IntegrityError:
            continue
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") not in RETRY_STATES or connection.in_atomic_block:
                raise
    return _once(chunk, ready)


@transaction.atomic
def _once(chunk: Chunk, ready: Prepared) -> Written:
    rows = [row for row in chunk if isinstance(row, Row)]
    rejects = [row for row in chunk if isinstance(row, Reject)]
    written = _rows_written(rows, ready) if rows else Written()
    rejects = sorted(rejects + written.rejects, key=lambda one: one.line)
    written = replace(written, rejects=rejects, line=chunk[-1].line)
    if ready.ledger is not None:
        ready.ledger.keep(written)
    return written


def _rows_written(rows: list[Row], ready: Prepared) -> Written:
    if not ready.dry:
        staging.lock()
    rows, kept_out = _without_erased(rows)
    rows, resolved = _resolved(rows, ready, write=not ready.dry)
    written = (staging.foresee if ready.dry else staging.write)(rows, resolved, ready.terms)
    if not ready.dry and (written.marked or resolved.filled):
        nudge()
    return replace(written, rejects=[*written.rejects, *kept_out])


def _without_erased(rows: list[Row]) -> tuple[list[Row], list[Reject]]:
    """The rows without those of people who were erased and are not to come back (docs/privacy.md)."""
    emails = blocked(row.values["email"] for row in rows if row.values.get("email"))
    if not emails:
        return rows, []
    kept_out = [Reject(row.line, refusal(), row.cells) for row in rows if row.values.get("email") in emails]
    return [row for row in rows if row.values.get("email") not in emails], kept_out


def _resolved(rows: list[Row], ready: Prepared, *, write: bool = True) -> tuple[list[Row], Resolved]:
    """The rows with the ids of what they name, and their companies."""
    named = {
        name: ids_by_name(model, {row.values[name] for row in rows if name in row.values}, write=write)
        for name, model in NAMED.items()
    }
    for row in rows:
        _refer(row.values, named)
    return rows, companies.resolve(rows, ready.terms.now, write=write)


NAMED: dict[str, type[Source | Campaign]] = {"source": Source, "campaign": Campaign}


def _refer(values: dict[str, Any], named: dict[str, dict[str, int]]) -> None:
    """From the mapping's names to the columns of the table."""
    for name, ids in named.items():
        if name in values:
            values[f"{name}_id"] = ids[values[name]]
    for name in ("lead_type", "status", "stage", "owner"):
        if name in values:
            values[f"{name}_id"] = values[name]
    for name in [name for name in values if name.startswith("attempt.")]:
        values[name.replace(".", "_")] = values[name]


def _constants(given: dict[str, Any], now: datetime, *, write: bool) -> dict[str, Any]:
    """The constants of the mapping over the defaults of every new lead."""
    given.setdefault("lead_type", LeadType.objects.filter(is_active=True).values_list("pk", flat=True).first())
    given.setdefault("status", LeadStatus.objects.get(key="new").pk)
    given.setdefault("stage", LifecycleStage.objects.get(key="lead").pk)
    given.setdefault("captured_at", now)
    named = {
        name: ids_by_name(model, {given[name]} if name in given else set(), write=write)
        for name, model in NAMED.items()
    }
    _refer(given, named)
    return given


def _said(error: Exception) -> str:
    """The database's own words, on one line."""
    return " ".join(str(error).split())
