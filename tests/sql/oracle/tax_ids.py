"""The tax id (RFC): form, check digit, kind of person (SAT, Anexo del RFC)."""

import re

GENERIC = ("XAXX010101000", "XEXX010101000")
_FORM = re.compile(
    r"[A-ZÑ&]{3,4}\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])[A-Z0-9]{2}[0-9A]", re.ASCII
)
_VALUES = {letter: value for value, letter in enumerate("0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ Ñ")}


def normalized(tax_id: str | None) -> str:
    return re.sub(r"[\s-]", "", tax_id or "").upper()


def is_well_formed(tax_id: str) -> bool:
    return bool(_FORM.fullmatch(tax_id))


def is_person(tax_id: str) -> bool:
    """An individual (13 characters), not a legal entity (12)."""
    return len(tax_id) == 13


def has_right_digit(tax_id: str) -> bool:
    weighted = (_VALUES[letter] * place for place, letter in enumerate(reversed(tax_id), 1))
    return (sum(weighted) + (0 if is_person(tax_id) else 481)) % 11 == 0
