"""The companies and sources that a batch of rows belongs to: found or created, a fixed number of queries per batch."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.db.models.functions import Coalesce, Lower

from leads.models import Campaign, Company, CompanyMerge, FormerDomain, Source
from leads.text import company_domain, own_domain

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from leads.imports.rows import Row

FACTS = ("industry", "employees", "annual_revenue", "country", "region", "city", "technologies")
_NOT_WORD = re.compile(r"[\W_]+")


@dataclass(slots=True)
class Companies:
    """Companies by domain and by name, those of this batch that are new or were filled in."""

    by_domain: dict[str, Company] = field(default_factory=dict)
    by_name: dict[str, list[Company]] = field(default_factory=dict)
    new: list[Company] = field(default_factory=list)
    filled: dict[int, Company] = field(default_factory=dict)
    facts: dict[int, dict[str, Any]] = field(default_factory=dict)

    def add(self, company: Company) -> None:
        if company.domain:
            self.by_domain[company.domain.lower()] = company
        self.by_name.setdefault(company.name.lower(), []).append(company)

    def grown(self, company: Company, facts: dict[str, Any]) -> None:
        """A company whose facts were filled in; one that is new in this batch is written whole anyway."""
        if company.domain:
            self.by_domain[company.domain.lower()] = company
        if company.pk:
            self.filled[company.pk] = company
            self.facts.setdefault(company.pk, {}).update(facts)

    def match(self, name: str, domain: str, mail_domain: str) -> Company | None:
        """Which company a row means (docs/import.md, “Companies”)."""
        same_name = self.by_name.get(name.lower(), []) if name else []
        if domain:
            return self.by_domain.get(domain) or next((one for one in same_name if not one.domain), None)
        at_mail = self.by_domain.get(mail_domain) if mail_domain else None
        if at_mail is not None and (not name or _akin(at_mail.name, name)):
            return at_mail
        return next((one for one in same_name if not one.domain), None) or next(iter(same_name), None)


def _akin(one: str, other: str) -> bool:
    """“Acme Inc” and “ACME, Inc.” at one domain are one company; two firms at one provider's domain are not."""
    return _first_word(one) == _first_word(other)


def _first_word(name: str) -> str:
    words = _NOT_WORD.sub(" ", name.casefold()).split()
    return words[0] if words else name.casefold()


@dataclass(frozen=True, slots=True)
class Resolved:
    """Company id by line with whether it is only a guess from the e-mail; those made; what was filled in of others."""

    by_line: dict[int, tuple[int, bool]] = field(default_factory=dict)
    made: list[int] = field(default_factory=list)
    filled: dict[int, dict[str, Any]] = field(default_factory=dict)


NOT_MADE = -1  # the number of what a check would make: nothing has it, so that rows with it differ


def resolve(rows: Iterable[Row], now: datetime, *, write: bool = True) -> Resolved:
    """The company of each row; new ones are made and known ones filled in, unless nothing is to be written."""
    rows = list(rows)
    known = _known(rows)
    chosen: dict[int, tuple[Company, bool]] = {}
    for row in rows:
        company, guessed = _company(row, known, now)
        if company is not None:
            chosen[row.line] = (company, guessed)
    if write:
        Company.objects.bulk_create(known.new)
        fields = ("domain", *FACTS)
        Company.objects.bulk_update([known.filled[pk] for pk in sorted(known.filled)], fields, batch_size=500)
    by_line = {line: (company.pk or NOT_MADE, guessed) for line, (company, guessed) in chosen.items()}
    return Resolved(by_line, [company.pk for company in known.new], known.facts)


def _known(rows: list[Row]) -> Companies:
    names = {str(row.company["name"]).lower() for row in rows if "name" in row.company}
    domains = {own_domain(str(row.company["domain"])) for row in rows if "domain" in row.company} - {""}
    domains |= {domain for row in rows if (domain := company_domain(row.values.get("email", "")))}
    known = Companies()
    matching = Company.objects.alias(lower_name=Lower("name"), lower_domain=Lower("domain")).filter(
        Q(lower_name__in=names) | Q(lower_domain__in=domains)
    )
    for company in matching.order_by("pk"):
        known.add(company)
    _add_merged(known, names, domains)
    return known


def _add_merged(known: Companies, names: set[str], domains: set[str]) -> None:
    """Companies that were merged are found by the names and domains they had."""
    for former in FormerDomain.objects.filter(domain__in=domains).select_related("company"):
        known.by_domain.setdefault(former.domain, former.company)
    merges = CompanyMerge.objects.standing().alias(lower_name=Lower("loser_name")).filter(lower_name__in=names)
    for merge in merges.select_related("winner").order_by("pk"):
        known.by_name.setdefault(merge.loser_name.lower(), []).append(merge.winner)


def _company(row: Row, known: Companies, now: datetime) -> tuple[Company | None, bool]:
    told = row.company
    name, domain = str(told.get("name", "")), own_domain(str(told.get("domain", "")))
    mail_domain = company_domain(row.values.get("email", ""))
    found = known.match(name, domain, mail_domain)
    if not name and not domain:
        return found, True
    if found is None:
        free = domain or (mail_domain if mail_domain not in known.by_domain else "")
        found = Company(name=name or domain, domain=free, created_at=now, **_facts(told))
        known.new.append(found)
        known.add(found)
    elif facts := _fill(found, told, domain):
        known.grown(found, facts)
    return found, False


def _facts(told: dict[str, Any]) -> dict[str, Any]:
    return {name: told[name] for name in FACTS if name in told}


def _fill(company: Company, told: dict[str, Any], domain: str) -> dict[str, Any]:
    """Fill in what is not known of a company yet; what is known stays. Returns what was added."""
    missing = {name: value for name, value in _facts(told).items() if getattr(company, name) in ("", None)}
    if domain and not company.domain:
        missing["domain"] = domain
    for name, value in missing.items():
        setattr(company, name, value)
    return missing


def ids_by_name(model: type[Source | Campaign], names: set[str], *, write: bool = True) -> dict[str, int]:
    """The sources or campaigns by name as typed; new ones are made, unless nothing is to be written.

    A name that was merged into another counts for that one.
    """
    if not names:
        return {}
    if write:
        rows: list[Any] = [model(name=name) for name in sorted(names)]
        model.objects.bulk_create(rows, ignore_conflicts=True)
    counted = Coalesce("merged_into", "pk")
    known = dict(model.objects.filter(name__in=names).annotate(counted=counted).values_list("name", "counted"))
    return dict.fromkeys(names, NOT_MADE) | known
