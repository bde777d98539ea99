"""An import from end to end: the file is checked whole, then written batch by batch."""

from __future__ import annotations

import time
from itertools import islice
from typing import TYPE_CHECKING, Any

import pghistory
from django.db import DataError, IntegrityError, OperationalError, connection, transaction

from leads.imports import companies, lookups, reader, staging
from leads.imports.report import Listener, Report
from leads.imports.rows import Reject, Row, RowParser
from leads.imports.staging import Terms, Written
from leads.models import LeadStatus, LeadType, LifecycleStage
from leads.services.erased import blocked, refusal
from leads.services.queue import nudge

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from leads.imports.mapping import Mapping

BATCH = 5_000
TRIES = 3
# What PostgreSQL says when two transactions wait for each other, or when one must be run again.
RETRY_STATES = ("40P01", "40001")


def run(
    *, path: Path, mapping: Mapping, now: datetime, listeners: Sequence[Listener], report: Report, batch: int = BATCH
) -> None:
    """Import a file. ``report`` is filled as batches are committed, so it is right even when an error ends it all.

    Raises FileError or MappingError before anything is written, and what the database raises in the middle.
    """
    started = time.monotonic()
    try:
        shape = reader.inspect(path, mapping)
        report.encoding, report.delimiter, report.warnings = shape.encoding.name, shape.delimiter, shape.warnings
        with transaction.atomic():  # custom fields that the mapping makes stay only if all of it is usable
            parser = RowParser(mapping, shape, lookups.load(mapping), now)
            terms = Terms(mapping.system, now, path.name[:250], _constants(parser.constants(mapping), now))
        for listener in listeners:
            listener.begin(shape)
        staging.prepare()
        with pghistory.context(command="import_leads", file=path.name):
            for chunk in _chunks(map(parser.parse, reader.records(path, shape)), batch):
                _take(chunk, terms, listeners, report)
        staging.tear_down()
    finally:
        report.seconds = time.monotonic() - started


def _chunks(rows: Iterator[Row | Reject], size: int) -> Iterator[list[Row | Reject]]:
    while chunk := list(islice(rows, size)):
        yield chunk


def _take(chunk: list[Row | Reject], terms: Terms, listeners: Sequence[Listener], report: Report) -> None:
    """One batch, and what it says of its rows, in the order of their lines."""
    rejects = [one for one in chunk if isinstance(one, Reject)]
    for written in _write([one for one in chunk if isinstance(one, Row)], terms):
        report.add(written)
        rejects += written.rejects
    report.rejected += len(rejects)
    report.line = chunk[-1].line
    for listener in listeners:
        for reject in sorted(rejects, key=lambda one: one.line):
            listener.reject(reject)
        listener.advance(len(chunk))


def _write(rows: list[Row], terms: Terms) -> Iterator[Written]:
    """Write rows in a transaction of their own. When the database refuses them, halve until the bad one is alone."""
    if not rows:
        return
    try:
        yield _patiently(rows, terms)
    except (DataError, IntegrityError) as error:
        if len(rows) == 1:
            yield Written(0, 0, 0, [Reject(rows[0].line, _said(error), rows[0].cells)])
            return
        half = len(rows) // 2
        yield from _write(rows[:half], terms)
        yield from _write(rows[half:], terms)


def _patiently(rows: list[Row], terms: Terms) -> Written:
    """Again when somebody else was in the way: a deadlock, or a lead that was just created by hand."""
    for _left in range(TRIES - 1):
        try:
            return _once(rows, terms)
        except IntegrityError:
            continue
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") not in RETRY_STATES or connection.in_atomic_block:
                raise
    return _once(rows, terms)


@transaction.atomic
def _once(rows: list[Row], terms: Terms) -> Written:
    staging.lock()
    rows, kept_out = _without_erased(rows)
    sources = companies.source_ids({row.values["source"] for row in rows if "source" in row.values})
    resolved, grown = companies.resolve(rows, terms.now)
    for row in rows:
        _refer(row.values, sources)
    written = staging.write(rows, resolved, grown, terms)
    written.rejects.extend(kept_out)
    if written.marked or grown:
        nudge()
    return written


def _without_erased(rows: list[Row]) -> tuple[list[Row], list[Reject]]:
    """The rows without those of people who were erased and are not to come back (docs/privacy.md)."""
    emails = blocked(row.values["email"] for row in rows if row.values.get("email"))
    if not emails:
        return rows, []
    kept_out = [Reject(row.line, refusal(), row.cells) for row in rows if row.values.get("email") in emails]
    return [row for row in rows if row.values.get("email") not in emails], kept_out


def _refer(values: dict[str, Any], sources: dict[str, int]) -> None:
    """From the mapping's names to the columns of the table."""
    if "source" in values:
        values["source_id"] = sources[values["source"]]
    for name in ("lead_type", "status", "stage", "owner"):
        if name in values:
            values[f"{name}_id"] = values[name]


def _constants(given: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The constants of the mapping over the defaults of every new lead."""
    given.setdefault("lead_type", LeadType.objects.filter(is_active=True).values_list("pk", flat=True).first())
    given.setdefault("status", LeadStatus.objects.get(key="new").pk)
    given.setdefault("stage", LifecycleStage.objects.get(key="lead").pk)
    given.setdefault("captured_at", now)
    _refer(given, companies.source_ids({given["source"]} if "source" in given else set()))
    return given


def _said(error: Exception) -> str:
    """The database's own words, on one line."""
    return " ".join(str(error).split())
