"""What holds for every entity: tables, columns, types, hashes, keys."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from pipelines.gigstack.endpoints import ENTITIES
from pipelines.gigstack.normalize.change_detection import key_columns
from pipelines.gigstack.normalize.drift import DriftDetector
from tests.sql.rows import fixture, normalize, normalizer_of, page_of

ROOT_COLUMNS = {
    "team_id": "VARCHAR",
    "livemode": "BOOLEAN",
    "created_at": "TIMESTAMP WITH TIME ZONE",
    "updated_at": "TIMESTAMP WITH TIME ZONE",
    "updated_at_basis": "VARCHAR",
    "deleted_at": "TIMESTAMP WITH TIME ZONE",
    "row_hash": "VARCHAR",
    "extra": "JSON",
    "loaded_at": "TIMESTAMP WITH TIME ZONE",
    "run_id": "VARCHAR",
}
LINKED_FROM_EVERY_PARENT = {"support_document_parents"}  # has nothing but its key

every_entity = pytest.mark.parametrize("name", ENTITIES)


def records_of(name: str) -> list[dict[str, Any]]:
    """The fixture's records that are objects; floats lose digits here, which no test minds."""
    return [record for record in json.loads(fixture(name)) if record]


def hashes_of(name: str, records: list[dict[str, Any]]) -> list[str]:
    rows = normalize(name, records).tables[ENTITIES[name].root.name]
    return sorted(str(value) for value in rows["row_hash"].to_pylist())


def turned(value: Any) -> Any:
    """The same JSON with the keys of every object in the opposite order."""
    if isinstance(value, dict):
        return {key: turned(value[key]) for key in reversed(value)}
    return [turned(element) for element in value] if isinstance(value, list) else value


def without_each_field(record: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for field, value in record.items():
        if value is not None:
            yield field, {key: kept for key, kept in record.items() if key != field}


@every_entity
def test_every_table_has_the_columns_of_its_key(name: str) -> None:
    normalizer = normalizer_of(name)
    for table in ENTITIES[name].tables:
        columns = normalizer.columns[table.name]
        assert set(key_columns(table)) <= set(columns), table.name
        assert columns.get("extra") == "JSON" or table.name in LINKED_FROM_EVERY_PARENT


@every_entity
def test_every_root_has_the_columns_of_the_contract(name: str) -> None:
    columns = normalizer_of(name).columns[ENTITIES[name].root.name]
    assert columns | ROOT_COLUMNS == columns


@every_entity
def test_no_number_is_a_float_but_a_confidence(name: str) -> None:
    normalizer = normalizer_of(name)
    floats = {
        column
        for table in ENTITIES[name].tables
        for column, kind in normalizer.columns[table.name].items()
        if kind in ("FLOAT", "DOUBLE")
    }
    assert floats == ({"ai_extraction_confidence"} if name == "support_documents" else set())


@every_entity
def test_money_and_quantities_have_twelve_digits_and_six_decimals(name: str) -> None:
    normalizer = normalizer_of(name)
    kinds = {
        kind
        for table in ENTITIES[name].tables
        for kind in normalizer.columns[table.name].values()
        if kind.startswith("DECIMAL")
    }
    assert kinds <= {"DECIMAL(18,6)"}


@every_entity
def test_the_same_page_twice_gives_no_row_the_second_time(name: str) -> None:
    normalizer = normalizer_of(name)
    page = page_of(name, fixture(name))
    first = normalizer.normalize([normalizer.check_page(page)]).tables[name]
    second = normalizer.normalize([normalizer.check_page(page)])
    assert first.num_rows == len(records_of(name))
    assert {table: rows.num_rows for table, rows in second.tables.items()} == dict.fromkeys(
        second.tables, 0
    )


@every_entity
def test_a_record_without_a_key_is_rejected_and_a_null_is_not(name: str) -> None:
    batch = normalize(name, b'[{"unheard_of": 1}, null]')
    assert [(reject.reason, reject.raw) for reject in batch.rejects] == [
        ("no key", '{"unheard_of": 1}')
    ]
    assert all(rows.num_rows == 0 for rows in batch.tables.values())


@every_entity
def test_the_hash_does_not_depend_on_the_order_of_keys(name: str) -> None:
    records = records_of(name)
    assert hashes_of(name, turned(records)) == hashes_of(name, records)


@every_entity
def test_the_hash_changes_with_every_field_but_those_never_stored(name: str) -> None:
    shape = normalizer_of(name).shape
    detector = DriftDetector(shape)
    for record in records_of(name):
        fields, variants = zip(*without_each_field(record), strict=True)
        whole, *hashes = detector.detect(json.dumps([record, *variants]).encode()).hashes
        ignored = {field for field in shape if shape[field] == "IGNORED"}
        same = {field for field, other in zip(fields, hashes, strict=True) if other == whole}
        assert same == ignored & set(fields)


def test_a_field_whose_name_holds_ours_is_no_leftover() -> None:
    written = b'[ {"id": "document_1",  "ai_extraction": {"model": "a"}} ]'
    repaired = DriftDetector(normalizer_of("support_documents").shape).detect(written)
    assert repaired.records == written, "it goes on as it came"


@pytest.mark.parametrize(
    ("name", "field"),
    [("support_documents", "file_url"), ("receipts", "files"), ("invoices", "files")],
)
def test_the_hash_ignores_signed_urls(name: str, field: str) -> None:
    record = records_of(name)[0]
    again = record | {field: "https://storage.example/x?signature=2"}
    assert hashes_of(name, [again]) == hashes_of(name, [record])
