"""Runs the report's queries on the published snapshot, and on nothing else.

API: https://duckdb.org/docs/stable/clients/python/overview
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.foundation.errors import PublishingError
from pipelines.foundation.paths import REPORT_SQL, published_dir, read_sql
from pipelines.publish.versions import MANIFEST, SNAPSHOT, current_version

NUMBER_TYPES = ("BIGINT", "INTEGER", "DECIMAL", "NUMBER")  # DuckDB's names, and the DB-API's


@dataclass(frozen=True)
class Answer:
    """The rows of a query. Times have a zone; money is Decimal."""

    columns: tuple[str, ...]
    numbers: frozenset[str]  # the columns that hold numbers
    rows: list[tuple[object, ...]]

    def records(self) -> list[dict[str, object]]:
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class Answers:
    """Runs the files below `queries` on one published version."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, manifest: Path, queries: Path = REPORT_SQL
    ) -> None:
        self._connection = connection
        self._queries = queries
        connection.execute("set variable manifest = ?", [str(manifest)])
        for views in ("shared", "findings"):
            self.ask(views)

    def ask(self, name: str) -> Answer:
        """Run the file `<name>.sql`."""
        file = self._queries / f"{name}.sql"
        result = self._connection.execute(read_sql(file))
        described = [(str(name), str(kind)) for name, kind, *_ in result.description or ()]
        numbers = frozenset(name for name, kind in described if kind.startswith(NUMBER_TYPES))
        return Answer(tuple(name for name, _ in described), numbers, result.fetchall())

    def has(self, models: Sequence[str]) -> bool:
        """Whether the snapshot has all these marts, which it lacks before the first transform."""
        (found,) = self._connection.execute(
            "select count(*) from duckdb_tables() "
            "where schema_name = 'marts' and list_contains($models, table_name)",
            {"models": list(models)},
        ).fetchone() or (0,)
        return bool(found == len(models))

    def comments(self, models: Sequence[str]) -> dict[str, str]:
        """The comments on the columns of these marts, in Spanish, by column name."""
        found = self._connection.execute(
            "select column_name, any_value(comment) from duckdb_columns() where "
            "schema_name = 'marts' and list_contains($models, table_name) and comment <> '' "
            "group by column_name",
            {"models": list(models)},
        )
        return dict(found.fetchall())


@contextmanager
def published_answers(data_dir: Path) -> Iterator[Answers]:
    """Answers from the version that is current now, even if it is replaced meanwhile.

    Raises:
        PublishingError: Nothing is published yet.
    """
    published = published_dir(data_dir)
    version = current_version(published)
    if version is None:
        raise PublishingError(f"{published}: nothing is published yet. Run `gigstack-etl publish`.")
    with duckdb.connect(version / SNAPSHOT, read_only=True) as connection:
        yield Answers(connection, version / MANIFEST)
