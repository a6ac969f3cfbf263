"""What the data tests find, kept in `ops.findings` from the build that finds it until one that no
longer does. A finding stops nothing: the models are built and published, and the finding is told.
"""

from collections.abc import Sequence
from datetime import date, datetime

import duckdb

from pipelines.foundation.paths import LOADER_SQL, read_sql
from pipelines.foundation.wording import plural, shorten
from pipelines.transform.dbt_runner import NodeResult

SOUND_ROWS = "sound_rows"  # the test of every table; the others have their rule for a name
NOT_COMPUTED = "could not be computed"
MAX_KEPT = 1_000  # keys of a test and team; the others are counted together, without a key
MAX_TEAMS = 3  # in a line

_NUMBERS = ("DECIMAL", "BIGINT", "HUGEINT", "INTEGER", "DOUBLE", "BOOLEAN")

_COLLECT = """
    insert into found
    select $test, $table, rule, column_name, team_id, if(number > $most, null, key) as kept,
        sum(rows_found)
    from (
        select *, row_number() over (partition by team_id order by rule, column_name, key) as number
        from ({query})
    )
    group by rule, column_name, team_id, kept
"""


def keep_findings(
    connection: duckdb.DuckDBPyConnection,
    results: Sequence[NodeResult],
    tested_at: datetime,
    *,
    is_everything: bool = False,
) -> None:
    """Bring `ops.findings` up to date with the tests of a build. What other tests found stays; what
    a build of everything does not have is no test any more.
    """
    connection.execute(
        "create or replace temp table found as select * exclude (first_seen_at, last_seen_at) "
        "from ops.findings limit 0;"
        "create or replace temp table tested as select test, table_name from ops.findings limit 0"
    )
    for result in results:
        if result.kind == "test" and result.status != "skipped":
            place = [result.name, result.table]
            connection.execute("insert into tested values ($1, $2)", place)
            if result.is_failed:  # the data keep it from being computed
                _note_failure(connection, result, result.message)
            elif result.status == "warn":
                _collect(connection, result)
    if is_everything:
        skipped = [[r.name, r.table] for r in results if r.kind == "test" and r.status == "skipped"]
        connection.execute(
            "insert into tested select distinct test, table_name from ops.findings "
            "where not list_contains($skipped::varchar[][], [test, table_name])",
            {"skipped": skipped},
        )
    connection.execute("set variable tested_at = $at", {"at": tested_at})
    connection.execute(read_sql(LOADER_SQL / "findings" / "keep.sql"))


def _collect(connection: duckdb.DuckDBPyConnection, result: NodeResult) -> None:
    try:
        query = result.query if result.name == SOUND_ROWS else _as_sound_rows(connection, result)
        connection.execute(
            _COLLECT.format(query=query),
            {"test": result.name, "table": result.table, "most": MAX_KEPT},
        )
    except duckdb.Error as error:  # dbt counts the rows, and computes none of their columns
        _note_failure(connection, result, type(error).__name__)


def _note_failure(connection: duckdb.DuckDBPyConnection, result: NodeResult, reason: str) -> None:
    connection.execute(
        "insert into found values ($1, $2, $3, null, null, $4, 1)",
        [result.name, result.table, NOT_COMPUTED, reason],
    )


def _as_sound_rows(connection: duckdb.DuckDBPyConnection, result: NodeResult) -> str:
    """The query of another test with the columns of `sound_rows`. Its texts and days say where
    something is wrong, its numbers how much, which may be another amount every night. A test that
    compares two tables has such a column twice, of which one may be null.
    """
    described = connection.execute(f"describe {result.query}").fetchall()
    aliases: dict[str, list[str]] = {}
    for number, (name, kind, *_) in enumerate(described):
        if not kind.startswith(_NUMBERS):
            aliases.setdefault(name, []).append(f"c{number}::varchar")
    team, *places = (
        f"coalesce({', '.join(aliases[name])})"
        for name in sorted(aliases, key=lambda name: name != "team_id")
    )
    names = [name for name in aliases if name != "team_id"]
    where = ", ".join(f"'{n}': {place}" for n, place in zip(names, places, strict=True))
    columns = ", ".join(f"c{number}" for number in range(len(described)))
    return (
        f"select '{result.name}' as rule, null::varchar as column_name, {team} as team_id, "
        f"to_json({{{where}}})::varchar as key, 1 as rows_found "
        f"from ({result.query}) as wrong ({columns})"
    )


def tell_findings(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """One line for each rule that rows of a table do not keep to."""
    query = read_sql(LOADER_SQL / "findings" / "tell.sql")
    return [_line(*row) for row in connection.execute(query).fetchall()]


def _line(
    table: str,
    rule: str,
    column: str | None,
    examples: list[str | None],
    rows: int,
    teams: list[str | None],
    since: date,
) -> str:
    """`fct_payment known_codes: payment_form_code 77 in 3 rows of team_1, since 2026-11-30`."""
    named = ", ".join(example for example in examples if example)
    of_teams = f" of {shorten([team for team in teams if team], MAX_TEAMS)}" if any(teams) else ""
    where = f"{column} {named}" if column else named
    return f"{table} {rule}: {where} in {plural(rows, 'row')}{of_teams}, since {since}"
