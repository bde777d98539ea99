"""Who a lead is: found by any address it ever had, and by the number of one that was merged into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection

from leads.models import FormerEmail, Lead, Merge
from leads.text import normalise_email

if TYPE_CHECKING:
    from collections.abc import Iterable

# No foreign key's check waits for it, and nobody's but a merge's lock does: it takes the row for itself.
_HOLD = "SELECT id FROM leads_lead WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE"
FOLLOWED = 20  # a merge may be merged again, while we wait for it


def find_by_email(email: str) -> Lead | None:
    """The lead with this address, or that had it before a merge; nothing for an empty one."""
    address = normalise_email(email)
    if not address:
        return None
    found = Lead.objects.filter(email=address).first()
    if found is None:
        former = FormerEmail.objects.filter(email=address).select_related("lead").first()
        found = former.lead if former is not None else None
    return found


def ids_by_email(emails: Iterable[str]) -> dict[str, int]:
    """The leads with these (normalised) addresses, or that had them before a merge: two queries, however many."""
    asked = set(emails) - {""}
    found = dict(FormerEmail.objects.filter(email__in=asked).values_list("email", "lead"))
    return found | dict(Lead.objects.filter(email__in=asked).values_list("email", "pk"))


def current_id(lead_id: int) -> int:
    """The number of the lead that this one was merged into, else its own."""
    winner = Merge.objects.standing().filter(loser_number=lead_id).values_list("winner_id", flat=True).first()
    return winner if winner is not None else lead_id


def lineage(lead_id: int) -> list[int]:
    """The lead's number and those of the leads that are merged into it: under these its history is kept."""
    merged = Merge.objects.standing().filter(winner=lead_id).order_by("pk").values_list("loser_number", flat=True)
    return [lead_id, *merged]


def hold_leads(lead_ids: Iterable[int]) -> dict[int, int]:
    """Which lead stands for each of these now, none of which can be merged away until the transaction ends.

    Call it inside the transaction that writes facts of leads. A merge that is under way is waited for, and its winner
    takes the loser's place; a lead that was deleted is left out.
    """
    wanted = {lead_id: lead_id for lead_id in lead_ids}
    for _round in range(FOLLOWED):
        held = _held(set(wanted.values()))
        gone = set(wanted.values()) - held
        if not gone:
            break
        heirs = dict(Merge.objects.standing().filter(loser_number__in=gone).values_list("loser_number", "winner_id"))
        wanted = {asked: heirs.get(now, now) for asked, now in wanted.items() if now in held or now in heirs}
    return wanted


def hold_living(lead_ids: Iterable[int]) -> dict[int, int]:
    """As ``hold_leads``, without those whose person was erased: nothing is added to what is left of them."""
    standing = hold_leads(lead_ids)
    erased = Lead.objects.filter(pk__in=set(standing.values()), erased_at__isnull=False)
    gone = set(erased.values_list("pk", flat=True)) if standing else set()
    return {asked: pk for asked, pk in standing.items() if pk not in gone}


def hold_lead(lead: Lead) -> Lead:
    """The same for one: the lead itself, or its winner. Raises Lead.DoesNotExist when there is neither."""
    standing = hold_leads([lead.pk]).get(lead.pk)
    if standing is None:
        raise Lead.DoesNotExist(lead.pk)
    return lead if standing == lead.pk else Lead.objects.get(pk=standing)


def _held(lead_ids: set[int]) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [sorted(lead_ids)])
        return {row[0] for row in cursor.fetchall()}
