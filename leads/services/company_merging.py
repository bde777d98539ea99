"""Two companies become one: its leads move, its domain is kept, and the record can undo it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from leads.models import Company, CompanyKey, CompanyMerge, CompanyPair, FormerDomain, Lead, ToCompare
from leads.services.locks import lock_leads, patiently
from leads.services.merge_fields import LOSER, WINNER
from leads.services.moving import move_all, row_of, take_out
from leads.services.queue import mark_changed
from leads.services.unmerging import back, bring_back

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from people.models import User

CHOSEN = (
    "name", "domain", "industry", "employees", "annual_revenue", "country", "region", "city", "technologies",
)  # fmt: skip
SEEN_TO = {
    "leads.companykey": "computed anew from the winner",
    "leads.companypair": "taken out; that two are two companies is carried over to the winner",
}


def default_winner(one: Company, other: Company) -> tuple[Company, Company]:
    """Winner and loser: with a domain, with more leads, with more known of it, the older one."""
    leads = {company.pk: company.leads.count() for company in (one, other)}

    def rank(company: Company) -> tuple[bool, int, int, int]:
        known = sum(_says(company, name) for name in CHOSEN)
        return (not company.domain, -leads[company.pk], -known, company.pk)

    first, second = sorted((one, other), key=rank)
    return first, second


def defaults(winner: Company, loser: Company) -> dict[str, str]:
    """The winner's word, or the loser's where the winner says nothing."""
    return {name: WINNER if _says(winner, name) or not _says(loser, name) else LOSER for name in CHOSEN}


def merge_companies(
    *, winner: Company, loser: Company, choices: Mapping[str, str], by: User | None, now: datetime
) -> CompanyMerge:
    """Merge the loser into the winner; ``choices`` says per field "winner" or "loser".

    Raises ValidationError when one of them is gone, both are the same, or a choice cannot be.
    """
    if winner.pk == loser.pk:
        raise ValidationError(_("A company cannot be merged with itself."))
    return patiently(lambda: _merge(winner.pk, loser.pk, choices, by, now))


def undo_company_merge(*, merge: CompanyMerge, by: User | None, now: datetime) -> list[str]:
    """Undo it; returns the fields that somebody changed since. Raises ValidationError when it cannot be undone."""
    return patiently(lambda: _undo(merge.pk, by, now))


def refuse_undo(merge: CompanyMerge) -> None:
    """Say why it cannot be undone (now), by a ValidationError."""
    if merge.undone_at is not None:
        raise ValidationError(_("This merge was undone already."))
    later = CompanyMerge.objects.standing().filter(winner=merge.winner_id, pk__gt=merge.pk).order_by("-pk").first()
    if later is not None:
        raise ValidationError(
            _("%(company)s was merged later with %(other)s: undo that first.")
            % {"company": merge.winner, "other": later.loser_name}
        )
    domain = merge.loser["domain"]
    others = Company.objects.filter(domain__iexact=domain).exclude(pk=merge.winner_id)
    if domain and others.exists():
        raise ValidationError(_("Another company has the domain %(domain)s by now.") % {"domain": domain})


def _hold(company_ids: list[int]) -> dict[int, Company]:
    """For us alone: who writes a lead of one of them waits when it commits, and then finds it gone."""
    held = Company.objects.filter(pk__in=company_ids).select_for_update().order_by("pk")
    found = {company.pk: company for company in held}
    lock_leads(Lead.objects.filter(company__in=company_ids).values_list("pk", flat=True))
    return found


def _merge(winner_id: int, loser_id: int, choices: Mapping[str, str], by: User | None, now: datetime) -> CompanyMerge:
    held = _hold([winner_id, loser_id])
    if len(held) < 2:
        raise ValidationError(_("One of the two is gone: it was merged or deleted a moment ago."))
    winner, loser = held[winner_id], held[loser_id]
    taken = _chosen(winner, loser, choices)
    record = CompanyMerge(
        winner=winner,
        loser_number=loser_id,
        loser_name=loser.name,
        loser=row_of(Company, loser_id),
        winner_before=row_of(Company, winner_id),
        choices=taken,
        by=by,
        at=now,
    )
    pairs = take_out(CompanyPair.objects.filter(Q(low=loser_id) | Q(high=loser_id)))
    CompanyKey.objects.filter(company=loser_id).delete()
    done = move_all(Company, loser=loser_id, winner=winner_id, but=SEEN_TO)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM leads_company WHERE id = %s", [loser_id])
    connection.check_constraints()
    record.made = _write(winner, loser, taken) | _carry(pairs, winner_id, loser_id, now)
    record.moved, record.dropped = done.moved, done.dropped | ({"leads.companypair": pairs} if pairs else {})
    record.winner_after = row_of(Company, winner_id)
    record.save(force_insert=True)
    _see_to([winner_id], now)
    return record


def _chosen(winner: Company, loser: Company, choices: Mapping[str, str]) -> dict[str, str]:
    taken = defaults(winner, loser)
    for name, side in choices.items():
        if name not in taken or side not in (WINNER, LOSER):
            raise ValidationError({name: _("There is no such choice.")})
    return taken | dict(choices)


def _write(winner: Company, loser: Company, taken: Mapping[str, str]) -> dict[str, list[Any]]:
    values = {name: getattr(loser if side == LOSER else winner, name) for name, side in taken.items()}
    Company.objects.filter(pk=winner.pk).update(**values)
    unused = {winner.domain.lower(), loser.domain.lower()} - {values["domain"].lower(), ""}
    return {"leads.formerdomain": [FormerDomain.objects.create(company=winner, domain=domain).pk for domain in unused]}


def _carry(pairs: list[Any], winner_id: int, loser_id: int, now: datetime) -> dict[str, list[Any]]:
    """Who was said to be another company than the loser is another than the winner."""
    carried = []
    for pair in pairs:
        other = pair["high_id"] if pair["low_id"] == loser_id else pair["low_id"]
        if pair["dismissed_at"] and other != winner_id:
            low, high = sorted((winner_id, other))
            said = {name: pair[name] for name in ("reasons", "score", "dismissed_at", "dismissed_by_id")}
            row, created = CompanyPair.objects.get_or_create(
                low_id=low, high_id=high, defaults={"found_at": now, **said}
            )
            carried += [row.pk] if created else []
    return {"leads.companypair": carried}


def _undo(merge_id: int, by: User | None, now: datetime) -> list[str]:
    winner_id = CompanyMerge.objects.values_list("winner_id", flat=True).get(pk=merge_id)
    _hold([winner_id])
    merge = CompanyMerge.objects.select_for_update(of=("self",)).select_related("winner").get(pk=merge_id)
    if merge.winner_id != winner_id:
        raise ValidationError(_("It was merged again a moment ago."))
    refuse_undo(merge)
    FormerDomain.objects.filter(pk__in=merge.made.get("leads.formerdomain", []), company=winner_id).delete()
    CompanyPair.objects.filter(pk__in=merge.made.get("leads.companypair", [])).delete()
    restored, kept = back(Company, merge)
    if restored:
        Company.objects.filter(pk=winner_id).update(**restored)
    bring_back(Company, merge)
    connection.check_constraints()
    merge.undone_at, merge.undone_by = now, by
    merge.save(update_fields=["undone_at", "undone_by"])
    _see_to([winner_id, merge.loser_number], now)
    return kept


def _see_to(company_ids: list[int], now: datetime) -> None:
    mark_changed(lead_ids=Lead.objects.filter(company__in=company_ids).values_list("pk", flat=True), now=now)
    ToCompare.objects.bulk_create([ToCompare(company_id=pk, queued_at=now) for pk in company_ids])


def _says(company: Company, name: str) -> bool:
    return getattr(company, name) not in ("", None)
