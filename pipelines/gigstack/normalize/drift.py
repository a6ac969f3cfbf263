"""Finds what a record holds beyond its declared shape, and keeps it; hashes what it holds.

A page is decoded once against the strict type of its shape. Nearly every page passes and goes on
untouched. In a page that does not, the unknown fields and the values that do not fit their type
move from where they stand into the row's `_extra`, as JSON text with every number as it was
written; what is no object at all is rejected.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec

from pipelines.gigstack.api.records import split_records
from pipelines.gigstack.normalize.schema import (
    EXTRA,
    LEAF_TYPES,
    Shape,
    strict_decoder,
    strict_type,
)

EXAMPLE_LENGTH = 200

_exact = msgspec.json.Decoder(float_hook=Decimal)
_encode = msgspec.json.Encoder(decimal_format="number", order="deterministic").encode
_encode_to_hash = msgspec.msgpack.Encoder(order="deterministic").encode
_leaf_decoders = {name: strict_decoder(leaf) for name, leaf in LEAF_TYPES.items()}


@dataclass(frozen=True)
class DriftFinding:
    """An undeclared field or ill-typed value: where (`items[].discount`), which, one example."""

    path: str
    kind: str
    example: str


@dataclass
class DriftResult:
    """A page's records as they can be loaded, with what was found on the way."""

    records: bytes
    hashes: list[str | None] = field(default_factory=list)  # of each record; None for null
    findings: list[DriftFinding] = field(default_factory=list)
    rejected: list[bytes] = field(default_factory=list)


class DriftDetector:
    """Compares pages with the shape of one object."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._page = strict_decoder(list[strict_type(shape)])  # type: ignore[misc]
        self._record = strict_decoder(strict_type(shape))
        self._mended = strict_decoder(strict_type(shape, is_mended=True))

    def drift(self, records: bytes) -> DriftResult:
        """The page unchanged when it is regular, else with its leftovers in `_extra`."""
        drift = DriftResult(records)
        try:
            decoded = self._page.decode(records)
        except msgspec.DecodeError:
            decoded = self._repair_each(drift)
        drift.hashes = [_hash(record) for record in decoded]
        return drift

    def _repair_each(self, drift: DriftResult) -> list[Any]:
        """Mend the records that are irregular, and decode all that stay."""
        texts, decoded = [], []
        for raw in split_records(drift.records):
            text = bytes(raw)
            try:
                record = self._record.decode(text)
            except msgspec.DecodeError:
                text = self._repair_record(text, drift)
                record = self._mended.decode(text)
            texts.append(text)
            decoded.append(record)
        drift.records = b"[" + b",".join(texts) + b"]"
        return decoded

    def _repair_record(self, text: bytes, drift: DriftResult) -> bytes:
        try:
            record = _exact.decode(text)
        except msgspec.DecodeError:
            record = None
        if not isinstance(record, dict):
            drift.rejected.append(text)
            return b"null"  # keeps the places of the others
        return _encode(_fitted_row(record, self._shape, "", drift.findings))


def _hash(record: Any) -> str | None:
    """A hash of the record's content: typed, in declared order, free-form JSON sorted by key."""
    if record is None:
        return None
    try:
        content = _encode_to_hash(record)
    except OverflowError:  # MessagePack has no integers beyond 64 bits
        content = _encode(record)
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _fitted_row(
    record: dict[str, Any], shape: Shape, path: str, findings: list[DriftFinding]
) -> dict[str, Any]:
    fitted, extra = _fitted_object(record, shape, path, findings)
    return fitted | {EXTRA: _encode(extra).decode()} if extra else fitted


def _fitted_object(
    record: dict[str, Any], shape: Shape, path: str, findings: list[DriftFinding]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The part of an object that fits its shape, and the part that does not."""
    fitted: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, value in record.items():
        here = f"{path}{name}"
        if name not in shape:
            extra[name] = value
            findings.append(_finding(here, "unknown_field", value))
        elif value is None:
            fitted[name] = None
        elif isinstance(shape[name], dict) and isinstance(value, dict):
            fitted[name], rest = _fitted_object(value, shape[name], f"{here}.", findings)
            extra |= {name: rest} if rest else {}
        elif isinstance(shape[name], list) and isinstance(value, list):
            fitted[name] = list(_fitted_list(value, shape[name][0], f"{here}[]", findings))
        elif _fits(value, shape[name]):
            fitted[name] = value
        else:
            extra[name] = value
            findings.append(_finding(here, "type_mismatch", value))
    return fitted, extra


def _fitted_list(
    values: list[Any], element: Any, path: str, findings: list[DriftFinding]
) -> Iterator[Any]:
    for value in values:
        if value is None or (not isinstance(element, dict) and _fits(value, element)):
            yield value
        elif isinstance(element, dict) and isinstance(value, dict):
            yield _fitted_row(value, element, f"{path}.", findings)
        else:
            findings.append(_finding(path, "type_mismatch", value))
            text = _encode(value).decode()
            yield {EXTRA: text} if isinstance(element, dict) else text


def _fits(value: Any, leaf: Any) -> bool:
    if not isinstance(leaf, str):
        return False
    try:
        _leaf_decoders[leaf].decode(_encode(value))
    except msgspec.DecodeError:
        return False
    return True


def _finding(path: str, kind: str, value: Any) -> DriftFinding:
    return DriftFinding(path, kind, _encode(value).decode()[:EXAMPLE_LENGTH])
