"""Words that no source knows are found, with the rows that have them; known ones never are."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

import pyarrow as pa
import pytest

from pipelines.foundation.paths import NORMALIZE_SQL
from pipelines.gigstack.endpoint_types import Resource
from pipelines.gigstack.endpoints import ENTITIES, RESOURCES
from pipelines.gigstack.normalize.accepted_values import accepted_values, find_unaccepted_values
from pipelines.gigstack.normalize.batch import Batch, Page
from pipelines.sandbox.api import paging
from pipelines.sandbox.simulation.account import Account
from pipelines.sandbox.simulation.account_list import account_lists
from pipelines.sandbox.storage import positions
from tests.accounts import create_account
from tests.sql.rows import normalize, normalizer_of, page_of

ENTITIES_WITH_WORDS = json.loads(
    (NORMALIZE_SQL / "accepted_values.json").read_text(encoding="utf-8")
)
SANDBOX_LISTS = {one.path: one.name for one in account_lists() if one.path} | {
    "/clients/{parent}/support-documents": "documents",
    "/invoices/{parent}/support-documents": "documents",
    "/payments/{parent}/support-documents": "documents",
    "/invoices/download/schedule/history": "downloads",
}
WORDS = {"status": frozenset({"valid", "succeeded_"}), "kind": frozenset({"pue"})}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    path = tmp_path_factory.mktemp("words") / "account.sqlite"
    with create_account(path, clients=12, months=2, teams=2, invoices=250) as made:
        yield made


def roots(**columns: list[str | None]) -> pa.Table:
    """Rows whose origins are 10, 11 and so on."""
    rows = len(next(iter(columns.values())))
    texts = {name: pa.array(words, pa.string()) for name, words in columns.items()}
    return pa.table({"origin": pa.array(range(10, 10 + rows), pa.int64()), **texts})


def unknown_of(entity: str, batch: Batch) -> set[str]:
    """What is unknown among the entity's rows, each as `column: word`."""
    rows = batch.tables[ENTITIES[entity].root.name]
    assert rows.num_rows
    rows = rows.append_column("origin", pa.array(range(len(rows)), pa.int64()))
    return {
        f"{column}: {word}"
        for _, column, word in find_unaccepted_values(rows, accepted_values(entity))
    }


def sent(account: Account, resource: Resource) -> Iterator[Page]:
    """All that the sandbox has of a resource, quirks and all, a page for each team."""
    shown = SANDBOX_LISTS[resource.paths[0]]
    teams = dict(enumerate(account.teams)) | {positions.SHARED_TEAM: account.teams[0]}
    for number, team in teams.items():
        rows = account.store.page(*paging.whole(number, shown), -1, ascending=False)
        page = page_of(resource.entity, _array(body for _, body in rows), resource.name)
        yield replace(page, team_id=team)


def _array(bodies: Iterable[bytes]) -> bytes:
    return b"[" + b",".join(bodies) + b"]"


@pytest.mark.parametrize("entity", ENTITIES_WITH_WORDS)
def test_every_column_with_words_is_text_of_the_root_table(entity: str) -> None:
    columns = normalizer_of(entity).columns[ENTITIES[entity].root.name]
    kinds = {column: columns.get(column) for column in accepted_values(entity)}
    assert kinds == dict.fromkeys(kinds, "VARCHAR")


@pytest.mark.parametrize("entity", ENTITIES_WITH_WORDS)
def test_known_words_are_plain_and_written_once(entity: str) -> None:
    for column, words in ENTITIES_WITH_WORDS[entity].items():
        assert words == list(dict.fromkeys(word.strip().lower() for word in words)), column


def test_an_entity_without_words_knows_none() -> None:
    assert accepted_values("clients") == {}


def test_every_row_with_an_unknown_word_is_found() -> None:
    rows = roots(status=["valid", "finalised", "odd", "finalised"], kind=["PUE", None, "PPD", ""])
    assert find_unaccepted_values(rows, WORDS) == [
        (11, "status", "finalised"),
        (12, "status", "odd"),
        (13, "status", "finalised"),
        (12, "kind", "PPD"),
    ]


def test_an_unknown_word_is_given_as_it_was_sent() -> None:
    rows = roots(status=[" Finalised ", "Valid", "FINALISED"], kind=[None, None, None])
    assert find_unaccepted_values(rows, WORDS) == [
        (10, "status", " Finalised "),
        (12, "status", "FINALISED"),
    ]


def test_null_blank_and_case_make_no_word_unknown() -> None:
    rows = roots(status=[None, "", "  ", "VALID", "\tvalid ", "Succeeded_"], kind=["Pue"] * 6)
    assert find_unaccepted_values(rows, WORDS) == []


def test_no_rows_have_no_unknown_words() -> None:
    assert find_unaccepted_values(roots(status=[], kind=[]), WORDS) == []


def test_an_unknown_status_is_found_and_its_row_loaded_as_it_is() -> None:
    batch = normalize("payments", [{"id": "payment_1", "status": "Disputed"}])
    assert unknown_of("payments", batch) == {"status_raw: Disputed"}
    (row,) = batch.tables["payments"].to_pylist()
    assert (row["status"], row["status_raw"]) == ("disputed", "Disputed")


@pytest.mark.parametrize("entity", ENTITIES_WITH_WORDS)
def test_a_sandbox_account_has_no_unknown_word(account: Account, entity: str) -> None:
    normalizer = normalizer_of(entity)
    pages = [
        normalizer.check_page(page)
        for resource in RESOURCES.values()
        if resource.entity == entity
        for page in sent(account, resource)
    ]
    assert unknown_of(entity, normalizer.normalize(pages)) == set()
