"""Numbers that look random and follow from where they are rolled, for one happening at a time.

A happening (a new invoice, the payment of one) rolls dice of its own, whose state is made of the
seed, the team, the day, the list and what caused it. Another list, another event or one more roll
somewhere else therefore changes nothing but itself and what follows from it.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

from pipelines.sandbox.storage.store import Record

T = TypeVar("T")
_WORD = (1 << 64) - 1
# the generator of POSIX's drand48: x -> x * a + c modulo 2^48
_MULTIPLIER, _INCREMENT = 0x5DEECE66D, 0xB
_MODULUS = 1 << 48
_TO_FRACTION = 1 / _MODULUS
_SCATTER = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)  # odd, bits well mixed


def origin_of(text: str) -> int:
    """A number of 64 bits that stands for the text."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def scattered(origin: int, number: int, cause: int) -> int:
    """A state of 48 bits for this list number and cause: close ones lead to states far apart."""
    word = (origin + number * _SCATTER[0] ^ cause * _SCATTER[1]) & _WORD
    word = (word ^ word >> 31) * _SCATTER[2] & _WORD
    return ((word ^ word >> 29) * _SCATTER[1] & _WORD) >> 16


class Dice:
    """A generator of its own for one happening."""

    __slots__ = ("_state",)

    def __init__(self, state: int) -> None:
        self._state = state

    def random(self) -> float:
        """0 <= x < 1."""
        self._state = state = (self._state * _MULTIPLIER + _INCREMENT) % _MODULUS
        return state * _TO_FRACTION

    def chance(self, probability: float) -> bool:
        return self.random() < probability

    def pick(self, choices: Sequence[T]) -> T:
        return choices[int(self.random() * len(choices))]

    def between(self, low: int, high: int) -> int:
        """A whole number, low <= n < high."""
        return low + int(self.random() * (high - low))

    def some(self, expected: float) -> int:
        """How many happen today of what happens `expected` times a day on average."""
        return int(expected + self.random())

    def sample(self, choices: Sequence[T], size: int) -> list[T]:
        """That many of the choices, none twice, in any order."""
        left = list(choices)
        return [left.pop(self.between(0, len(left))) for _ in range(size)]

    def metadata(self) -> Record:
        """What customers put there: nothing, a flat map, or any depth."""
        die = self.random()
        if die < 0.6:
            return {}
        if die < 0.9:
            return {"order": str(int(die * 1e6)), "canal": "web" if die < 0.8 else "teléfono"}
        return {"nivel": {"más": [1, {"ñ": None}], "ok": True}, "nota": 'dijo "sí"'}
