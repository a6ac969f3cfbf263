"""What an object of the API looks like, as declared at the head of its file in `sql/loader/normalize/`.

A shape is a JSON object: field name to type. Types are `VARCHAR`, `DECIMAL`, `BIGINT`, `BOOLEAN`,
`DOUBLE`, `TIME` (any of the API's spellings of a moment), `JSON` (free-form, kept whole),
`IGNORED` (known, never stored), a nested shape, a list of one of these, or the name of a shape in
`sql/loader/normalize/shared.json`. From it follow DuckDB's `from_json` structure and the strict type that
tells which records hold something undeclared, and gives the text that is hashed.
"""

import json
from typing import Annotated, Any

import msgspec

from pipelines.foundation.paths import NORMALIZE_SQL, read_sql

EXTRA = "_extra"  # where drift.py leaves what a record has beyond its shape, as JSON text

type_of_leaf: dict[str, str] = {"DECIMAL": "DECIMAL(18,6)", "TIME": "VARCHAR"}

INTEGER_DIGITS = 12  # DECIMAL(18,6) holds no more before the point
_LIMIT = 10**INTEGER_DIGITS - 1
_INTEGER = Annotated[int, msgspec.Meta(ge=-_LIMIT, le=_LIMIT)]
_FLOAT = Annotated[float, msgspec.Meta(gt=-_LIMIT - 1, lt=_LIMIT + 1)]
_DECIMAL_TEXT = Annotated[str, msgspec.Meta(pattern=r"^$|^-?\d{1,12}(\.\d{1,6})?$")]
_INTEGER_TEXT = Annotated[str, msgspec.Meta(pattern=r"^$|^-?\d{1,18}$")]
_BIGINT = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_TIME_TEXT = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^$|^\d{1,13}(\.\d+)?$"
        r"|^\d{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d)|(?:0[13-9]|1[0-2])-30"
        r"|(?:0[13578]|1[02])-31)"
        r"([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?)?$"
    ),
]


_LATEST_TIME = 10**13 - 1  # in milliseconds the year 2286; longer numbers are no time
_TIME_INTEGER = Annotated[int, msgspec.Meta(ge=0, le=_LATEST_TIME)]
_TIME_FLOAT = Annotated[float, msgspec.Meta(ge=0, le=_LATEST_TIME)]
_SECONDS = Annotated[int, msgspec.Meta(ge=0, le=10**11)]
# a moment as Firestore writes it: {"_seconds": 1759276800, "_nanoseconds": 0}
_FIRESTORE_TIME = msgspec.defstruct(
    "FirestoreTime",
    [
        (f"f{number}", _SECONDS | None, msgspec.field(name=name, default=None))
        for number, name in enumerate(("_seconds", "_nanoseconds", "seconds", "nanoseconds"))
    ],
    forbid_unknown_fields=True,
    omit_defaults=True,
)


class Ignored:
    """What is known and never stored; all of it decodes to `IGNORED` and is left out of hashes."""


IGNORED = Ignored()

LEAF_TYPES: dict[str, Any] = {
    "VARCHAR": str | int | float | None,
    "DECIMAL": _INTEGER | _FLOAT | _DECIMAL_TEXT | None,
    "BIGINT": _BIGINT | _INTEGER_TEXT | None,
    "BOOLEAN": bool | None,
    "DOUBLE": int | float | None,
    "TIME": _TIME_INTEGER | _TIME_FLOAT | _TIME_TEXT | _FIRESTORE_TIME | None,
    "JSON": Any,
    "IGNORED": Ignored,
}

Shape = dict[str, Any]


def shared_shapes() -> Shape:
    return json.loads(read_sql(NORMALIZE_SQL / "shared.json"))  # type: ignore[no-any-return]


def resolve(declared: Any, shared: Shape) -> Any:
    """Put the shared shapes in the place of their names."""
    if isinstance(declared, dict):
        return {name: resolve(value, shared) for name, value in declared.items()}
    if isinstance(declared, list):
        return [resolve(declared[0], shared)]
    return resolve(shared[declared], shared) if declared in shared else declared


def structure(shape: Any, *, is_row: bool = True) -> Any:
    """The structure for DuckDB's `from_json`; every row (root, list element) gets its `_extra`."""
    if isinstance(shape, list):
        return [structure(shape[0])]
    if not isinstance(shape, dict):
        return type_of_leaf.get(shape, shape)
    fields = {
        name: structure(value, is_row=False) for name, value in shape.items() if value != "IGNORED"
    }
    return fields | ({EXTRA: "VARCHAR"} if is_row else {})


def strict_type(shape: Any, *, is_row: bool = True, is_mended: bool = False) -> Any:
    """The msgspec type that decodes only what the shape declares; anything else is an error. Rows
    that were mended may have their leftovers in `_extra`.

    Encoded again without defaults it gives the same text for the same content: fields in declared
    order, absent and null alike.
    """
    if isinstance(shape, list):
        return list[strict_type(shape[0], is_mended=is_mended)] | None  # type: ignore[misc]
    if not isinstance(shape, dict):
        return LEAF_TYPES[shape]
    names = [*shape, EXTRA] if is_row and is_mended else list(shape)
    fields = [
        (
            f"f{number}",
            strict_type(shape.get(name, "VARCHAR"), is_row=False, is_mended=is_mended),
            msgspec.field(name=name, default=IGNORED if shape.get(name) == "IGNORED" else None),
        )
        for number, name in enumerate(names)
    ]
    record = msgspec.defstruct(
        "Record", fields, forbid_unknown_fields=True, omit_defaults=True, gc=False
    )
    return record | None


def strict_decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    """A decoder of a strict type, or of a list of one."""
    return msgspec.json.Decoder(kind, dec_hook=lambda _type, _value: IGNORED)
