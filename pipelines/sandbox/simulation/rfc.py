"""Mexican tax ids (RFC): format, check digit, and the two generic ones.

The check digit: values by place in ALPHABET, weights counted from the right, start sum 481 for
legal entities; with the digit the sum is a multiple of 11 (SAT, Anexo del RFC).
"""

from pipelines.sandbox.simulation.dice import Dice

ALPHABET = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ Ñ"
GENERIC = "XAXX010101000"  # the general public
FOREIGN = "XEXX010101000"  # residents abroad
_VALUE = {letter: value for value, letter in enumerate(ALPHABET)}
_HOMOCLAVE = "123456789ABCDEFGHIJKLMNPQRSTUVWXYZ"
_CONSONANTS = "BCDFGHJLMNPRSTV"


def check_digit(stem: str) -> str:
    """The last character for the 11 (legal entity) or 12 (individual) before it."""
    weights = range(len(stem) + 1, 1, -1)
    total = sum(_VALUE[letter] * weight for letter, weight in zip(stem, weights, strict=True))
    if len(stem) == 11:
        total += 481
    rest = (11 - total % 11) % 11
    return "A" if rest == 10 else str(rest)


def is_valid(tax_id: str) -> bool:
    return check_digit(tax_id[:-1]) == tax_id[-1]


def invent(dice: Dice, name: str, *, is_person: bool) -> str:
    """A tax id with a valid check digit that begins like the name."""
    letters = [letter for letter in name.upper() if letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZÑ&"]
    size = 4 if is_person else 3
    start = "".join(letters[:2]).ljust(2, "X")
    start += "".join(dice.pick(_CONSONANTS) for _ in range(size - 2))
    date = f"{dice.between(60, 100) if is_person else dice.between(0, 25):02d}"
    date += f"{dice.between(1, 13):02d}{dice.between(1, 29):02d}"
    stem = start + date + dice.pick(_HOMOCLAVE) + dice.pick(_HOMOCLAVE)
    return stem + check_digit(stem)


def spoil(tax_id: str) -> str:
    """The same tax id with a wrong check digit."""
    return tax_id[:-1] + ("1" if tax_id[-1] != "1" else "2")
