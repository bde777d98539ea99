"""The keys under which a row is looked up by its double: numbers, of which nobody can read a name or an address."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from leads.matching.emails import is_personal, local_part, mailbox, typo_starts
from leads.matching.names import company_key, person_key
from leads.matching.phones import phone_key
from leads.models.merging import CompanyKey, LeadKey
from leads.text import domain_of, is_free_mail

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = LeadKey.Kind
SHORTEST_LABEL = 4


def lead_keys(lead: Mapping[str, Any]) -> set[tuple[int, int]]:
    """``(kind, key)`` of a lead's names, phone, country, e-mail, company's id and name."""
    words: dict[int, str] = {}
    name, company = person_key(lead["first_name"], lead["last_name"]), company_key(lead["company__name"] or "")
    if name and company:
        words[Kind.NAME] = f"{name}/{company}"
    words[Kind.PHONE] = phone_key(lead["phone"], lead["country"])
    words |= _email_words(lead["email"], lead["company_id"])
    return {(int(kind), _number(kind, word)) for kind, word in words.items() if word}


def company_keys(company: Mapping[str, Any]) -> set[tuple[int, int]]:
    """``(kind, key)`` of a company's name and domain: acme.com and acme.es are probably one."""
    label = company["domain"].rsplit(".", 1)[0].removesuffix(".co").removesuffix(".com")
    words = {
        CompanyKey.Kind.NAME: company_key(company["name"]),
        CompanyKey.Kind.DOMAIN: label.lower() if len(label) >= SHORTEST_LABEL else "",
    }
    return {(int(kind), _number(kind, word)) for kind, word in words.items() if word}


def _email_words(email: str, company_id: int | None) -> dict[int, str]:
    local, domain = local_part(email), domain_of(email)
    if not is_personal(local) or not domain:
        return {}
    words: dict[int, str] = {Kind.MAILBOX: mailbox(email)}
    if not is_free_mail(domain):
        words[Kind.TYPO_START], words[Kind.TYPO_END] = typo_starts(email)
        words[Kind.COLLEAGUE] = f"{local}/{company_id}" if company_id else ""
    return words


def _number(kind: int, word: str) -> int:
    return int.from_bytes(blake2b(f"{kind}:{word}".encode(), digest_size=8).digest(), "big", signed=True)
