"""Night after night: what is built piece by piece, and what is asked of an earlier day."""

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines import warehouse
from pipelines.transform.dbt_runner import dbt
from tests.pipelines.loads import query
from tests.transform.conftest import SETTINGS, Built

Rows = list[tuple[Any, ...]]


def core(data_dir: Path) -> dict[str, Rows]:
    with warehouse.connect(data_dir, read_only=True) as connection:
        names = sorted(warehouse.table_names(connection, "core"))
        return {
            name: connection.execute(f"select * from core.{name} order by all").fetchall()
            for name in names
        }


def as_of_a_day(data_dir: Path) -> dict[str, Rows]:
    """What core says of documents and money on its day, without what only today knows."""
    queries = {
        "valid": "select cfdi_key, total_mxn, signed_net_amount_mxn, client_key, root_cfdi_key, "
        "current_cfdi_key, is_replaced from core.fct_cfdi where is_valid",
        "cancelled": "select cfdi_key, cancelled_date from core.fct_cfdi "
        "where is_in_scope and is_cancelled",
        "balances": "select cfdi_key, paid_to_invoice, credit_notes_allocated, open_balance, "
        "evidence_tier, days_past_due from core.fct_invoice_balance where is_valid",
        "settlements": "select * from core.fct_invoice_settlement",
        "collected taxes": "select * from core.fct_settlement_tax",
        "collected": "select payment_key, amount_mxn, collected_date, has_cfdi, has_receipt "
        "from core.fct_payment where is_collected",
        "refunds": "select refund_key, amount_mxn from core.fct_refund where is_effective",
    }
    with warehouse.connect(data_dir, read_only=True) as connection:
        return {
            name: connection.execute(f"{sql} order by all").fetchall()
            for name, sql in queries.items()
        }


@pytest.fixture(scope="module")
def rebuilt(next_nights: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The later nights, with all of core built whole."""
    data_dir = tmp_path_factory.mktemp("rebuilt") / "data"
    shutil.copytree(next_nights.data_dir, data_dir)
    build_core(data_dir, next_nights.as_of, "--full-refresh")
    return data_dir


@pytest.fixture(scope="module")
def looking_back(
    next_nights: Built, built: Built, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The later nights, asked for the earlier day."""
    data_dir = tmp_path_factory.mktemp("looking-back") / "data"
    shutil.copytree(next_nights.data_dir, data_dir)
    build_core(data_dir, built.as_of)
    return data_dir


def build_core(data_dir: Path, as_of: date, *options: str) -> None:
    variables = SETTINGS.variables | {"as_of_date": as_of.isoformat()}
    done = dbt(data_dir, ["run", "--select", "path:models/core", *options], variables)
    assert [f"{one.name}: {one.message}" for one in done if one.status != "success"] == []


def test_the_first_build_is_whole_and_the_next_is_not(built: Built, next_nights: Built) -> None:
    assert built.done.is_full_refresh
    assert not next_nights.done.is_full_refresh


def test_something_happened_in_between(built: Built, next_nights: Built) -> None:
    changed = query(
        next_nights.data_dir,
        "select count(distinct loaded_at) as loads from core.fct_cfdi_line",
    )
    assert changed == [{"loads": 2}]
    assert len(core(built.data_dir)["fct_cfdi"]) < len(core(next_nights.data_dir)["fct_cfdi"])


def test_an_incremental_build_is_what_a_whole_one_is(next_nights: Built, rebuilt: Path) -> None:
    found, expected = core(next_nights.data_dir), core(rebuilt)
    assert found.keys() == expected.keys()
    assert {name for name in found if found[name] != expected[name]} == set()


def test_a_warehouse_gives_the_answers_of_an_earlier_day(built: Built, looking_back: Path) -> None:
    then, now = as_of_a_day(built.data_dir), as_of_a_day(looking_back)
    assert all(then.values())
    assert {name for name in then if then[name] != now[name]} == set()


def test_the_later_day_has_other_answers(built: Built, next_nights: Built) -> None:
    then, now = as_of_a_day(built.data_dir), as_of_a_day(next_nights.data_dir)
    assert {name for name in then if then[name] == now[name]} == set()
