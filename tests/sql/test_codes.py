"""Codes and words as people write them, each as SAT's list has it (`sql/macros`)."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import duckdb
import jinja2
import pytest

from pipelines.foundation.paths import SQL
from tests.sql.rows import tables_of

CODES = [
    ("c_TipoRelacion", "1", "01"),
    ("c_TipoRelacion", "01", "01"),
    ("c_Periodicidad", "4", "04"),
    ("c_Meses", "3", "03"),
    ("c_FormaPago", " 3\n", "03"),
    ("c_FormaPago", "Efectivo", "01"),
    ("c_FormaPago", "efectivo\u00a0", "01"),
    ("c_FormaPago", "98", "98"),
    ("c_MotivoCancelacion", "2", "02"),
    ("c_TipoFactor", "tasa", "Tasa"),
    ("c_TipoFactor", "exento", "Exento"),
    ("c_TipoFactor", "CUOTA", "Cuota"),
    ("c_Moneda", " MXN", "MXN"),
    ("c_Moneda", "\u200busd", "USD"),
    ("c_Moneda", "Peso Mexicano", "MXN"),
    ("c_TipoDeComprobante", "ingreso", "I"),
    ("c_TipoDeComprobante", "i", "I"),
    ("c_MetodoPago", "pago en una sola exhibicio\u0301n", "PUE"),
    ("c_RegimenFiscal", "601", "601"),
    ("c_UsoCFDI", "g03", "G03"),
]


class Namespace(jinja2.Environment):
    """The macros of the project, as dbt would have them."""

    def __init__(self) -> None:
        super().__init__()
        texts = [(SQL / "macros" / f"{name}.sql").read_text() for name in ("codes", "rfc")]
        listed = (SQL / "macros" / "listed_codes.sql").read_text()
        found: dict[str, Any] = {}
        for name in ("listed_codes", "cancellation_words"):
            body = listed.split(f"{{% macro {name}() -%}}")[1].split("{%- endmacro %}")[0]
            self.globals["return"] = partial(self._keep, found, name)
            self.from_string(body).render()
            self.globals[name] = partial(found.get, name)
        self.globals["ref"] = lambda name: name
        self.macros = self.from_string("\n".join(texts)).module

    @staticmethod
    def _keep(found: dict[str, Any], name: str, value: Any) -> str:
        found[name] = value
        return ""


@pytest.fixture(scope="module")
def macros() -> Any:
    return Namespace().macros


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        path = SQL / "seeds" / "generic_rfc.csv"
        connection.execute("create table generic_rfc as from read_csv($path)", {"path": str(path)})
        yield connection


def value(connection: duckdb.DuckDBPyConnection, expression: str, written: str | None) -> Any:
    found = connection.execute(
        f"select {expression} from (select $written::varchar as x)", {"written": written}
    ).fetchone()
    return found and found[0]


@pytest.mark.parametrize(("name", "written", "right"), CODES)
def test_a_code_is_that_of_its_list(
    connection: duckdb.DuckDBPyConnection, macros: Any, name: str, written: str, right: str
) -> None:
    assert value(connection, macros.listed("x", name), written) == right


@pytest.mark.parametrize("name", sorted({name for name, _, _ in CODES}))
def test_nothing_is_no_code(connection: duckdb.DuckDBPyConnection, macros: Any, name: str) -> None:
    assert value(connection, macros.listed("x", name), None) is None
    assert value(connection, macros.listed("x", name), " \t") is None


@pytest.mark.parametrize(
    ("written", "right"),
    [("002", "IVA"), ("IVA ", "IVA"), ("iva", "IVA"), ("1", "ISR"), ("ISH", "ISH"), (None, None)],
)
def test_a_tax_has_its_name(
    connection: duckdb.DuckDBPyConnection, macros: Any, written: str | None, right: str | None
) -> None:
    assert value(connection, macros.tax_name("x"), written) == right


def test_a_postal_code_has_five_digits(connection: duckdb.DuckDBPyConnection, macros: Any) -> None:
    found = [value(connection, macros.zip_code("x"), one) for one in ("6600", " 06600", "A1", None)]
    assert found == ["06600", "06600", "A1", None]


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("Solicitud rechazada", "rejected"),
        ("REJECTED", "rejected"),
        ("No cancelable", "not_cancellable"),
        ("En proceso", "requested"),
        ("Plazo vencido", "accepted"),
        ("accepted", "accepted"),
        ("none", "none"),
        ("None", "none"),
        (None, None),
    ],
)
def test_a_cancellation_is_told_in_one_word(
    connection: duckdb.DuckDBPyConnection, macros: Any, written: str | None, right: str | None
) -> None:
    assert value(connection, macros.cancellation_word("x"), written) == right


@pytest.mark.parametrize(
    ("written", "is_right"),
    [
        ("H&amp;E951128469", True),
        ("H&E951128469", True),
        ("MUN\u0303A800101AB1", True),
        ("EKU9003173C9\n", True),
        ("eku-900317-3c9", True),
        ("EKU9002303C9", False),  # 30 February
        ("AAA000229AA1", True),  # 2000 was a leap year
        ("AAA010229AA1", False),
        ("EKU900317", False),
    ],
)
def test_a_tax_id_is_well_formed(
    connection: duckdb.DuckDBPyConnection, macros: Any, written: str, is_right: bool
) -> None:
    assert value(connection, macros.rfc_format_ok("x"), written) is is_right


def test_links_may_be_objects_and_folios_have_one_spelling() -> None:
    folio = "A1B2C3D4-0000-1111-2222-ABCDEF012345"
    payments = ["payment_1", {"id": "payment_2"}, {"id": "payment_3", "total": 1}, "", {"x": 1}]
    record = {"id": "i", "invoice_type": "I", "created_at": 1760000000, "payments": payments}
    rows = tables_of("invoices", [record | {"invoices": [f" {folio}\u00a0", {"uuid": folio}]}])
    found = {row["payment_id"] for row in rows["invoice_payments"]}
    assert found == {"payment_1", "payment_2", "payment_3"}
    assert {row["linked_invoice_id"] for row in rows["invoice_links"]} == {folio.lower()}
    paid = {"id": "p", "created_at": 1760000000, "total": "1", "invoices": [folio, {"id": "inv_1"}]}
    assert {row["invoice_id"] for row in tables_of("payments", [paid])["payment_invoices"]} == {
        folio.lower(),
        "inv_1",
    }


def test_text_with_more_decimals_is_rounded_as_a_number_is() -> None:
    record = {"id": "i", "invoice_type": "I", "created_at": 1760000000}
    (row,) = tables_of("invoices", [record | {"exchange_rate": "17.1234567890"}])["invoices"]
    assert str(row["exchange_rate"]) == "17.123457"
