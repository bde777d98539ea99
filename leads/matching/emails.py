"""E-mail addresses that are probably one person's: tags, dots, slips of the finger in the domain."""

from __future__ import annotations

from functools import lru_cache

from leads.text import FREE_MAIL, domain_of

_SAME = {"googlemail.com": "gmail.com", "hotmail.co.uk": "hotmail.com", "me.com": "icloud.com", "mac.com": "icloud.com"}
# Mailboxes of a firm, not of a person.
ROLES = frozenset(
    """
    accounts admin billing biuro booking buero careers compras contact contacto contato customerservice enquiries
    facturacion finance hello hola hr info infos jobs kontakt mail marketing noreply office orders post postmaster
    press rechnung reception sales sekretariat service support team vendas ventas verkauf webmaster
    """.split()  # noqa: SIM905 - as in leads.text
)
SHORTEST = 3


def local_part(email: str) -> str:
    """What stands before the @, without a +tag and without dots."""
    return email.rpartition("@")[0].split("+")[0].replace(".", "")


def is_personal(local: str) -> bool:
    return len(local) >= SHORTEST and local not in ROLES


def mailbox(email: str) -> str:
    """The mailbox that an address ends up in, as far as can be guessed; nothing for none."""
    local, domain = local_part(email), domain_of(email)
    return f"{local}@{_SAME.get(meant(domain), meant(domain))}" if local and domain else ""


@lru_cache(maxsize=50_000)
def meant(domain: str) -> str:
    """gmail.com for gmial.com: the provider that a domain misses by one slip; else the domain itself."""
    if domain in FREE_MAIL:
        return domain
    return next((known for known in sorted(FREE_MAIL) if len(known) > 6 and one_slip(domain, known)), domain)


def typo_starts(email: str) -> tuple[str, str]:
    """Two keys of which a slip in a domain of nine letters or more leaves one as it was."""
    local, domain = local_part(email), domain_of(email)
    return f"{local}@{domain[:3]}", f"{local}@{domain[-5:]}"


def slipped(one: str, other: str) -> bool:
    """Whether two addresses differ by one slip in the domain; two providers are two, however alike."""
    first, second = domain_of(one), domain_of(other)
    both_known = first in FREE_MAIL and second in FREE_MAIL
    return local_part(one) == local_part(other) and not both_known and one_slip(first, second)


def one_slip(one: str, other: str) -> bool:
    """One letter too many, too few, another, or two swapped; not the same word."""
    short, long = sorted((one, other), key=len)
    if one == other or len(long) - len(short) > 1:
        return False
    start = next((n for n, letter in enumerate(short) if letter != long[n]), len(short))
    if len(short) < len(long):
        return short[start:] == long[start + 1 :]
    rest, other_rest = short[start:], long[start:]
    swapped = rest[:2] == other_rest[1::-1] and rest[2:] == other_rest[2:]
    return rest[1:] == other_rest[1:] or swapped
