"""What people type, made comparable: addresses, names, characters nobody sees. No Django in it."""

from __future__ import annotations

import re
import unicodedata

# Characters that take no place on a screen and survive a copy from a web page or a spreadsheet.
INVISIBLE = (
    "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff"
)
_BLANK = "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
_EDGES = INVISIBLE + _BLANK + "".join(map(chr, [*range(1, 33), 127, *range(128, 161)]))

# Line breaks and tabs are text; the other control characters are damage.
_CONTROL = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]")

# Marks that stand on a letter; NFKD has taken them off it. The database's baton_fold names the same ones.
_MARKS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")
# Letters that are no letter with a mark.
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", **dict(zip("łøđðħıŧŋς", "loddhitnσ", strict=True))}
)
# What stands between words; the same in the database's baton_words.
_BETWEEN = re.compile(
    "[\x01-\x2f\x3a-\x40\x5b-\x60\x7b-\xbf\xd7\xf7\u2000-\u206f\u20a0-\u20cf\u2190-\u2bff\u2e00-\u2e7f\u3000-\u303f"
    "\ufe00-\ufe0f\ufe30-\ufe6f\ufeff\uff00-\uff0f\ufffd]+"
)
WORD = 100

# One address has one company behind it only where the domain is the company's own; the last line is set aside for
# documentation and belongs to nobody.
FREE_MAIL = frozenset(
    """
    126.com 163.com aol.com att.net bellsouth.net bol.com.br btinternet.com charter.net comcast.net cox.net
    earthlink.net email.com fastmail.com free.fr freenet.de gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net
    googlemail.com hey.com hotmail.co.uk hotmail.com hotmail.de hotmail.es hotmail.fr hotmail.it icloud.com ig.com.br
    inbox.com interia.pl laposte.net libero.it live.co.uk live.com live.nl mac.com mail.com mail.ru mailinator.com
    me.com msn.com naver.com o2.pl oi.com.br onet.pl op.pl orange.fr outlook.com outlook.de outlook.es outlook.fr
    poczta.onet.pl posteo.de proton.me protonmail.com qq.com rediffmail.com rocketmail.com sbcglobal.net sfr.fr
    sina.com sky.com t-online.de telefonica.net terra.com.br tiscali.it tutanota.com uol.com.br verizon.net
    virgilio.it wanadoo.fr web.de wp.pl yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com yahoo.com.br yahoo.de
    yahoo.es yahoo.fr yahoo.in yahoo.it yandex.com yandex.ru ymail.com zoho.com
    example.com example.net example.org
    """.split()  # noqa: SIM905 - a hundred quoted words in a row are unreadable
)


def normalise_email(text: str) -> str:
    """The address as it is stored and compared: no blanks or invisible characters around it, lower case."""
    return text.strip(_EDGES).lower()


def tidy(text: str) -> str:
    """One line or more of text as it is stored: composed (NFC), no control characters, nothing invisible around it."""
    return _CONTROL.sub("", unicodedata.normalize("NFC", text)).strip(_EDGES)


def domain_of(email: str) -> str:
    """What stands behind the last @, or nothing."""
    return email.rpartition("@")[2].strip().lower() if "@" in email else ""


def normalise_domain(text: str) -> str:
    """The web domain of what people paste: a domain, a URL or ``www.`` before it."""
    bare = re.sub(r"^[a-z][a-z0-9+.-]*://", "", tidy(text).lower())
    return bare.split("/")[0].split("?")[0].split(":")[0].removeprefix("www.").strip(".")


def is_free_mail(domain: str) -> bool:
    """Whether anybody can have an address there, so that it says nothing about a company."""
    return domain.lower() in FREE_MAIL


def own_domain(domain: str) -> str:
    """The domain, unless anybody can have an address there: that is no company's."""
    return "" if is_free_mail(domain) else domain


def company_domain(email: str) -> str:
    """The domain of the company that an address belongs to; nothing for a free mail provider."""
    return own_domain(domain_of(email))


def split_name(full_name: str) -> tuple[str, str]:
    """First and last name of a name written in one field: ``Last, First``, else the last word is the last name."""
    name = " ".join(tidy(full_name).split())
    last, comma, first = name.partition(",")
    if comma and last.strip() and first.strip():
        return first.strip(), last.strip()
    first, _, last = name.rpartition(" ")
    return first, last


def fold(text: str) -> str:
    """The text as it is searched: no capitals, no accents; the database's ``baton_fold`` says the same."""
    if text.isascii():
        return text.lower()
    return _MARKS.sub("", unicodedata.normalize("NFKD", text)).lower().translate(_LETTERS)


def words(text: str) -> list[str]:
    """The folded words of a text, each once, in their order; what is no letter and no digit parts them."""
    return list(dict.fromkeys(word[:WORD] for word in _BETWEEN.split(fold(text)) if word))
