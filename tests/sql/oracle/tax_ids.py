"""The tax id (RFC): form, check digit, kind of person (SAT, Anexo del RFC)."""

import html
import re
import unicodedata
from datetime import datetime

GENERIC = ("XAXX010101000", "XEXX010101000")
_FORM = re.compile(
    r"[A-ZÑ&]{3,4}\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])[A-Z0-9]{2}[0-9A]", re.ASCII
)
_VALUES = {letter: value for value, letter in enumerate("0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ Ñ")}


def normalized(tax_id: str | None) -> str:
    text = unicodedata.normalize("NFC", html.unescape(tax_id or ""))
    return "".join(one for one in text if one.isprintable() and one not in " -").upper()


def is_well_formed(tax_id: str) -> bool:
    return bool(_FORM.fullmatch(tax_id)) and any(map(_is_day, _dates(tax_id)))


def _dates(tax_id: str) -> list[str]:
    """Of birth or foundation, in either century."""
    digits = tax_id[-9:-3]
    return [century + digits for century in ("19", "20")]


def _is_day(digits: str) -> bool:
    try:
        return bool(datetime.strptime(digits, "%Y%m%d"))
    except ValueError:
        return False


def is_person(tax_id: str) -> bool:
    """An individual (13 characters), not a legal entity (12)."""
    return len(tax_id) == 13


def has_right_digit(tax_id: str) -> bool:
    weighted = (_VALUES[letter] * place for place, letter in enumerate(reversed(tax_id), 1))
    return (sum(weighted) + (0 if is_person(tax_id) else 481)) % 11 == 0
