"""Finds values that a closed vocabulary lacks, such as an unknown status.

`sql/loader/normalize/accepted_values.json` lists, by entity and column of its root table, every
value that the API's documentation, the vendor's clients or SAT's catalogues name, in lower case. A
column whose values no source lists in full is left out. API: https://docs.gigstack.io
"""

import json
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.foundation.paths import NORMALIZE_SQL, read_sql


def accepted_values(entity: str) -> dict[str, frozenset[str]]:
    """The accepted values by column; most entities have no such column."""
    vocabularies = json.loads(read_sql(NORMALIZE_SQL / "accepted_values.json"))
    return {column: frozenset(values) for column, values in vocabularies.get(entity, {}).items()}


def find_unaccepted_values(
    roots: pa.Table, accepted_by_column: Mapping[str, frozenset[str]]
) -> list[tuple[int, str, str]]:
    """Origin, column and value, as the API sent it, of every root row with an unaccepted value.

    Case and surrounding blanks are ignored, and a missing value is accepted.
    """
    findings = []
    for column, accepted in accepted_by_column.items():
        values = pc.unique(roots[column]).to_pylist()
        unaccepted = [value for value in values if _normalize(value) not in accepted | {""}]
        if unaccepted:
            is_unaccepted = pc.is_in(roots[column], pa.array(unaccepted, roots[column].type))
            rows = roots.select(["origin", column]).filter(is_unaccepted).to_pylist()
            findings += [(row["origin"], column, row[column]) for row in rows]
    return findings


def _normalize(value: str | None) -> str:
    return (value or "").strip().lower()
