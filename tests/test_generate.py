"""What follows from the declared endpoints is as `make generate` writes it."""

from pipelines.foundation.paths import SQL
from pipelines.gigstack.endpoint_types import Entity, Table
from pipelines.gigstack.endpoints import ENTITIES
from tests.generate.columns import LoaderColumn, LoaderTable, describe, glossary, loader_tables
from tests.generate.documents import staging_yml
from tests.generate.files import generated, leftovers
from tests.generate.heads import Head, Note, parse_heads
from tests.generate.staging import is_by_hand, view, view_path

HEAD = """\
-- contracts: one row per contract of a team; it may be signed later. API: GET /contracts.
-- Amounts are in the currency of the contract.
-- Topic: agreed with whom.
-- title (personal): What the contract is called, which may
--     name a client.
-- type as contract_type (not personal): kind of contract
set variable shape = '{}';

-- contract_milestones: one row per milestone of a contract, numbered
-- as listed.
create or replace temp view contract_milestones as
-- a comment on the statement: nothing that is generated
select 1
"""


CONTRACTS = Entity("contracts", Table("contracts", ("contract_id",)))


def test_every_generated_file_is_as_make_generate_writes_it() -> None:
    stale = [
        path
        for path, text in generated().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    names = ", ".join(str(path.relative_to(SQL.parent)) for path in (*stale, *leftovers()))
    assert not names, f"Run `make generate` and commit: {names}"


def test_every_meaning_in_the_glossary_is_used() -> None:
    documented = "".join(path.read_text(encoding="utf-8") for path in SQL.rglob("*.yml"))
    assert [name for name in glossary() if f"doc('{name}')" not in documented] == []


def test_a_head_says_what_a_table_and_its_columns_are() -> None:
    assert parse_heads(HEAD) == {
        "contracts": Head(
            "One row per contract of a team; it may be signed later.",
            "agreed with whom",
            {
                "title": Note("What the contract is called, which may name a client.", None, True),
                "type": Note("Kind of contract.", "contract_type", False),
            },
        ),
        "contract_milestones": Head("One row per milestone of a contract, numbered as listed."),
    }


def test_what_a_head_does_not_say_is_asked_for() -> None:
    types = {"contract_id": "VARCHAR", "headline": "VARCHAR", "weight_kg": "DECIMAL(18,6)"}
    _, gaps = describe(CONTRACTS, {"contracts": Head("", "agreed")}, {"contracts": types})
    assert gaps == [
        "write what contract_id is below `-- contracts: one row per …`: `-- contract_id: …`.",
        "write what headline is below `-- contracts: one row per …`: "
        "`-- headline (personal): …` or `-- headline (not personal): …`.",
        "write what weight_kg is below `-- contracts: one row per …`: `-- weight_kg: …`.",
    ]


def test_what_is_known_of_a_name_needs_no_line() -> None:
    """By the glossary, by a rule on personal data, or as the contract's own column."""
    types = {"contract_id": "VARCHAR", "client_id": "VARCHAR", "extra": "JSON", "total": "DECIMAL"}
    note = Note("What was agreed.")
    head = Head("", "agreed", {"contract_id": note, "total": note})
    (table,), gaps = describe(CONTRACTS, {"contracts": head}, {"contracts": types})
    assert not gaps
    assert [(c.name, c.staged, c.is_personal, c.description) for c in table.columns] == [
        ("contract_id", "contract_id", False, "What was agreed."),
        ("client_id", "client_id", False, "The API's id of the client."),
        (
            "extra",
            None,
            True,
            "Fields that are not declared; and values that did not fit their type",
        ),
        ("total", "total", False, "What was agreed."),
    ]


def test_a_child_needs_no_line_for_the_key_of_its_root() -> None:
    milestones = Table("contract_milestones", ("contract_id", "item_number"), "contracts")
    entity = Entity("contracts", CONTRACTS.root, (milestones,))
    heads = {
        "contracts": Head("", "agreed", {"contract_id": Note("Which contract.")}),
        "contract_milestones": Head(""),
    }
    kinds = {"contract_id": "VARCHAR"}
    (_, child), gaps = describe(
        entity,
        heads,
        {"contracts": kinds, "contract_milestones": kinds | {"item_number": "BIGINT"}},
    )
    assert not gaps
    assert child.columns[0].description == "Which contract."
    assert "description: Which contract." in staging_yml({"contract_milestones": child})


def test_a_table_without_a_head_and_a_note_without_a_column_are_named() -> None:
    services, taxes = ENTITIES["services"].tables
    heads = {services.name: Head("One row per service.", "", {"colour": Note("Which it has.")})}
    _, gaps = describe(ENTITIES["services"], heads, {services.name: {}, taxes.name: {}})
    assert gaps == [
        "colour is described, but no column.",
        "add the comment `-- service_taxes: one row per …`.",
        "add a line `-- Topic: …`, a heading of docs/tables.md.",
    ]


def contracts(*named: tuple[str, str, str | None]) -> LoaderTable:
    """A table of columns: name, type, name in staging."""
    made = tuple(LoaderColumn(*column, True, "Something.") for column in named)
    notes = {name: Note("Something.") for name, _, _ in named}
    return LoaderTable("contracts", Head("One row per contract.", "", notes), made)


def test_a_view_renames_casts_and_tells_local_days_in_the_order_of_the_models() -> None:
    instant = "TIMESTAMP WITH TIME ZONE"
    table = contracts(
        ("signed_at", instant, "signed_at"),
        ("livemode", "BOOLEAN", "is_live"),
        ("confidence", "DOUBLE", "confidence"),
        ("pages", "BIGINT", "pages"),
        ("extra", "JSON", None),
        ("currency", "VARCHAR", "currency_code"),
        ("loaded_at", instant, "loaded_at"),
        ("contract_id", "VARCHAR", "contract_id"),
    )
    assert view(table) == (
        "-- One row per contract.\n"
        "-- `make generate` writes this view.\n"
        "select\n"
        "    contract_id,\n"
        "    {{ listed('currency', 'c_Moneda') }} as currency_code,\n"
        "    try_cast(confidence as decimal(18, 6)) as confidence,\n"
        "    pages,\n"
        "    livemode as is_live,\n"
        "    {{ local_date('signed_at') }} as signed_date,\n"
        "    signed_at,\n"
        "    loaded_at,\n"
        "from {{ source('gigstack', 'contracts') }}\n"
    )


def test_the_local_day_of_a_new_moment_is_described_by_itself() -> None:
    table = contracts(("countersigned_at", "TIMESTAMP WITH TIME ZONE", "countersigned_at"))
    assert "countersigned_date\n        description: Local day of countersigned_at.\n" in (
        staging_yml({"contracts": table})
    )


def test_a_view_written_by_hand_stays_and_its_columns_are_described() -> None:
    path = view_path(loader_tables()["invoices"])
    assert is_by_hand(path)
    assert path not in generated()
    described = staging_yml({"invoices": loader_tables()["invoices"]})
    assert "- name: issued_at_local\n" in described
    assert "- name: cfdi_type_code\n" in described


def test_a_view_says_the_grain_of_its_table() -> None:
    for table in loader_tables().values():
        text = view_path(table).read_text(encoding="utf-8")
        first = text.partition("\nselect")[0].replace("\n-- ", " ").removeprefix("-- ")
        assert first.startswith(table.head.grain), (
            f"{view_path(table).name}: its first line is not that of the table's head"
        )
