"""Finds the words that a closed vocabulary does not have, such as a status nobody has heard of.

`sql/loader/normalize/accepted_values.json` lists, by entity and column of its root table, every word that the API's
documentation, the vendor's clients or SAT's catalogues know, in lower case. A column whose words
none of them lists in full is not there. API: https://docs.gigstack.io
"""

import json
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.foundation.paths import NORMALIZE_SQL, read_sql


def accepted_values(entity: str) -> dict[str, frozenset[str]]:
    """The known words of each column that has a closed vocabulary; none for most entities."""
    vocabularies = json.loads(read_sql(NORMALIZE_SQL / "accepted_values.json"))
    return {column: frozenset(words) for column, words in vocabularies.get(entity, {}).items()}


def find_unaccepted_values(
    roots: pa.Table, words: Mapping[str, frozenset[str]]
) -> list[tuple[int, str, str]]:
    """Origin, column and word, as it was sent, of every root row that has an unknown word.

    Neither case nor surrounding blanks make a word unknown, and no word is not an unknown one.
    """
    found = []
    for column, known in words.items():
        sent = pc.unique(roots[column]).to_pylist()
        unknown = [word for word in sent if _plain(word) not in known | {""}]
        if unknown:
            is_unknown = pc.is_in(roots[column], pa.array(unknown, roots[column].type))
            rows = roots.select(["origin", column]).filter(is_unknown).to_pylist()
            found += [(row["origin"], column, row[column]) for row in rows]
    return found


def _plain(word: str | None) -> str:
    return (word or "").strip().lower()
