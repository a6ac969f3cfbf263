"""Every stream alone: selectable, read over all its pages, delivered as declared."""

import shutil
from pathlib import Path

import pytest

from pipelines.gigstack.endpoint_types import Pagination
from pipelines.gigstack.endpoints import ENTITIES, RESOURCES
from pipelines.gigstack.normalize.normalizer import (
    TOMBSTONE,
    EntityNormalizer,
    normalizing_database,
)
from pipelines.load.run import LoadOptions
from pipelines.sandbox.expected.contents import expected
from pipelines.sandbox.simulation.account import EPOCH
from tests.pipelines.loads import TABLES, query, repeated_keys, run, settings_for
from tests.pipelines.story import Story

ROWS_A_PAGE = {
    **dict.fromkeys(RESOURCES, 5),
    **dict.fromkeys(("users", "clients"), 2),
    **dict.fromkeys(
        (
            *("teams", "webhooks", "retentions"),
            *("invoices_transfer", "invoices_egress", "invoice_drafts"),
        ),
        1,
    ),
}
NOT_LOADED = ("invoice_support_documents", "payment_support_documents", "sat_download_requests")


@pytest.fixture(scope="module")
def up_to_date(story: Story, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the last state, for loads that should not change it."""
    where = tmp_path_factory.mktemp("streams") / "data"
    return shutil.copytree(story.after_40.data_dir, where)


@pytest.mark.parametrize("name", [name for name in RESOURCES if name not in NOT_LOADED])
def test_a_stream_alone_is_read_to_its_end_over_all_its_pages(
    name: str, story: Story, up_to_date: Path
) -> None:
    resource, size = RESOURCES[name], ROWS_A_PAGE[name]
    wanted = settings_for(story.account, story.url, page_size=size, teams=None)
    report = run(wanted, up_to_date, name, options=LoadOptions("full"))
    parents = {other.name for other in RESOURCES.values() if other.entity == resource.parents}
    assert {found.resource for found in report.resources} == {name, *parents}
    assert report.status == "ok"
    assert all(found.complete_sweep for found in report.resources)
    assert report.total("rows_seen") > 0
    assert report.total("rows_changed") == report.total("rows_deleted") == 0, "each row was there"
    pages = max(found.pages for found in report.resources)
    assert (pages > 1) == (resource.pagination is not Pagination.SINGLE or bool(parents))


@pytest.mark.parametrize("name", NOT_LOADED)
def test_a_stream_that_is_optional_is_read_when_it_is_named(
    name: str, story: Story, up_to_date: Path
) -> None:
    resource, team = RESOURCES[name], story.account.teams[-1]
    wanted = settings_for(
        story.account, story.url, teams=(team,), documents=(resource.parents or "clients",)
    )
    report = run(wanted, up_to_date, name, options=LoadOptions("full"))
    assert report.status == "ok"
    (own,) = (found for found in report.resources if found.resource == name)
    assert own.rows_seen > 0
    kind = f"and parent_type = '{resource.kind}'" if resource.kind else ""
    table = "support_document_parents" if resource.kind else "sat_download_requests"
    (held,) = query(
        up_to_date,
        f"select count(*) as rows from gigstack.{table} where team_id = '{team}' {kind}",
    )
    if resource.parents:
        truth = expected(story.account, [team], document_parents=[resource.parents])
        assert held["rows"] == truth["support_document_parents"].rows
    else:
        assert held["rows"] == own.rows_seen


def test_keys_are_unique_and_never_null(story: Story) -> None:
    assert repeated_keys(story.after_40.data_dir) == []


def test_every_child_has_its_parent(story: Story) -> None:
    orphans = " union all ".join(
        f"select '{child.name}' as child, {key} from gigstack.{child.name} "
        f"anti join gigstack.{entity.root.name} using (team_id, {key})"
        for entity in ENTITIES.values()
        for child in entity.children
        for key in entity.root.key[:1]
    )
    assert query(story.after_40.data_dir, orphans) == []


def test_every_column_keeps_its_declared_type_through_all_loads(story: Story) -> None:
    database = normalizing_database()
    declared: dict[tuple[str, str], str] = {}
    for entity in ENTITIES.values():
        columns = EntityNormalizer(entity, "", EPOCH, database).columns
        declared |= {(t, name): kind for t, of in columns.items() for name, kind in of.items()}
    found = query(
        story.after_40.data_dir,
        """
        select table_name, column_name, data_type from information_schema.columns
        where table_schema = 'gigstack' and table_name not like '\\_dlt%' escape '\\'
            and column_name not like '\\_dlt%' escape '\\'
        """,
    )
    types = {(row["table_name"], row["column_name"]): row["data_type"] for row in found}
    assert types == declared
    assert {table for table, _ in types} == TABLES.keys()


def test_what_only_carries_deletions_never_reaches_the_warehouse(story: Story) -> None:
    children = [table for entity in ENTITIES.values() for table in entity.children]
    marked = " union all ".join(
        f"select '{child.name}' as child from gigstack.{child.name} where {TOMBSTONE}"
        for child in children
    )
    assert query(story.after_40.data_dir, marked) == []
