"""Finds and keeps what a record holds beyond its declared shape, and hashes its content.

A page is decoded once against the strict type of its shape. Nearly every page passes unchanged. In
one that does not, undeclared fields and values of another type move into the `_extra` of their row,
as JSON text in which every number stays as the API wrote it. What is not an object is rejected, and
what says that it belongs to another team or mode than the one that was asked for.
API: https://jcristharif.com/msgspec/usage.html
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from pipelines.gigstack.api.records import split_records
from pipelines.gigstack.normalize.schema import (
    EXTRA,
    INTEGER_DIGITS,
    LEAF_TYPES,
    TIME_TYPES,
    Shape,
    strict_decoder,
    strict_type,
)
from pipelines.gigstack.normalize.time_bounds import bounds_of

EXAMPLE_LENGTH = 200
MAX_DECIMAL = 10**INTEGER_DIGITS - Decimal("0.0000005")  # from here on it rounds up
# why a record is foreign, by the field that says so
FOREIGN_REASONS = {"team": "of another team", "livemode": "of another mode"}

_exact_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encode = msgspec.json.Encoder(decimal_format="number", order="deterministic").encode
_encode_for_hash = msgspec.msgpack.Encoder(order="deterministic").encode
_leaf_decoders = {name: strict_decoder(leaf) for name, leaf in LEAF_TYPES.items()}


@dataclass(frozen=True)
class DriftFinding:
    """An undeclared field or a value of another type: its path (`items[].discount`), an example."""

    path: str
    kind: str
    example: str


class Owner(NamedTuple):
    """Whom records must belong to, as far as they say it. None: nobody in particular."""

    team: str | None = None
    livemode: bool | None = None


NOBODY = Owner()


class Rejection(NamedTuple):
    """A record that cannot be loaded: why, because of which field, and its text."""

    reason: str
    field: str | None
    raw: bytes


@dataclass
class DriftResult:
    """A page's records in the form that can be loaded, and how they deviate from their shape."""

    records: bytes
    hashes: list[str | None] = field(default_factory=list)  # of each record; None for null
    findings: list[DriftFinding] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)
    lacks_needed_field: bool = False  # none of its records has the field that all should have


class DriftDetector:
    """Compares pages with the shape of one entity's records."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._attributes = {name: f"f{number}" for number, name in enumerate(shape)}
        self._page_decoder = strict_decoder(list[strict_type(shape)])  # type: ignore[misc]
        self._record_decoder = strict_decoder(strict_type(shape))
        self._repaired_decoder = strict_decoder(strict_type(shape, is_repaired=True))

    def fields(self) -> dict[str, str]:
        """The names of the declared fields, by the attribute of a decoded record."""
        stored = (name for name, kind in self._shape.items() if kind != "IGNORED")
        return {self._attributes[name]: name for name in stored}

    def detect(
        self,
        records: bytes,
        owner: Owner = NOBODY,
        needed_field: str | None = None,
        unseen: dict[str, str] | None = None,
    ) -> DriftResult:
        """The records unchanged if they fit their shape, otherwise with the rest in `_extra`.

        From `unseen` (see `fields`) goes what a record has.
        """
        result = DriftResult(records)
        try:
            decoded = self._page_decoder.decode(records)
        except (msgspec.DecodeError, RecursionError):
            decoded = self._repair_page(result)
        _cross_off(unseen or {}, decoded)
        if needed_field:
            attribute = self._attributes[needed_field]
            values = [getattr(one, attribute, None) for one in decoded if one is not None]
            result.lacks_needed_field = bool(values) and all(value is None for value in values)
        for name, expected in owner._asdict().items():
            if expected is not None and name in self._attributes:
                _reject_foreign(decoded, self._attributes[name], name, expected, records, result)
        result.hashes = [_hash(record) for record in decoded]
        return result

    def _repair_page(self, result: DriftResult) -> list[Any]:
        """Repair the records that do not fit, and decode all of them."""
        texts, decoded = [], []
        for raw in split_records(result.records):
            text = bytes(raw)
            try:
                record = self._record_decoder.decode(text)
            except (msgspec.DecodeError, RecursionError):
                text = self._repair_record(text, result)
                record = self._repaired_decoder.decode(text)
            texts.append(text)
            decoded.append(record)
        result.records = b"[" + b",".join(texts) + b"]"
        return decoded

    def repair(self, text: bytes) -> tuple[bytes, list[DriftFinding]]:
        """A record that its type lets pass, with the values that cannot be in its `_extra`. One
        that has an `_extra` was looked at before.
        """
        if f'"{EXTRA}"'.encode() in text:
            return text, []
        findings: list[DriftFinding] = []
        record = _exact_decoder.decode(text)
        return _encode(_fit_row(record, self._shape, "", findings)), findings

    def _repair_record(self, text: bytes, result: DriftResult) -> bytes:
        try:
            record = _exact_decoder.decode(text)
        except (msgspec.DecodeError, RecursionError):
            record = None
        if not isinstance(record, dict):
            result.rejected.append(Rejection("not an object", None, text))
            return b"null"  # keeps the positions of the other records
        return _encode(_fit_row(record, self._shape, "", result.findings))


def _cross_off(unseen: dict[str, str], decoded: list[Any]) -> None:
    """Remove the fields that some record has."""
    for attribute in list(unseen):
        if any(getattr(record, attribute, None) is not None for record in decoded):
            del unseen[attribute]


def _reject_foreign(
    decoded: list[Any],
    attribute: str,
    name: str,
    expected: object,
    records: bytes,
    result: DriftResult,
) -> None:
    """Reject the records whose field has another value than the expected one."""
    values = ((n, getattr(record, attribute, None)) for n, record in enumerate(decoded))
    foreign = [n for n, value in values if value not in (None, "", expected)]
    if not foreign:
        return
    originals, texts = split_records(records), split_records(result.records)
    for n in foreign:
        result.rejected.append(Rejection(FOREIGN_REASONS[name], name, bytes(originals[n])))
        decoded[n], texts[n] = None, msgspec.Raw(b"null")  # keeps the positions of the others
    result.records = b"[" + b",".join(map(bytes, texts)) + b"]"


def _hash(record: Any) -> str | None:
    """A hash of the record's content: typed, in declared order, free-form JSON sorted by key."""
    if record is None:
        return None
    try:
        content = _encode_for_hash(record)
    except OverflowError:  # MessagePack has no integers beyond 64 bits
        content = _encode(record)
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _fit_row(
    record: dict[str, Any], shape: Shape, path: str, findings: list[DriftFinding]
) -> dict[str, Any]:
    """A root or list element with what does not fit in its `_extra`."""
    fitting, extra = _fit_object(record, shape, path, findings)
    return fitting | {EXTRA: _encode(extra).decode()} if extra else fitting


def _fit_object(
    record: dict[str, Any], shape: Shape, path: str, findings: list[DriftFinding]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The part of an object that fits its shape, and the part that does not."""
    fitting: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, value in record.items():
        field_path = f"{path}{name}"
        if name not in shape:
            extra[name] = value
            findings.append(_finding(field_path, "unknown_field", value))
        elif value is None:
            fitting[name] = None
        elif isinstance(shape[name], dict) and isinstance(value, dict):
            fitting[name], rest = _fit_object(value, shape[name], f"{field_path}.", findings)
            extra |= {name: rest} if rest else {}
        elif (converted := _by_id(value, shape[name])) is not None:
            fitting[name], extra[name] = converted, value
            findings.append(_finding(field_path, "type_mismatch", value))
        elif isinstance(shape[name], list) and isinstance(value, list):
            fitting[name] = list(_fit_list(value, shape[name][0], f"{field_path}[]", findings))
        elif _fits(value, shape[name]):
            fitting[name] = value
        else:
            extra[name] = value
            findings.append(_finding(field_path, "type_mismatch", value))
    return fitting, extra


def _by_id(value: Any, shape: Any) -> Any:
    """An object by its id where an id is declared, and the other way round; else None."""
    if shape == "VARCHAR" and isinstance(value, dict) and isinstance(value.get("id"), str):
        return value["id"]
    if isinstance(shape, dict) and shape.get("id") == "VARCHAR" and isinstance(value, str):
        return {"id": value}
    return None


def _fit_list(
    values: list[Any], element: Any, path: str, findings: list[DriftFinding]
) -> Iterator[Any]:
    for value in values:
        if value is None or (not isinstance(element, dict) and _fits(value, element)):
            yield value
        elif isinstance(element, dict) and isinstance(value, dict):
            yield _fit_row(value, element, f"{path}.", findings)
        else:
            findings.append(_finding(path, "type_mismatch", value))
            text, converted = _encode(value).decode(), _by_id(value, element)
            yield (
                (converted or {}) | {EXTRA: text}
                if isinstance(element, dict)
                else converted or text
            )


def _fits(value: Any, leaf: Any) -> bool:
    if not isinstance(leaf, str):
        return False
    if leaf == "DECIMAL" and isinstance(value, Decimal):  # a float would round it to the bound
        return bool(abs(value) < MAX_DECIMAL)
    try:
        _leaf_decoders[leaf].decode(_encode(value))
    except msgspec.DecodeError:
        return False
    return leaf not in TIME_TYPES or bounds_of(leaf).admit(value)


def _finding(path: str, kind: str, value: Any) -> DriftFinding:
    return DriftFinding(path, kind, _encode(value).decode()[:EXAMPLE_LENGTH])
