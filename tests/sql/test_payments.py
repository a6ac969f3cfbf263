"""One row per payment, with eight tables of what it lists."""

from collections.abc import Callable
from decimal import Decimal

from tests.sql.rows import WRITTEN, Tables, at

Load = Callable[[str], Tables]


def test_a_refunded_payment_is_as_of_its_last_refund(load: Load) -> None:
    assert load("payments")["payments"][0] == WRITTEN | {
        "payment_id": "payment_Z81",
        "status": "succeeded",
        "status_raw": "succeeded_",
        "client_id": "client_Qa71",
        "client_name": "Marisol Tovar",
        "client_email": "pagos@tovartextil.example",
        "client_tax_id": "TTE190804JK2",
        "currency": "MXN",
        "payment_form": "03",
        "processor": "stripe",
        "automation_type": "ppd_invoice_and_complement",
        "invoice_config_series": "F",
        "invoice_config_folio_number": "0022",
        "short_url": "https://pay.example/p/abc",
        "idempotency_key": "k-77",
        "created_via": "api",
        "owner": "usr_8H2",
        "team": "team_1",
        "processor_details": '{"charge":"ch_1","fee":{"a":2,"b":1}}',
        "emails": '["a@example.com"]',
        "metadata": '{"año":2025,"order":"77"}',
        "exchange_rate": Decimal("1"),
        "total": Decimal("123456789012.123456"),
        "total_effective": Decimal("123456789012.123456"),
        "subtotal": Decimal("862.07"),
        "taxes": Decimal("137.93"),
        "livemode": True,
        "succeeded_at": at("2025-10-02T21:21:00"),
        "created_at": at("2025-10-02T21:20:00"),
        "updated_at": at("2025-10-03T21:20:00"),
        "updated_at_basis": "lifecycle",
    }


def test_a_payment_without_total_keeps_null_and_derives_the_effective_total(load: Load) -> None:
    assert load("payments")["payments"][2] == WRITTEN | {
        "payment_id": "payment_no_total",
        "status": "cancelled",
        "status_raw": "canceled",
        "processor": "openpay",
        "automation_type": "receipt",
        "total_effective": Decimal("1160.0058"),
        "subtotal": Decimal("1000.005"),
        "taxes": Decimal("160.0008"),
        "amount_cents": Decimal("1"),
        "created_at": at("2025-10-02T21:20:00"),
        "updated_at": at("2025-10-02T21:20:00"),
        "updated_at_basis": "lifecycle",
    }


def test_a_legacy_amount_in_cents_is_the_effective_total_when_taxes_are_missing(load: Load) -> None:
    assert load("payments")["payments"][3] == WRITTEN | {
        "payment_id": "payment_of_cents",
        "status": "pending",
        "status_raw": "pending",
        "total_effective": Decimal("1160.01"),
        "subtotal": Decimal("5"),
        "amount_cents": Decimal("116001"),
        "created_at": at("2025-10-02T21:20:00"),
        "updated_at": at("2025-10-02T21:20:00"),
        "updated_at_basis": "lifecycle",
    }


def test_the_sum_of_the_lines_is_the_last_resort_for_the_effective_total(load: Load) -> None:
    assert load("payments")["payments"][4] == WRITTEN | {
        "payment_id": "payment_of_lines",
        "total_effective": Decimal("52.456402"),
        "discount": Decimal("1"),
        "updated_at": at("2026-12-01T00:00:00"),
        "updated_at_basis": "observed",
    }


def test_what_does_not_fit_a_payment_is_extra_and_leaves_no_child_rows(load: Load) -> None:
    assert load("payments")["payments"][1] == WRITTEN | {
        "payment_id": "payment_ill_typed",
        "client_id": "client_Qa71",
        "updated_at": at("2026-12-01T00:00:00"),
        "updated_at_basis": "observed",
        "extra": '{"client":"client_Qa71","due_at":1759440000,'
        '"refunds":{"count":0},"total":"gratis"}',
    }


def test_payment_items_keep_their_place_in_the_list(load: Load) -> None:
    assert load("payments")["payment_items"] == [
        {
            "team_id": "team_1",
            "payment_id": "payment_Z81",
            "item_number": 1,
            "service_id": "service_7Yb0",
            "description": "Anticipo",
            "sku": "A-1",
            "product_key": "01010101",
            "unit_key": "E48",
            "unit_name": "Servicio",
            "created_via": "manual",
            "team": "team_1",
            "item_complement": '{"hydrocarbons":{"permit_type":"PER01"}}',
            "search": '{"auto_create":true,"on_key":"sku"}',
            "quantity": Decimal("1"),
            "unit_price": Decimal("862.07"),
            "created_at": at("2025-10-02T21:20:00"),
            "extra": '{"weight":1.50}',
        },
        {
            "team_id": "team_1",
            "payment_id": "payment_of_cents",
            "item_number": 1,
            "quantity": Decimal("1"),
            "unit_price": Decimal("1"),
        },
        {
            "team_id": "team_1",
            "payment_id": "payment_of_lines",
            "item_number": 1,
            "quantity": Decimal("3"),
            "unit_price": Decimal("17.452134"),
            "discount": Decimal("0.1"),
        },
        {
            "team_id": "team_1",
            "payment_id": "payment_of_lines",
            "item_number": 2,
            "quantity": Decimal("2"),
            "unit_price": Decimal("0.1"),
        },
        {
            "team_id": "team_1",
            "payment_id": "payment_of_lines",
            "item_number": 3,
            "description": "sin precio",
        },
    ]


def test_payment_item_taxes_are_numbered_within_their_item(load: Load) -> None:
    assert load("payments")["payment_item_taxes"] == [
        {
            "team_id": "team_1",
            "payment_id": "payment_Z81",
            "item_number": 1,
            "tax_number": 1,
            "type": "IVA",
            "factor": "Tasa",
            "rate": Decimal("0.16"),
            "base": Decimal("862.07"),
            "withholding": False,
            "extra": '{"note":"x"}',
        },
    ]


def test_invoices_and_receipts_are_linked_once_under_any_spelling(load: Load) -> None:
    tables = load("payments")
    assert tables["payment_invoices"] == [
        {"team_id": "team_1", "payment_id": "payment_Z81", "invoice_id": "inv_5tRk20"},
        {"team_id": "team_1", "payment_id": "payment_Z81", "invoice_id": "inv_9"},
        {
            "team_id": "team_1",
            "payment_id": "payment_of_lines",
            "invoice_id": "0f6b7c1e-51aa-4d0e-9a7c-2f3f8a1b7d10",
        },
    ]
    assert tables["payment_receipts"] == [
        {"team_id": "team_1", "payment_id": "payment_Z81", "receipt_id": "receipt_1"},
        {"team_id": "team_1", "payment_id": "payment_Z81", "receipt_id": "receipt_2"},
    ]


def test_related_payments_are_texts_or_objects_with_an_id(load: Load) -> None:
    assert load("payments")["payment_related_payments"] == [
        {
            "team_id": "team_1",
            "payment_id": "payment_Z81",
            "related_payment_id": "payment_Z79",
            "extra": '{"kind":"advance"}',
        },
        {"team_id": "team_1", "payment_id": "payment_Z81", "related_payment_id": "payment_Z80"},
    ]


def test_allowed_methods_are_texts_or_objects_with_an_id(load: Load) -> None:
    assert load("payments")["payment_allowed_methods"] == [
        {"team_id": "team_1", "payment_id": "payment_Z81", "method": "card"},
        {"team_id": "team_1", "payment_id": "payment_Z81", "method": "oxxo", "extra": '{"days":3}'},
        {"team_id": "team_1", "payment_id": "payment_Z81", "method": "spei"},
        {
            "team_id": "team_1",
            "payment_id": "payment_Z81",
            "method": '{"days":1}',
            "extra": '{"days":1}',
        },
    ]


def test_refunds_and_automations_are_numbered(load: Load) -> None:
    tables = load("payments")
    assert tables["payment_refunds"] == [
        {
            "team_id": "team_1",
            "payment_id": "payment_Z81",
            "refund_number": 1,
            "refund_id": "re_1",
            "status": "cancelled",
            "status_raw": "canceled",
            "reason": "duplicate",
            "currency": "MXN",
            "items": '[{"id":"x"}]',
            "amount": Decimal("0.1"),
            "created_at": at("2025-10-03T21:20:00"),
            "extra": '{"fee":2}',
        },
    ]
    assert tables["payment_automations"] == [
        {
            "team_id": "team_1",
            "payment_id": "payment_Z81",
            "automation_number": 1,
            "type": "ppd_invoice_and_complement",
            "action": "stamp",
            "created_via": "api",
            "ref": "inv_5tRk20",
        },
    ]
