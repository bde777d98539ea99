"""Names made comparable: no accents, no case, no order of words; companies without their legal form."""

from __future__ import annotations

import re
import unicodedata

# Letters that no accent comes off of.
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
_INITIALS = re.compile(r"\b(\w)\.\s*(?=\w\.)")  # S. A. → SA.
_WORD = re.compile(r"\w+")
_LEGAL = frozenset(
    """
    ab ag aps as asa bhd bv co company corp corporation cv doo eg eireli eirl ev gbr gesellschaft gmbh inc
    incorporated kft kg kgaa kk lda limited limitada llc llp lp ltd ltda mbh me nv o oao ohg oo ooo oy oyj plc private
    pte pty pvt sa sab sapi sarl sas sasu sau sc sca sci scrl sdn se sk ska sl sll slu snc sociedad anonima soc sp spa
    spj spk spolka srl srls sro ug und z zoo zrt
    """.split()  # noqa: SIM905 - a hundred quoted words in a row are unreadable
)


def fold(text: str) -> str:
    """Lower case without accents: “Łucja GÓMEZ” → “lucja gomez”."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def person_key(first_name: str, last_name: str) -> str:
    """The words of a name in no order: people are written “Nowak Ana” and “Ana Nowak”."""
    return " ".join(sorted(_WORD.findall(fold(f"{first_name} {last_name}"))))


def company_key(name: str) -> str:
    """The name of a company as people mean it: “ACME, S.L.” and “Acme” are one. Never empty for a name."""
    words = _WORD.findall(_INITIALS.sub(r"\1", fold(name).replace("&", " ")).replace(".", ""))
    while len(words) > 1 and words[-1] in _LEGAL:
        words.pop()
    return " ".join(words)
