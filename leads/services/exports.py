"""A list of leads as a file: CSV as it is read from the database, XLSX by way of a temporary file."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

import xlsxwriter
from django.contrib.postgres.aggregates import StringAgg
from django.db.models import F, OuterRef, Subquery, Value
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.imports.report import Echo, harmless
from leads.models import CustomField, ExportLog, ExternalId, Lead

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import IO

    from django.db.models import QuerySet
    from django.utils.functional import _StrPromise

    from people.models import User

CHUNK = 2_000
SHEET_ROWS = 1_048_575  # below the header; what is more goes on in a second sheet
_NUMBERS = Subquery(
    ExternalId.objects.filter(lead=OuterRef("pk"))
    .order_by()
    .values("lead")
    .annotate(all=StringAgg(Concat("system", Value(": "), "value"), ", ", order_by="system"))
    .values("all")
)
# By the key that addresses and saved choices use: how it is called, and where it is.
FIELDS: dict[str, tuple[_StrPromise, str]] = {
    "id": (gettext_lazy("Lead"), "pk"),
    "first_name": (gettext_lazy("First name"), "first_name"),
    "last_name": (gettext_lazy("Last name"), "last_name"),
    "email": (gettext_lazy("E-mail address"), "email"),
    "phone": (gettext_lazy("Phone"), "phone"),
    "job_title": (gettext_lazy("Job title"), "job_title"),
    "company": (gettext_lazy("Company"), "company__name"),
    "company_domain": (gettext_lazy("Web domain"), "company__domain"),
    "industry": (gettext_lazy("Industry"), "company__industry"),
    "employees": (gettext_lazy("Employees"), "company__employees"),
    "annual_revenue": (gettext_lazy("Revenue a year"), "company__annual_revenue"),
    "country": (gettext_lazy("Country"), "country"),
    "city": (gettext_lazy("City"), "city"),
    "language": (gettext_lazy("Language"), "language"),
    "source": (gettext_lazy("Source"), "source__name"),
    "campaign": (gettext_lazy("Campaign"), "campaign__name"),
    "lead_type": (gettext_lazy("Lead type"), "lead_type__name"),
    "status": (gettext_lazy("Status"), "status__name"),
    "status_reason": (gettext_lazy("Reason of the status"), "status_reason"),
    "stage": (gettext_lazy("Stage"), "stage__name"),
    "stage_since": (gettext_lazy("In this stage since"), "stage_since"),
    "journey_step": (gettext_lazy("Buyer's journey"), "journey_step"),
    "score": (gettext_lazy("Score"), "score__total"),
    "owner": (gettext_lazy("Owner"), "owner__name"),
    "owner_email": (gettext_lazy("Owner's e-mail address"), "owner__email"),
    "bant_budget": (gettext_lazy("Budget"), "bant_budget"),
    "bant_authority": (gettext_lazy("Authority"), "bant_authority"),
    "bant_need": (gettext_lazy("Need"), "bant_need"),
    "bant_timeline": (gettext_lazy("Timeline"), "bant_timeline"),
    "consent": (gettext_lazy("Consent to be mailed"), "consent"),
    "consent_at": (gettext_lazy("Consent given or withdrawn at"), "consent_at"),
    "consent_source": (gettext_lazy("Where consent was given or withdrawn"), "consent_source"),
    "do_not_email": (gettext_lazy("Do not e-mail"), "do_not_email"),
    "do_not_call": (gettext_lazy("Do not call"), "do_not_call"),
    "external_ids": (gettext_lazy("Numbers in other systems"), "external_ids"),
    "captured_at": (gettext_lazy("Captured"), "captured_at"),
    "updated_at": (gettext_lazy("Updated"), "updated_at"),
}
TIMES = frozenset({"stage_since", "consent_at", "captured_at", "updated_at"})
LISTED = (
    "first_name",
    "last_name",
    "email",
    "job_title",
    "company",
    "stage",
    "status",
    "score",
    "owner",
    "captured_at",
)


@dataclass(frozen=True, slots=True)
class Export:
    """What to take out: which leads, which columns, and who is told of in the log."""

    leads: QuerySet[Lead]
    columns: Sequence[str]
    log: ExportLog

    @property
    def header(self) -> list[str]:
        """Columns with times say whose times they are."""
        zone = timezone.get_current_timezone_name()
        names = dict(offered())
        return [f"{names[key]} ({zone})" if key in TIMES else names[key] for key in self.columns]

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """From a cursor on the server, so that however many they are, a few thousand are in memory."""
        places: list[Any] = []
        for key in self.columns:
            if key == "external_ids":
                places.append(_NUMBERS)
            elif key.startswith("custom."):
                places.append(F(f"custom__{key.removeprefix('custom.')}"))
            else:
                places.append(F(FIELDS[key][1]))
        rows = self.leads.order_by("-pk").annotate(**{f"_{n}": place for n, place in enumerate(places)})
        names = [f"_{n}" for n in range(len(places))]
        yield from rows.values_list(*names).iterator(chunk_size=CHUNK)


def offered() -> list[tuple[str, str]]:
    """Every column there is, own fields among them."""
    own = CustomField.objects.values_list("key", "name")
    return [(key, str(name)) for key, (name, _place) in FIELDS.items()] + [(f"custom.{key}", name) for key, name in own]


def begin(*, leads: QuerySet[Lead], columns: Sequence[str], kind: str, query: str, by: User, now: datetime) -> Export:
    """Write down who takes what, before the first row leaves."""
    log = ExportLog.objects.create(user=by, exported_at=now, query=query, columns=list(columns), format=kind)
    return Export(leads, columns, log)


def as_csv(export: Export) -> Iterator[str]:
    """Line by line, with a byte order mark; cells that a spreadsheet would run get an apostrophe."""
    writer = csv.writer(Echo())
    yield "\ufeff" + writer.writerow([harmless(name) for name in export.header])
    count = 0
    zone = timezone.get_current_timezone()
    for count, row in enumerate(export.rows(), start=1):  # noqa: B007 - the last number is how many there were
        yield writer.writerow([_as_text(value, zone) for value in row])
    _finish(export, count)


def as_xlsx(export: Export) -> IO[bytes]:
    """A temporary file that goes when it is closed. Text is written as text, whatever it begins with."""
    file = TemporaryFile()  # noqa: SIM115 - the response closes it
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(file, {**options, "remove_timezone": True, "default_date_format": "yyyy-mm-dd hh:mm"})
    count, at = 0, SHEET_ROWS
    zone = timezone.get_current_timezone()
    sheet = _new_sheet(book, export.header)
    at = 0
    for count, row in enumerate(export.rows(), start=1):  # noqa: B007 - as above
        if at == SHEET_ROWS:
            sheet, at = _new_sheet(book, export.header), 0
        at += 1
        for column, value in enumerate(row):
            _write(sheet, at, column, value, zone)
    book.close()
    _finish(export, count)
    file.seek(0)
    return file


def _new_sheet(book: Any, header: Sequence[str]) -> Any:
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True})
    sheet.set_column(0, len(header), 18)
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(header):
        sheet.write_string(0, column, name, bold)
    return sheet


def _write(sheet: Any, row: int, column: int, value: Any, zone: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, bool):
        sheet.write_string(row, column, _("Yes") if value else _("No"))
    elif isinstance(value, int | float | Decimal) and abs(float(value)) < 1e15:
        sheet.write_number(row, column, float(value))
    elif isinstance(value, datetime):
        sheet.write_datetime(row, column, value.astimezone(zone))
    else:
        sheet.write_string(row, column, str(value)[:32_767])


def _as_text(value: Any, zone: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, datetime):
        return value.astimezone(zone).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, int | float | Decimal):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    return harmless(str(value))


def _finish(export: Export, count: int) -> None:
    ExportLog.objects.filter(pk=export.log.pk).update(rows=count)
