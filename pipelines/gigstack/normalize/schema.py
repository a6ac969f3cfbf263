"""The shape of an object of the API, as its file in `sql/loader/normalize/` declares it.

A shape is a JSON object of field names and types. A type is `VARCHAR`, `DECIMAL`, `BIGINT`,
`BOOLEAN`, `DOUBLE`, `TIME` (any of the API's spellings of a timestamp in an object's life),
`ANY_TIME` (the same, of a day that a person wrote), `JSON` (free-form, kept whole), `IGNORED`
(known, but never stored), a nested shape, a list of one of these, or the name of a shape in
`sql/loader/normalize/shared.json`.

Two types follow from it: the structure for DuckDB's `from_json`, and the strict msgspec type that
accepts nothing undeclared and gives the content that is hashed.
API: https://jcristharif.com/msgspec/types.html
"""

import json
from typing import Annotated, Any

import duckdb
import msgspec

from pipelines.foundation.paths import NORMALIZE_SQL, read_sql

EXTRA = "_extra"  # takes what a record has beyond its shape, as JSON text (see drift.py)

# of leaves; others keep their name
DUCKDB_TYPES = {"DECIMAL": "DECIMAL(18,6)", "TIME": "VARCHAR", "ANY_TIME": "VARCHAR"}

TIME_TYPES = ("TIME", "ANY_TIME")
INTEGER_DIGITS = 12  # DECIMAL(18,6) holds no more before the point
_LIMIT = 10**INTEGER_DIGITS - 1
_INTEGER = Annotated[int, msgspec.Meta(ge=-_LIMIT, le=_LIMIT)]
_FLOAT = Annotated[float, msgspec.Meta(gt=-_LIMIT - 1, lt=_LIMIT + 1)]
_DECIMAL_TEXT = Annotated[  # more decimals are rounded, as those of a number are
    str, msgspec.Meta(pattern=r"^$|^-?\d{1,12}(\.\d{1,6})?$|^-?\d{1,11}\.\d{7,30}$")
]
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

_MAX_TIME = 10**13 - 1  # the year 2286 in milliseconds; a longer number is not a time
_TIME_INTEGER = Annotated[int, msgspec.Meta(ge=0, le=_MAX_TIME)]
_TIME_FLOAT = Annotated[float, msgspec.Meta(ge=0, le=_MAX_TIME)]
_SECONDS = Annotated[int, msgspec.Meta(ge=0, le=10**11)]
# a timestamp as Firestore writes it: {"_seconds": 1759276800, "_nanoseconds": 0}
_FIRESTORE_TIME = msgspec.defstruct(
    "FirestoreTime",
    [
        (f"f{number}", _SECONDS | None, msgspec.field(name=name, default=None))
        for number, name in enumerate(("_seconds", "_nanoseconds", "seconds", "nanoseconds"))
    ],
    forbid_unknown_fields=True,
    omit_defaults=True,
)


_TIME = _TIME_INTEGER | _TIME_FLOAT | _TIME_TEXT | _FIRESTORE_TIME | None


class Ignored:
    """A field that is known but never stored; its value decodes to `IGNORED`, outside the hash."""


IGNORED = Ignored()

LEAF_TYPES: dict[str, Any] = {
    "VARCHAR": str | int | float | None,
    "DECIMAL": _INTEGER | _FLOAT | _DECIMAL_TEXT | None,
    "BIGINT": _BIGINT | _INTEGER_TEXT | None,
    "BOOLEAN": bool | None,
    "DOUBLE": int | float | None,
    "TIME": _TIME,
    "ANY_TIME": _TIME,
    "JSON": Any,
    "IGNORED": Ignored,
}

# after a repair, the bounds of a number have been compared exactly
REPAIRED_TYPES = LEAF_TYPES | {"DECIMAL": int | float | str | None}

Shape = dict[str, Any]


def shared_shapes() -> Shape:
    return json.loads(read_sql(NORMALIZE_SQL / "shared.json"))  # type: ignore[no-any-return]


def read_shape(entity: str) -> Shape:
    """The shape that an entity's file declares, with the shared shapes in place of their names."""
    with duckdb.connect() as database:
        declaration, *_ = database.extract_statements(read_sql(NORMALIZE_SQL / f"{entity}.sql"))
        database.execute(declaration)
        return declared_shape(database)


def declared_shape(database: duckdb.DuckDBPyConnection) -> Shape:
    """The shape that the declaration of an entity's file has set in a database."""
    (declared,) = database.execute("select getvariable('shape')").fetchone() or ("{}",)
    return resolve(json.loads(declared), shared_shapes())  # type: ignore[no-any-return]


def resolve(declared: Any, shared: Shape) -> Any:
    """A declared shape with the shared shapes in place of their names."""
    if isinstance(declared, dict):
        return {name: resolve(value, shared) for name, value in declared.items()}
    if isinstance(declared, list):
        return [resolve(declared[0], shared)]
    return resolve(shared[declared], shared) if declared in shared else declared


def structure(shape: Any, *, is_row: bool = True) -> Any:
    """The structure for DuckDB's `from_json`; every row (root or list element) has an `_extra`."""
    if isinstance(shape, list):
        return [structure(shape[0])]
    if not isinstance(shape, dict):
        return DUCKDB_TYPES.get(shape, shape)
    fields = {
        name: structure(value, is_row=False) for name, value in shape.items() if value != "IGNORED"
    }
    return fields | ({EXTRA: "VARCHAR"} if is_row else {})


def strict_type(shape: Any, *, is_row: bool = True, is_repaired: bool = False) -> Any:
    """The msgspec type that accepts only what the shape declares.

    Rows that were repaired may have an `_extra`. The same content always encodes to the same text:
    fields are in declared order, and an absent field equals null.
    """
    if isinstance(shape, list):
        return list[strict_type(shape[0], is_repaired=is_repaired)] | None  # type: ignore[misc]
    if not isinstance(shape, dict):
        return (REPAIRED_TYPES if is_repaired else LEAF_TYPES)[shape]
    names = [*shape, EXTRA] if is_row and is_repaired else list(shape)
    fields = [
        (
            f"f{number}",
            strict_type(shape.get(name, "VARCHAR"), is_row=False, is_repaired=is_repaired),
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
