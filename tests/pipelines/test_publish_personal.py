"""Personal data in published files: kept, hashed or left out."""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from pipelines.foundation.errors import ConfigurationError, PublishingError
from pipelines.foundation.paths import published_dir
from pipelines.publish.columns import Column, Policy
from pipelines.publish.personal import hash_key, pii_policy
from pipelines.publish.publication import publish, rollback
from pipelines.sandbox.simulation.account import Account
from pipelines.sandbox.storage.positions import NUMBERS
from tests.pipelines.conftest import Loaded
from tests.pipelines.published import PERSON, add_models, add_small_warehouse, faults
from tests.transform.conftest import Built

PERSONAL_FIELDS = {
    *("tax_id", "rfc", "legal_name", "company", "email", "phone", "street", "neighborhood"),
    *("first_name", "last_name", "support_email", "support_phone", "alias", "bcc", "emails"),
    *("extracted_data", "notes", "short_url"),
}
NAMED = ("clients", "users", "teams", "documents")  # what their `name` is called, is personal
SHORTEST = 6  # shorter values are found in anything
PUBLIC = {"XAXX010101000", "XEXX010101000", "Juárez"}  # SAT's generic RFC; a holiday's namesake


@dataclass(frozen=True)
class Published:
    """One policy's files, and every text in them."""

    data_dir: Path
    texts: frozenset[str]


def personal_values(account: Account) -> set[str]:
    """What the account knows of people and companies, in clear."""
    found = {PERSON}
    for number, team in enumerate(account.roster):
        _collect(team.record, "teams", found)
        for resource in NUMBERS:
            for _, record in account.store.objects(number, resource):
                _collect(record, resource, found)
    return {value for value in found if len(value) >= SHORTEST}


def _collect(value: Any, resource: str, found: set[str], is_personal: bool = False) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            is_name = name == "name" and resource in NAMED
            _collect(inner, resource, found, is_personal or is_name or name in PERSONAL_FIELDS)
    elif isinstance(value, list):
        for inner in value:
            _collect(inner, resource, found, is_personal)
    elif isinstance(value, str) and is_personal:
        found.add(value)


def texts_in(data_dir: Path) -> Iterator[str]:
    """Every text in every published file: values, comments, metadata, manifest, dictionary."""
    version = (published_dir(data_dir) / "current").resolve()
    for path in version.rglob("*.parquet"):
        file = pq.ParquetFile(path)
        yield str(file.metadata.metadata)
        for name, column in zip(file.schema_arrow.names, file.read().columns, strict=True):
            yield name
            yield from map(str, column.unique().to_pylist())
    with duckdb.connect(version / "analytics.duckdb", read_only=True) as connection:
        names = "select format('{}.\"{}\"', schema_name, table_name) from duckdb_columns()"
        for (table,) in connection.execute(f"{names} where not internal group by all").fetchall():
            for row in connection.execute(f"from {table}").fetchall():
                yield from (value for value in row if isinstance(value, str))
    for name in ("manifest.json", "data_dictionary.csv"):
        yield (version / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def policies(loaded: Loaded, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Published]:
    """The loaded account with models, published under each policy; read only."""
    found = {}
    for policy in Policy:
        data_dir = tmp_path_factory.mktemp("policies") / "data"
        shutil.copytree(loaded.data_dir, data_dir)
        add_models(data_dir)
        publish(data_dir, pii=policy.value)
        found[policy.value] = Published(data_dir, frozenset(texts_in(data_dir)))
    return found


def query(published: Published, sql: str) -> list[tuple[Any, ...]]:
    path = published_dir(published.data_dir) / "analytics.duckdb"
    with duckdb.connect(path, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def found_in(published: Published, values: set[str]) -> set[str]:
    everything = "\n".join(published.texts)
    return {value for value in values if value in everything}


@pytest.mark.parametrize("policy", ["hash", "drop"])
def test_no_published_file_shows_personal_data(
    policy: str, policies: dict[str, Published], account: Account
) -> None:
    values = personal_values(account)
    assert len(values) > 100
    assert found_in(policies[policy], values) == set()
    version = (published_dir(policies[policy].data_dir) / "current").resolve()
    for path in version.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert not [value for value in values if value.encode() in content], path


def test_kept_it_is_published_as_it_is(policies: dict[str, Published], account: Account) -> None:
    """Which also shows that the test above would find it."""
    values = personal_values(account)
    assert len(found_in(policies["keep"], values)) > 0.9 * len(values)
    assert PERSON in found_in(policies["keep"], values)


@pytest.fixture(scope="module")
def modelled(built: Built, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Published]:
    """Another account with all of its models built, published under each policy; read only."""
    found = {}
    for policy in Policy:
        data_dir = tmp_path_factory.mktemp("modelled") / "data"
        shutil.copytree(built.data_dir, data_dir)
        publish(data_dir, pii=policy.value)
        found[policy.value] = Published(data_dir, frozenset(texts_in(data_dir)))
    return found


@pytest.fixture(scope="module")
def people(built: Built) -> set[str]:
    """What the account of the models knows of people and companies, in clear; without what the
    seeds hold for everybody, and without the dates that a document was read to bear.
    """
    with Account.open(built.account_file) as account:
        values = personal_values(account) - PUBLIC
    return {value for value in values if not re.fullmatch(r"\d{4}-\d\d-\d\d", value)}


@pytest.mark.parametrize("policy", ["hash", "drop"])
def test_no_model_shows_personal_data(
    policy: str, modelled: dict[str, Published], people: set[str]
) -> None:
    assert found_in(modelled[policy], people) == set()
    version = (published_dir(modelled[policy].data_dir) / "current").resolve()
    for path in version.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert not [value for value in people if value.encode() in content], path


def test_models_show_it_where_it_is_kept(modelled: dict[str, Published], people: set[str]) -> None:
    """Which also shows that the test above reads the answers."""
    titles = query(modelled["keep"], "select title from marts.mart_alerts where title is not null")
    assert any(value in title for (title,) in titles for value in people)
    names = query(modelled["keep"], "select distinct client_name from marts.mart_client_risk")
    assert {name for (name,) in names} & people


@pytest.mark.parametrize("policy", ["hash", "drop"])
def test_codes_of_the_models_are_no_personal_data(
    policy: str, modelled: dict[str, Published]
) -> None:
    for kept in (
        "select alert_id, alert_type, severity, entity_type, entity_id from marts.mart_alerts",
        "select client_id, risk_level, flags, reasons from marts.mart_client_risk",
        "select document_id, audit_result, context_type from marts.mart_document_audits",
        "select document_id, evidence_role, expiry_window from marts.mart_documents_expiring",
        "select cfdi_id, policy, missing_roles from marts.mart_materiality_invoice",
        "select team_id, check_name, status from marts.mart_close_checklist",
        "select team_id, check_name, severity, status from marts.mart_data_quality",
        "select cfdi_id, problem, cancellation_state from marts.mart_cancellation_deadlines",
        "select team_id, detection_method, error_code from marts.mart_stamping_errors_monthly",
        "select team_id, basis, iva_rate_class from marts.mart_iva_monthly",
    ):
        ordered = f"{kept} order by all"
        assert query(modelled[policy], ordered) == query(modelled["keep"], ordered), kept


def test_hashes_join_and_count_as_the_values_do(policies: dict[str, Published]) -> None:
    joined = """
        select count(*), count(distinct client_tax_id), count(distinct client_email), sum(total)
        from gigstack.invoices inner join gigstack.clients using (team_id, tax_id)
    """.replace("using (team_id, tax_id)", "on client_tax_id = tax_id")
    assert query(policies["hash"], joined) == query(policies["keep"], joined)
    lengths = "select distinct length(tax_id) from gigstack.clients where tax_id is not null"
    assert query(policies["hash"], lengths) == [(32,)]


def test_the_same_value_has_the_same_hash_in_every_publication(tmp_path: Path) -> None:
    add_small_warehouse(tmp_path)
    published = []
    for _ in range(2):
        publish(tmp_path, pii="hash")
        with duckdb.connect(published_dir(tmp_path) / "analytics.duckdb") as connection:
            published.append(connection.execute("from gigstack.invoices").fetchall())
    assert published[0] == published[1]


def test_left_out_columns_stay_empty_so_that_views_still_work(
    policies: dict[str, Published],
) -> None:
    columns = "select table_name, column_name, data_type from duckdb_columns() order by all"
    assert query(policies["drop"], columns) == query(policies["keep"], columns)
    empty = (
        "select count(tax_id), count(legal_name), count(extra), count(*) > 0 from gigstack.clients"
    )
    assert query(policies["drop"], empty) == [(0, 0, 0, True)]
    for view in ('reportes."Ingresos por mes"', "core.dim_client"):
        assert query(policies["drop"], f"select count(*) > 0 from {view}") == [(True,)]


@pytest.mark.parametrize("policy", ["hash", "drop"])
def test_ids_amounts_states_and_times_are_no_personal_data(
    policy: str, policies: dict[str, Published]
) -> None:
    kept = """
        select team_id, invoice_id, uuid, client_id, status, currency, payment_method, total,
            last_balance, issued_at, run_id
        from gigstack.invoices order by all
    """
    assert query(policies[policy], kept) == query(policies["keep"], kept)


def test_text_that_nobody_declared_counts_as_personal(policies: dict[str, Published]) -> None:
    asked = "select distinct nobody_classified_this from marts.mart_revenue_monthly"
    assert query(policies["keep"], asked) == [(PERSON,)]
    assert query(policies["drop"], asked) == [(None,)]
    assert query(policies["hash"], asked) != [(PERSON,)]
    assert Column("core", "any", "whatever", "VARCHAR[]").is_personal
    assert Column("core", "any", "whatever", "STRUCT(a INTEGER)").is_personal
    assert not Column("core", "any", "whatever", "DECIMAL(18,6)").is_personal


def test_versions_that_show_more_do_not_outlive_a_stricter_policy(tmp_path: Path) -> None:
    add_small_warehouse(tmp_path)
    publish(tmp_path)
    publish(tmp_path, pii="hash")
    with pytest.raises(PublishingError, match="no earlier version"):
        rollback(tmp_path)
    publish(tmp_path, pii="keep")  # what was hidden may be shown again, and the other way back
    assert rollback(tmp_path).pii == "hash"
    assert faults(tmp_path) == []


def test_the_key_is_its_owners_alone_and_stays(tmp_path: Path) -> None:
    key = hash_key(tmp_path)
    path = tmp_path / "pii.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert hash_key(tmp_path) == key
    assert len(bytes.fromhex(key)) == 32
    path.chmod(0o640)
    with pytest.raises(PublishingError, match="Others can read"):
        hash_key(tmp_path)
    path.chmod(0o600)
    path.write_text("short")
    with pytest.raises(PublishingError, match="holds no key"):
        hash_key(tmp_path)


def test_the_key_is_in_no_published_file(policies: dict[str, Published]) -> None:
    published = policies["hash"]
    key = hash_key(published.data_dir).encode()
    for folder, _, files in os.walk(published_dir(published.data_dir)):
        assert not [name for name in files if key in Path(folder, name).read_bytes()]


def test_the_policy_is_named_or_configured_or_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PUBLISH__PII", raising=False)
    assert pii_policy() is Policy.KEEP
    monkeypatch.setenv("PUBLISH__PII", "drop")
    assert pii_policy() is Policy.DROP
    assert pii_policy("HASH") is Policy.HASH
    with pytest.raises(ConfigurationError, match="pii is 'mask'; it must be one of keep, hash"):
        pii_policy("mask")
