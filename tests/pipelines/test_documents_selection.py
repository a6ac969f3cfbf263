"""Whose support documents are asked for when not all can be, and what becomes of their links."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from pipelines.warehouse.run_log import LoadResult
from tests.pipelines.loads import query, run
from tests.pipelines.scripted import (
    TEAM,
    Api,
    Scripted,
    account_script,
    api,
    page,
    refusal,
    settings,
)


def client(name: str, **fields: Any) -> dict[str, Any]:
    return {"id": name, "created_at": 1_772_300_000, "legal_name": name} | fields


def document(name: str, status: str = "valid") -> dict[str, Any]:
    return {"id": name, "created_at": 1_772_300_000_000, "compliance_status": status}


class Office:
    """An account of clients with their documents (None: the client is gone), and its loads."""

    def __init__(self, script: Api, url: str, data_dir: Path) -> None:
        self.clients: dict[str, dict[str, Any]] = {}
        self.documents: dict[str, list[dict[str, Any]] | None] = {}
        self.script = script
        self._url = url
        self.data_dir = data_dir

    def add(self, *names: str) -> None:
        for name in names:
            self.clients[name] = client(name)
            self.documents[name] = [document(f"of {name}")]

    def load(self, budget: int = 5000, **changes: Any) -> tuple[LoadResult, list[str]]:
        """One load, and the clients whose documents it asked for, in that order."""
        self.script.asked.clear()
        wanted = {"documents_request_budget": budget, "max_concurrency": 1} | changes
        report = run(settings(self._url, **wanted), self.data_dir, "support_documents")
        paths = [asked.path.split("/") for asked in self.script.asked]
        return report, [path[2] for path in paths if path[-1] == "support-documents"]

    def list_clients(self, _: Request) -> Scripted:
        return page(list(self.clients.values()))

    def list_documents(self, request: Request) -> Scripted:
        found = self.documents[request.url.path.split("/")[-2]]
        if found is None:
            return refusal(404, "resource_not_found", "No such client")
        return page(found)


@pytest.fixture
def office(data_dir: Path) -> Iterator[Office]:
    with api(account_script({})) as (script, url):
        opened = Office(script, url, data_dir)
        script.answers["/clients"] = [opened.list_clients]
        for number in range(1, 10):
            script.answers[f"/clients/c{number}/support-documents"] = [opened.list_documents]
        yield opened


def checks(data_dir: Path) -> dict[str, tuple[Any, int]]:
    rows = query(data_dir, "select * from ops.document_checks")
    assert {(row["team_id"], row["parent_type"]) for row in rows} == {(TEAM, "client")}
    return {row["parent_id"]: (row["checked_at"], row["documents"]) for row in rows}


def links(data_dir: Path) -> set[tuple[str, str]]:
    rows = query(data_dir, "select parent_id, document_id from gigstack.support_document_parents")
    return {(row["parent_id"], row["document_id"]) for row in rows}


def deleted(data_dir: Path) -> dict[str, Any]:
    rows = query(
        data_dir,
        "select document_id, deleted_at from gigstack.support_documents "
        "where deleted_at is not null",
    )
    return {row["document_id"]: row["deleted_at"] for row in rows}


def test_new_parents_then_changed_and_urgent_ones_then_the_longest_unchecked(
    office: Office,
) -> None:
    office.add("c1", "c2", "c3", "c4", "c5", "c6")
    office.documents["c6"] = [document("of c6", "pending_review")]
    turns = [office.load(budget) for budget in (4, 2)]
    assert [asked for _, asked in turns] == [["c1", "c2", "c3", "c4"], ["c5", "c6"]]
    assert [report.status for report, _ in turns] == ["warn", "warn"]
    assert [_postponed(report) for report, _ in turns] == [2, 4]
    office.add("c7")
    office.clients["c4"] = client("c4", phone="55 0000 0000")
    report, asked = office.load(budget=4)
    assert asked == ["c7", "c4", "c6", "c1"]
    assert _postponed(report) == 3
    report, asked = office.load(budget=4)
    assert asked == ["c6", "c2", "c3", "c5"], "everyone's turn has come"
    found = checks(office.data_dir)
    assert {name for name, (at, _) in found.items() if at == report.started_at} == set(asked)
    assert found.keys() == office.clients.keys()


def test_urgent_parents_leave_others_their_turn(office: Office) -> None:
    office.add("c1", "c2", "c3", "c4")
    for name in ("c1", "c2"):
        office.documents[name] = [document(f"of {name}", "pending_review")]
    office.load()
    turns = [office.load(budget=2)[1] for _ in range(4)]
    assert {name for asked in turns for name in asked} == {"c1", "c2", "c3", "c4"}


def _postponed(report: LoadResult) -> int:
    return report.total("postponed")


def test_a_parent_that_is_gone_when_it_is_asked_about_is_no_error(office: Office) -> None:
    office.add("c1", "c2", "c3")
    office.documents |= {"c1": [document("a"), document("b")], "c2": None, "c3": []}
    report, asked = office.load()
    assert (report.status, asked) == ("ok", ["c1", "c2", "c3"])
    assert links(office.data_dir) == {("c1", "a"), ("c1", "b")}
    at = report.started_at
    assert checks(office.data_dir) == {"c1": (at, 2), "c2": (at, 0), "c3": (at, 0)}, "in turn"


def test_links_follow_the_lists_and_documents_end_with_a_complete_sweep_only(
    office: Office,
) -> None:
    office.add("c1", "c2", "c3", "c4", "c5", "c6")
    shared = document("shared")
    office.documents |= {"c2": [document("of c2"), shared], "c3": [document("of c3"), shared]}
    own = {(name, f"of {name}") for name in office.clients}
    office.load()
    assert links(office.data_dir) == own | {("c2", "shared"), ("c3", "shared")}
    office.documents |= {"c1": [], "c2": [document("of c2")]}
    report, asked = office.load(budget=5)
    assert (asked, report.total("postponed")) == (["c1", "c2", "c3", "c4", "c5"], 1)
    assert links(office.data_dir) == own - {("c1", "of c1")} | {("c3", "shared")}
    assert deleted(office.data_dir) == {}, "its other parents may list it"
    assert (report.total("rows_changed"), report.total("rows_deleted")) == (0, 0)
    report, _ = office.load()
    assert deleted(office.data_dir) == {"of c1": report.started_at}
    assert report.total("rows_deleted") == 1
    office.documents["c1"] = [document("of c1")]
    del office.clients["c6"]
    report, asked = office.load()
    assert "c6" not in asked
    assert deleted(office.data_dir) == {"of c6": report.started_at}, "its parent is gone"
    assert links(office.data_dir) == own - {("c6", "of c6")} | {("c3", "shared")}


def test_documents_that_a_parent_had_are_missed_while_it_exists(office: Office) -> None:
    office.add("c1", "c2")
    office.documents |= {"c1": [document("a")], "c2": [document("b")]}
    office.load()
    office.documents["c1"] = None
    office.script.answers["/clients/c1"] = [(200, {}, {"data": {"id": "c1"}})]
    report, _ = office.load()
    (failed,) = [resource for resource in report.resources if resource.error]
    assert failed.resource == "client_support_documents"
    assert str(failed.error).endswith("It had documents before")
    assert links(office.data_dir) == {("c1", "a"), ("c2", "b")}
    assert deleted(office.data_dir) == {}
