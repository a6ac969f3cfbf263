"""SAT's lists as a macro: every code by how people write it, itself or its name in either language.

A seed says what a code is; a name that two codes share says nothing.
"""

import csv
import unicodedata
from collections import defaultdict
from pathlib import Path

from pipelines.foundation.paths import SQL

MACRO = SQL / "macros" / "listed_codes.sql"
SEEDS = SQL / "seeds"
BY = "`make generate` writes this file from the lists in `sql/seeds`"
NAMES = ("description_es", "description_en")
CANCELLATIONS = {  # what sat_cfdi_status says, in the API's words
    "pending": "requested",
    "cancelled_direct": "accepted",
    "cancelled_approved": "accepted",
    "cancelled_expired": "accepted",
    "rejected": "rejected",
    "not_cancellable": "not_cancellable",
}
LONGEST = 40  # names beyond are no names that people write


def macro() -> str:
    lines = [
        f"{{#- {BY}: the codes of each list, and which",
        "    of them a text means, in capitals and without accents. -#}",
        "{% macro listed_codes() -%}",
        "    {{ return({",
    ]
    for path in sorted(SEEDS.glob("c_*.csv")):
        rows = _rows(path)
        codes = [row.get("code", "") for row in rows]
        if "" in codes or len(set(codes)) < len(codes):
            continue  # not a list of codes
        widths = {len(code) for code in codes if code.isdigit()}
        width = widths.pop() if len(widths) == 1 and all(map(str.isdigit, codes)) else 0
        lines.append(f"        '{path.stem}': {{'width': {width}, 'codes': {{")
        lines += [f"            {_quoted(name)}: '{code}'," for name, code in _meanings(rows)]
        lines.append("        }},")
    lines += ["    }) }}", "{%- endmacro %}", ""]
    lines += ["{#- SAT's words for a cancellation, and what they mean. -#}"]
    lines += ["{% macro cancellation_words() -%}", "    {{ return({"]
    lines += [f"        {_quoted(word)}: '{meant}'," for word, meant in sorted(_words().items())]
    return "\n".join([*lines, "    }) }}", "{%- endmacro %}"]) + "\n"


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _words() -> dict[str, str]:
    rows = _rows(SEEDS / "sat_cfdi_status.csv")
    return {
        folded(row[column]): CANCELLATIONS[row["normalized"]]
        for row in rows
        for column in ("code", *NAMES, "normalized")
        if row["field"] in ("EstatusCancelacion", "EsCancelable")
        and row["normalized"] in CANCELLATIONS
    }


def _meanings(rows: list[dict[str, str]]) -> list[tuple[str, str]]:
    """A code itself comes before the names of others."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        for column in NAMES:
            if row.get(column) and len(row[column]) <= LONGEST:
                found[folded(row[column])].add(row["code"])
    found |= {folded(row["code"]): {row["code"]} for row in rows}
    return sorted((name, codes.pop()) for name, codes in found.items() if len(codes) == 1)


def folded(text: str) -> str:
    """In capitals, without accents and blanks around it."""
    plain = unicodedata.normalize("NFD", text.strip().upper())
    return "".join(one for one in plain if not unicodedata.combining(one))


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def generated_macro() -> dict[Path, str]:
    return {MACRO: macro()}
