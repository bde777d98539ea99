"""Which encoding a file is written in: found out before anything is imported."""

from __future__ import annotations

import codecs
import io
from typing import TYPE_CHECKING, NamedTuple

from charset_normalizer import from_bytes
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from pathlib import Path

CHUNK = 1 << 20
# What single-byte files of offices are written in, the likeliest first: it wins where several read equally well.
SINGLE_BYTE = ("cp1252", "mac_roman", "cp1250", "cp1251", "cp1253", "cp1254")
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
NUL_SHARE = 0.3
SAMPLE = 64_000


class FileError(Exception):
    """The file as a whole cannot be read; ``line`` says where, when there is a place."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line

    def __str__(self) -> str:
        return _("line %(line)d: %(message)s") % vars(self) if self.line else self.message


class Encoding(NamedTuple):
    """The codec, and whether single lines are in another one (those rows are rejected by line)."""

    name: str
    mixed: bool = False


def find(path: Path, declared: str = "") -> Encoding:
    """The encoding of the file. Raises FileError: unreadable, empty, or not what was declared (first wrong line)."""
    try:
        with path.open("rb") as stream:
            start = stream.read(CHUNK)
    except OSError as error:
        raise FileError(_("The file cannot be read: %(why)s.") % {"why": error.strerror}) from error
    if not start.strip(b"\xef\xbb\xbf\xfe\xff\x00 \t\r\n"):
        raise FileError(_("The file is empty."), 1)
    return _declared(path, declared, start) if declared else _detected(path, start)


def _declared(path: Path, declared: str, start: bytes) -> Encoding:
    try:
        name = codecs.lookup(declared).name
        "a".encode(name)  # refuses what Python knows as a codec and is none of text, such as “hex” and “bz2”
    except (LookupError, ValueError) as error:
        raise FileError(_("There is no encoding “%(name)s”.") % {"name": declared}) from error
    if name == "utf-8" and start.startswith(codecs.BOM_UTF8):
        name = "utf-8-sig"
    line = first_bad_line(path, name)
    if line:
        raise FileError(_("This is not written in %(name)s, as the mapping declares.") % {"name": declared}, line)
    return Encoding(name)


def _detected(path: Path, start: bytes) -> Encoding:
    name = _by_bom(start) or _by_nuls(start) or "utf-8"
    line = first_bad_line(path, name)
    if not line:
        return Encoding(name)
    if not name.startswith("utf-8"):
        raise FileError(_("The file begins as %(name)s, but this is not.") % {"name": name.upper()}, line)
    return _not_utf8(path, name)


def _by_bom(start: bytes) -> str:
    return next((name for bom, name in BOMS if start.startswith(bom)), "")


def _by_nuls(start: bytes) -> str:
    """UTF-16 without a mark: of mostly ASCII text, every second byte is NUL."""
    half = max(len(start) // 2, 1)
    if start[1::2].count(0) / half > NUL_SHARE:
        return "utf-16-le"
    return "utf-16-be" if start[0::2].count(0) / half > NUL_SHARE else ""


def first_bad_line(path: Path, encoding: str) -> int:
    """The line of the first byte that is not of this encoding; 0 when all are."""
    decoder = codecs.getincrementaldecoder(encoding)()
    newlines = io.IncrementalNewlineDecoder(None, translate=True)
    lines = 1
    with path.open("rb") as stream:
        while True:
            chunk = stream.read(CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                good = error.object[: error.start].decode(encoding, errors="ignore")
                return lines + newlines.decode(good).count("\n")
            lines += newlines.decode(text, final=not chunk).count("\n")
            if not chunk:
                return 0


def _not_utf8(path: Path, name: str) -> Encoding:
    """Either the lines of two exports in one file, or a single-byte encoding."""
    good, bad, sample = _survey(path)
    if good and good >= bad // 20:
        return Encoding(name, mixed=True)
    guess = _single_byte(sample)
    if not guess or first_bad_line(path, guess):
        raise FileError(
            _("The encoding cannot be told; declare it in the mapping: [file] encoding = “…”."),
            first_bad_line(path, "utf-8"),
        )
    return Encoding(guess)


def _survey(path: Path) -> tuple[int, int, bytes]:
    """How many lines with accents are UTF-8, how many are not, and some of the latter."""
    good, bad, sample = 0, 0, bytearray()
    with path.open("rb") as stream:
        for line in stream:
            if line.isascii():
                continue
            try:
                line.decode()
                good += 1
            except UnicodeDecodeError:
                bad += 1
                sample += line if len(sample) < SAMPLE else b""
    return good, bad, bytes(sample[: 4 * SAMPLE])


def _single_byte(sample: bytes) -> str:
    found = from_bytes(sample, cp_isolation=list(SINGLE_BYTE))
    readings = [match for match in found if match.encoding in SINGLE_BYTE]
    # Old Macs ended their lines by a carriage return alone, and nothing else did.
    mac = b"\n" not in sample.replace(b"\r\n", b"") and b"\r" in sample.replace(b"\r\n", b"")
    order = sorted(readings, key=lambda match: (match.chaos, SINGLE_BYTE.index(match.encoding)))
    names = [match.encoding for match in order]
    return "mac_roman" if mac and "mac_roman" in names else next(iter(names), "")


def repaired(line: str) -> str | None:
    """The line as it was before somebody encoded its UTF-8 once more (“JosÃ©”); None when nobody did."""
    if line.isascii():
        return None
    try:
        return _windows_bytes(line).decode("utf-8")
    except UnicodeError:
        return None


def _windows_bytes(text: str) -> bytes:
    """cp1252 leaves five bytes undefined; Windows maps them to the control characters of the same number."""
    try:
        return text.encode("cp1252")
    except UnicodeEncodeError:
        return b"".join(char.encode("latin-1" if 0x80 <= ord(char) <= 0x9F else "cp1252") for char in text)
