"""What the tests of published files share: models to publish, and what a whole version is."""

import json
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from pipelines import warehouse
from pipelines.foundation.paths import published_dir
from pipelines.publish.columns import Column
from pipelines.warehouse import run_log

PERSON = "ZOE MÁRQUEZ"  # a name that only these models and the ledger hold

# as dbt makes them: comments persisted, views that name their database, one over staging
MODELS = f"""
create schema seeds; create schema staging; create schema core; create schema marts;
create schema reportes;
create table seeds.payment_forms as select '01' as code, 'Efectivo' as description;
create view staging.stg_clients as
    select team_id, client_id, legal_name as client_name, tax_id as rfc from gigstack.clients;
create table core.fct_cfdi as
    select
        team_id,
        invoice_id as cfdi_id,
        client_tax_id as client_rfc,
        timezone('America/Mexico_City', coalesce(issued_at, created_at))::date as issue_date,
        total,
    from gigstack.invoices
    where document_kind = 'income';
comment on table core.fct_cfdi is 'One stamped CFDI';
comment on column core.fct_cfdi.total is 'Total in the document''s currency';
create table marts.mart_revenue_monthly as
    select team_id, date_trunc('month', issue_date)::date as issue_month,
        sum(total)::decimal(18, 6) as total, '{PERSON}' as nobody_classified_this,
    from core.fct_cfdi group by all;
create view core.dim_client as select * from warehouse.staging.stg_clients;
create view reportes."Ingresos por mes" as
    select issue_month as "Mes", total as "Importe, MXN"
    from "warehouse"."marts"."mart_revenue_monthly";
comment on view reportes."Ingresos por mes" is 'Lo facturado en cada mes';
create view reportes.acumulado as
    select sum("Importe, MXN") as total from reportes."Ingresos por mes";
insert into ops.rejects values
    ('r', 't', 'clients', 'no id', 'id', '{{"legal_name": "{PERSON}"}}', now(), null);
insert into ops.drift values ('clients', 'nick', 'unknown_field', '{PERSON}', now(), now(), 1);
update ops.run_streams set error = 'no client {PERSON}' where stream = 'clients';
"""


def add_models(data_dir: Path) -> None:
    with warehouse.connect(data_dir) as connection:
        connection.execute(MODELS)


def add_small_warehouse(data_dir: Path) -> None:
    """A hundred invoices of one run, over four months."""
    with warehouse.connect(data_dir) as connection:
        run_log.prepare(connection)
        connection.execute(
            """
            insert into ops.runs values
                ('run_1', 'full', 'ok', now(), now(), '1.0', 1, 9, 0, 100, 100, 0, 0, 0, null);
            create schema gigstack;
            create table gigstack.invoices as
                select
                    'team_1' as team_id,
                    format('inv_{:03}', i) as invoice_id,
                    'run_1' as run_id,
                    i::decimal(18, 6) as total,
                    timestamptz '2026-01-01 05:30:00Z' + i * interval 1 day as created_at,
                    created_at as updated_at,
                    created_at as loaded_at,
                from range(100) as r (i)
            """
        )


def undeclared(columns: Iterable[Column]) -> str:
    """What to do about text of which nobody said whether it is personal; '' for none."""
    names = [f"{c.table}.{c.name}" for c in columns if c.is_text and c.declaration is None]
    lines = "".join(f"\n{name},yes,    or    {name},no," for name in names)
    return f"Add a line for each of these to sql/published_columns.csv:{lines}" if names else ""


def manifest(data_dir: Path) -> dict[str, Any]:
    text = (published_dir(data_dir) / "manifest.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def faults(data_dir: Path) -> list[str]:
    """What of the current version is not as its manifest says: nothing, if it is whole."""
    version = (published_dir(data_dir) / "current").resolve()
    found = []
    for file in json.loads((version / "manifest.json").read_text(encoding="utf-8"))["files"]:
        path = version / file["path"]
        if not path.is_file() or path.stat().st_size != file["bytes"]:
            found.append(f"{path}: missing, or not its size")
        elif path.suffix == ".parquet" and (file["rows"], file["sums"]) != sums(path, file):
            found.append(f"{path}: other rows or sums")
    with duckdb.connect(version / "analytics.duckdb", read_only=True) as connection:
        connection.execute("select count(*) from gigstack.invoices join ops.publication on true")
    return found


def sums(path: Path, file: dict[str, Any]) -> tuple[int, dict[str, str]]:
    """Rows and sums of money of a Parquet file, by pyarrow and Python's Decimal."""
    import pyarrow.parquet as pq

    rows = pq.ParquetFile(path).read(columns=list(file["sums"]))
    amounts = {
        name: sum((v for v in rows[name].to_pylist() if v is not None), Decimal(0))
        for name in file["sums"]
    }
    return pq.ParquetFile(path).metadata.num_rows, {
        name: f"{amount:f}" if amount else "0" for name, amount in amounts.items()
    }
