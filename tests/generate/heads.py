"""What the comments in `sql/loader/normalize/<entity>.sql` say of its tables and columns.

A head is a block of comments that opens with the table's name and its grain:

    -- contracts: one row per contract of a team. API: GET /contracts.
    -- Topic: agreed with whom.
    -- title (personal): What the contract is called.
    -- type as contract_type (not personal): Kind of contract.
    -- signed_at: When both sides had signed it.

Further sentences, and lines of another form, are for people. A topic is of the entity; a column
needs a line where the glossary and the rules on personal data do not know it by its name.
"""

import re
from dataclasses import dataclass, field
from itertools import groupby

from pipelines.foundation.paths import NORMALIZE_SQL, read_sql

COMMENT = "-- "
FIRST = re.compile(r"(?P<table>[a-z_]+): (?P<grain>one row per .*)")
TOPIC = re.compile(r"Topic: (?P<topic>.+)")
COLUMN = re.compile(
    r"(?P<name>[a-z_]+)( as (?P<staged>[a-z_]+))?( \((?P<personal>(not )?personal)\))?"
    r": (?P<text>.+)"
)
CONTINUED = "    "


@dataclass(frozen=True)
class Note:
    """The line of a column: what it is called in staging, and whether it is personal, if said."""

    description: str
    staged: str | None = None
    is_personal: bool | None = None


@dataclass
class Head:
    """What is said of a table."""

    grain: str  # "One row per …", without what follows the sentence
    topic: str = ""
    columns: dict[str, Note] = field(default_factory=dict)


def read_heads(entity: str) -> dict[str, Head]:
    """The heads in an entity's file, by table."""
    return parse_heads(read_sql(NORMALIZE_SQL / f"{entity}.sql"))


def parse_heads(text: str) -> dict[str, Head]:
    heads = {}
    for is_comment, block in groupby(text.splitlines(), lambda line: line.startswith(COMMENT)):
        first, *rest = _joined([line.removeprefix(COMMENT) for line in block])
        found = FIRST.fullmatch(first) if is_comment else None
        if found:
            heads[found["table"]] = _head(found["grain"], rest)
    return heads


def _joined(lines: list[str]) -> list[str]:
    """The lines, each with those that continue it; the grain is continued by any prose."""
    joined: list[str] = []
    for line in lines:
        is_prose = len(joined) == 1 and not (COLUMN.match(line) or re.match(r"[A-Z]\w+: ", line))
        if joined and (line.startswith(CONTINUED) or is_prose):
            joined[-1] += f" {line.strip()}"
        else:
            joined.append(line)
    return joined


def _head(grain: str, lines: list[str]) -> Head:
    head = Head(_sentence(re.split(r"(?<=\.) (?=[A-Z])", grain)[0]))
    for line in lines:
        topic, column = TOPIC.fullmatch(line), COLUMN.fullmatch(line)
        if topic:
            head.topic = topic["topic"].rstrip(".")
        elif column:
            said = {"personal": True, "not personal": False}
            is_personal = said.get(column["personal"])
            note = Note(_sentence(column["text"]), column["staged"], is_personal)
            head.columns[column["name"]] = note
    return head


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:].rstrip('.')}."
