"""What the records of a page are made of: types, lengths and shapes of every field, no value.

A name is shown where the shape of the entity declares it, or where it looks like a programmer's
and does not stand below a free-form field, whose keys are the account's own.
API: https://docs.gigstack.io
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec

from pipelines.gigstack.diagnosis.disclosure import (
    is_free_form_name,
    is_plain_name,
    json_type,
    length_of,
    shape_of,
)
from pipelines.gigstack.normalize.schema import TIME_TYPES

MAX_DEPTH = 12
MAX_NAMES = 200  # of one object's undeclared members; one with more is a map
MAX_DIGITS = 30  # a number with more is told as one with so many
FIRESTORE_TIME = dict.fromkeys(("_seconds", "_nanoseconds", "seconds", "nanoseconds"), "BIGINT")
FREE_FORM = ("JSON", "IGNORED")
RECORD = "[]"  # the path of a record itself

Facts = dict[str, Any]
Words = Mapping[str, frozenset[str]]  # the accepted ones, by the path of a field
_decoder = msgspec.json.Decoder(float_hook=Decimal)


class Range:
    """The smallest and the largest of the numbers that were added."""

    def __init__(self) -> None:
        self.bounds: list[int] = []

    def add(self, number: int) -> None:
        low, high = self.bounds or (number, number)
        self.bounds = [min(low, number), max(high, number)]


@dataclass
class Field:
    """One field of all records of a page. `declared` is None where no shape knows the field.

    `unnamed` counts the types of members whose names are not kept.
    """

    declared: Any = None
    is_free_form: bool = False
    records: int = 0
    types: Counter[str] = field(default_factory=Counter)
    shapes: Counter[str] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)
    unnamed: Counter[str] = field(default_factory=Counter)
    ranges: dict[str, Range] = field(default_factory=dict)
    members: dict[str, "Field"] = field(default_factory=dict)
    element: "Field | None" = None
    last_record: int = -1

    @property
    def declared_members(self) -> Mapping[str, Any]:
        if self.declared in TIME_TYPES:
            return FIRESTORE_TIME
        return self.declared if isinstance(self.declared, dict) else {}

    def measure(self, name: str, number: int) -> None:
        self.ranges.setdefault(name, Range()).add(number)


def describe_fields(records: bytes, shape: Mapping[str, Any], words: Words) -> dict[str, Facts]:
    """The facts of every field of a JSON array of records, by its path (`items[].taxes[].rate`).

    The records themselves stand under `RECORD`. A text that cannot be read has no facts.
    """
    root = Field(dict(shape))
    try:
        elements = _decoder.decode(records)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return {}
    for number, record in enumerate(elements):
        _add(root, record, number, "", words, 0)
    return dict(_facts(root, RECORD))


def _add(known: Field, value: Any, record: int, path: str, words: Words, depth: int) -> None:
    kind = json_type(value)
    known.types[kind] += 1
    known.records += known.last_record != record
    known.last_record = record
    if kind == "number":
        _add_number(known, Decimal(value))
    elif kind == "string":
        _add_text(known, value, words.get(path))
    elif kind == "array":
        _add_elements(known, value, record, path, words, depth + 1)
    elif kind == "object":
        _add_members(known, value, record, path, words, depth + 1)


def _add_number(known: Field, number: Decimal) -> None:
    exponent = number.as_tuple().exponent
    known.measure("digits", min(max(1, number.adjusted() + 1), MAX_DIGITS))
    known.measure("decimals", min(max(0, -int(exponent)), MAX_DIGITS))


def _add_text(known: Field, text: str, accepted: frozenset[str] | None) -> None:
    known.measure("length", len(text))
    known.shapes[shape_of(text)] += 1
    if accepted is not None and (word := text.strip().lower()):
        known.words[word if word in accepted else length_of(word, "unknown word")] += 1


def _add_elements(
    known: Field, values: list[Any], record: int, path: str, words: Words, depth: int
) -> None:
    known.measure("elements", len(values))
    if known.is_free_form or depth > MAX_DEPTH:
        known.unnamed.update(map(json_type, values))
        return
    for value in values:
        known.element = known.element or _element(known.declared)
        _add(known.element, value, record, f"{path}[]", words, depth)


def _element(declared: Any) -> Field:
    """What is declared of the elements of a list, or of objects where one is declared."""
    of_elements = declared[0] if isinstance(declared, list) else declared
    is_known = isinstance(declared, list | dict)
    return Field(of_elements if is_known else None, is_known and of_elements in FREE_FORM)


def _add_members(
    known: Field, value: dict[str, Any], record: int, path: str, words: Words, depth: int
) -> None:
    known.measure("keys", len(value))
    for name, member in value.items():
        if depth > MAX_DEPTH or not _is_kept(known, name):
            known.unnamed[json_type(member)] += 1
            continue
        if name not in known.members:
            known.members[name] = _member(known, name)
        _add(known.members[name], member, record, f"{path}.{name}".lstrip("."), words, depth)


def _is_kept(known: Field, name: str) -> bool:
    if known.is_free_form:
        return False
    if name in known.members or name in known.declared_members:
        return True
    return is_plain_name(name) and len(known.members) < MAX_NAMES


def _member(known: Field, name: str) -> Field:
    declared = known.declared_members.get(name)
    is_free_form = declared in FREE_FORM or (declared is None and is_free_form_name(name))
    return Field(declared, is_free_form)


def _facts(known: Field, path: str) -> Iterator[tuple[str, Facts]]:
    """The facts of a field and of all below it."""
    shown = {name: one for name, one in known.members.items() if _is_shown(known, name, one)}
    unnamed = Counter(known.unnamed)
    for name, member in known.members.items():
        if name not in shown:
            unnamed.update(member.types)
    facts: Facts = {"records": known.records, "types": dict(known.types)}
    facts |= {} if known.declared is not None else {"is_undeclared": True}
    facts |= {name: measured.bounds for name, measured in known.ranges.items()}
    counted = {"shapes": known.shapes, "words": known.words, "unnamed": unnamed}
    yield path, facts | {name: dict(counts) for name, counts in counted.items() if counts}
    if known.element:
        yield from _facts(known.element, f"{path}[]")
    for name, member in shown.items():
        yield from _facts(member, name if path == RECORD else f"{path}.{name}")


def _is_shown(known: Field, name: str, member: Field) -> bool:
    """Whether a member's name is a field's, and not a key of a map.

    An object that no shape declares is a map unless most of its like have that member, or if all
    its members are objects.
    """
    if name in known.declared_members or isinstance(known.declared, dict):
        return True
    objects = known.types["object"]
    if objects > 1:
        return sum(member.types.values()) * 2 >= objects
    return any(set(one.types) != {"object"} for one in known.members.values())
