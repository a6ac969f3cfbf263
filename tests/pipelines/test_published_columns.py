"""`sql/published_columns.csv`: every line names something, and their order does not matter."""

import duckdb
import pytest
import yaml  # type: ignore[import-untyped]

from pipelines.foundation.paths import SQL, published_dir
from pipelines.publish.columns import Column, ColumnDeclaration, most_precise, rules
from pipelines.publish.publication import publish
from tests.generate.columns import loader_tables
from tests.pipelines.published import add_small_warehouse, undeclared

Place = tuple[str, str, str]  # schema, table and column


def models() -> set[Place]:
    """The columns that the project's YAML files describe, of seeds and models."""
    return {
        ("seeds" if file.parent == SQL / "seeds" else file.parent.name, one["name"], column["name"])
        for folder in ("models", "seeds")
        for file in (SQL / folder).rglob("*.yml")
        for declared in [yaml.safe_load(file.read_text(encoding="utf-8"))]
        for one in (*declared.get("models", ()), *declared.get("seeds", ()))
        for column in one["columns"]
    }


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> set[Place]:
    """Every column that can be published."""
    data_dir = tmp_path_factory.mktemp("columns")
    add_small_warehouse(data_dir)
    publish(data_dir)
    with duckdb.connect(published_dir(data_dir) / "analytics.duckdb", read_only=True) as snapshot:
        ops = snapshot.execute(
            "select schema_name, table_name, column_name from duckdb_columns() "
            "where schema_name = 'ops'"
        ).fetchall()
    loaded = {
        ("gigstack", table, c.name) for table, t in loader_tables().items() for c in t.columns
    }
    return loaded | set(ops) | models()


def test_every_line_names_a_column_that_there_is(known: set[Place]) -> None:
    idle = [rule.pattern for rule in rules() if not any(rule.matches(*path) for path in known)]
    assert idle == [], "no table has such a column: correct the names in sql/published_columns.csv"


def test_no_column_has_two_lines_that_say_as_much(known: set[Place]) -> None:
    patterns = [rule.pattern for rule in rules()]
    assert len(patterns) == len(set(patterns))
    for path in known:
        fitting = sorted(
            (rule for rule in rules() if rule.matches(*path)), key=lambda r: r.precision
        )
        if len(fitting) > 1 and fitting[-1].precision == fitting[-2].precision:
            assert fitting[-1].is_personal == fitting[-2].is_personal, (path, fitting[-2:])


def test_the_order_of_the_lines_does_not_matter(known: set[Place]) -> None:
    for path in known:
        one, other = most_precise(rules(), *path), most_precise(rules()[::-1], *path)
        assert (one and one.is_personal) == (other and other.is_personal), path


@pytest.mark.parametrize(
    ("patterns", "counts"),
    [
        (["*_rfc", "client_rfc"], "client_rfc"),
        (["client_rfc", "clients.client_rfc"], "clients.client_rfc"),
        (["clients.client_rfc", "gigstack.*.*"], "gigstack.*.*"),
        (["*rfc", "*client_rfc", "*_rfc"], "*client_rfc"),
        (["*name", "legal_name"], None),
    ],
)
def test_the_line_that_says_most_counts(patterns: list[str], counts: str | None) -> None:
    for lines in (patterns, patterns[::-1]):
        found = most_precise(
            (ColumnDeclaration(pattern, True, "") for pattern in lines),
            "gigstack",
            "clients",
            "client_rfc",
        )
        assert (found and found.pattern) == counts


def test_a_new_text_column_is_answered_with_the_lines_to_choose_from() -> None:
    new = [Column("marts", "mart_x", name, "VARCHAR") for name in ("slogan", "client_id")]
    new.append(Column("marts", "mart_x", "slogan_count", "BIGINT"))
    assert undeclared(new) == (
        "Add a line for each of these to sql/published_columns.csv:\n"
        "mart_x.slogan,yes,    or    mart_x.slogan,no,"
    )
