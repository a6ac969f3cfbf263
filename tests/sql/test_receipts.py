"""One row per receipt, with its lines, invoices and payments."""

from collections.abc import Callable
from decimal import Decimal

from tests.sql.rows import WRITTEN, Tables, at

Load = Callable[[str], Tables]


def test_an_invoiced_receipt_is_as_of_its_invoice(load: Load) -> None:
    assert load("receipts")["receipts"][0] == WRITTEN | {
        "receipt_id": "receipt_4Hn",
        "status": "completed",
        "status_raw": "completed",
        "client_id": "client_Qa71",
        "client_name": "Marisol Tovar",
        "client_address_zip": "06000",
        "currency": "MXN",
        "payment_form": "04",
        "periodicity": "month",
        "invoice_config_series": "F",
        "invoice_config_folio_number": "22",
        "invoice_config_global_periodicity": "04",
        "invoice_config_global_months": "10",
        "invoice_config_global_year": "2025",
        "url": "https://portal.example/autofactura?id=receipt_4Hn",
        "short_url": "https://s.example/1",
        "idempotency_key": "r-1",
        "created_via": "api",
        "owner": "usr_8H2",
        "team": "team_1",
        "metadata": '{"mesa":"Ñ"}',
        "exchange_rate": Decimal("1"),
        "total": Decimal("348"),
        "total_refunded": Decimal("0.1"),
        "subtotal": Decimal("300"),
        "taxes": Decimal("48.000001"),
        "discount": Decimal("0"),
        "withholding_taxes": Decimal("17.452134"),
        "livemode": True,
        "invoice_config_issued_at": at("2025-10-15T00:00:00"),
        "invoice_config_valid_until": at("2025-10-31T23:59:59"),
        "valid_until": at("2025-10-31T23:59:59"),
        "invoiced_at": at("2025-10-16T00:00:00"),
        "created_at": at("2025-10-15T00:00:00"),
        "updated_at": at("2025-10-16T00:00:00"),
        "updated_at_basis": "lifecycle",
    }


def test_older_spellings_of_times_and_periodicity_are_merged(load: Load) -> None:
    assert load("receipts")["receipts"][1] == WRITTEN | {
        "receipt_id": "receipt_5",
        "status": "cancelled",
        "status_raw": "Canceled",
        "periodicity": "two_weeks",
        "automatic_invoice_error": "RFC inválido",
        "total": Decimal("123456789012.123456"),
        "valid_until": at("2025-11-01T05:59:59"),
        "created_at": at("2025-10-15T00:00:00"),
        "updated_at": at("2025-10-15T00:00:00"),
        "updated_at_basis": "lifecycle",
        "extra": '{"exchange_rate":{"value":1},"tip":10}',
    }


def test_receipt_items_and_their_taxes_skip_null_elements(load: Load) -> None:
    tables = load("receipts")
    assert tables["receipt_items"] == [
        {
            "team_id": "team_1",
            "receipt_id": "receipt_4Hn",
            "item_number": 1,
            "service_id": "service_7Yb0",
            "description": "Gasolina",
            "item_complement": '{"hydrocarbons":{"fuel_code":"15101514","permit_type":"PER01"}}',
            "quantity": Decimal("1.5"),
            "unit_price": Decimal("200"),
            "extra": '{"pump":4}',
        },
    ]
    assert tables["receipt_item_taxes"] == [
        {
            "team_id": "team_1",
            "receipt_id": "receipt_4Hn",
            "item_number": 1,
            "tax_number": 1,
            "type": "IVA",
            "rate": Decimal("0.16"),
            "base": Decimal("300"),
            "inclusive": True,
        },
    ]


def test_invoices_and_payments_of_a_receipt_are_linked_once(load: Load) -> None:
    tables = load("receipts")
    assert tables["receipt_invoices"] == [
        {"team_id": "team_1", "receipt_id": "receipt_4Hn", "invoice_id": "inv_1"},
        {"team_id": "team_1", "receipt_id": "receipt_4Hn", "invoice_id": "inv_2"},
    ]
    assert tables["receipt_payments"] == [
        {"team_id": "team_1", "receipt_id": "receipt_4Hn", "payment_id": "payment_Z82"},
    ]
