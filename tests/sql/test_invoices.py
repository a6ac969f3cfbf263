"""One row per CFDI, with seven tables of what it lists."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.sql.rows import WRITTEN, Tables, at, tables_of

Load = Callable[[str], Tables]


def test_a_cancelled_invoice_is_one_row_as_of_its_last_change(load: Load) -> None:
    assert load("invoices")["invoices"][1] == WRITTEN | {
        "invoice_id": "inv_5tRk20",
        "uuid": "0f6b7c1e-51aa-4d0e-9a7c-2f3f8a1b7d10",
        "document_kind": "income",
        "invoice_type": "I",
        "status": "cancelled",
        "status_raw": "Canceled",
        "series": "F",
        "folio_number": "812",
        "client_id": "client_Qa71",
        "client_name": "Marisol Tovar",
        "client_legal_name": "TOVAR TEXTIL",
        "client_tax_id": "TTE190804JK2",
        "client_tax_system": "601",
        "client_cfdi_use": "G03",
        "client_address_country": "MEX",
        "client_address_zip": "06000",
        "client_snapshot": '{"metadata":{"crm":"A-93"}}',
        "currency": "MXN",
        "cfdi_use": "G03",
        "payment_form": "01",
        "payment_method": "PPD",
        "global_periodicity": "04",
        "global_months": "10",
        "global_year": "2025",
        "stamp_sello": "abc==",
        "stamp_provider": "Prodigia",
        "cancellation_status": "accepted",
        "cancellation_motive": "02",
        "cancellation_code": "201",
        "cancellation_requested_by": "usr_8H2",
        "issuer_legal_name": "TOVAR SERVICIOS",
        "issuer_tax_id": "TSE200101QW4",
        "issuer_tax_system": "601",
        "issuer_zip": "64000",
        "idempotency_key": "k-1",
        "created_via": "api",
        "owner": "usr_8H2",
        "team": "team_1",
        "emails": '["a@example.com"]',
        "namespaces": '[{"prefix":"pago20","uri":"http://www.sat.gob.mx/Pagos20"}]',
        "metadata": '{"order":"77"}',
        "exchange_rate": Decimal("1"),
        "total": Decimal("123456789012.123456"),
        "subtotal": Decimal("1160.005"),
        "taxes": Decimal("0.1"),
        "discount": Decimal("0"),
        "withholding_taxes": Decimal("17.452134"),
        "payment_complements": Decimal("1000"),
        "last_balance": Decimal("1726.58"),
        "installments": 1,
        "livemode": True,
        "issued_at": at("2025-10-01T00:00:00"),
        "stamp_stamped_at": at("2025-10-01T00:00:05"),
        "cancellation_requested_at": at("2025-10-02T00:00:00"),
        "cancellation_cancelled_at": at("2025-10-02T15:15:00"),
        "cancellation_last_checked_at": at("2025-10-03T00:00:00"),
        "created_at": at("2025-10-01T00:00:00"),
        "updated_at": at("2025-10-03T00:00:00"),
        "updated_at_basis": "lifecycle",
        "extra": '{"cancellation":{"attempts":3},"client":{"nickname":"Mari"},"priority":"high"}',
    }


def test_an_older_invoice_without_id_goes_by_its_uuid(load: Load) -> None:
    assert load("invoices")["invoices"][0] == WRITTEN | {
        "invoice_id": "7b1d9c20-0c3f-4b7e-8f55-6d2f0a9e1c44",
        "uuid": "7b1d9c20-0c3f-4b7e-8f55-6d2f0a9e1c44",
        "document_kind": "income",
        "status": "valid",
        "status_raw": "valid",
        "series": "NC",
        "folio_number": "0014",
        "client_name": "Tovar",
        "cancellation_status": "none",
        "cancellation_receipt": "acuse",
        "total": Decimal("580"),
        "stamp_stamped_at": at("2025-10-01T18:00:05"),
        "created_at": at("2025-10-01T18:00:00"),
        "updated_at": at("2025-10-01T18:00:05"),
        "updated_at_basis": "lifecycle",
        "extra": '{"installments":"dos"}',
    }


def test_items_keep_their_place_in_the_list(load: Load) -> None:
    assert load("invoices")["invoice_items"] == [
        {
            "team_id": "team_1",
            "invoice_id": "inv_5tRk20",
            "item_number": 1,
            "service_id": "service_7Yb0",
            "description": "Soporte",
            "product_key": "01010101",
            "unit_key": "E48",
            "taxability": "02",
            "third_party_legal_name": "TERCERO",
            "third_party_tax_id": "TER010101AB1",
            "third_party_tax_system": "601",
            "third_party_zip": "01000",
            "quantity": Decimal("3"),
            "unit_price": Decimal("17.452134"),
            "discount": Decimal("0.1"),
            "extra": '{"shelf":"A1"}',
        },
        {
            "team_id": "team_1",
            "invoice_id": "inv_5tRk20",
            "item_number": 3,
            "description": "Ad hoc",
            "quantity": Decimal("1"),
            "unit_price": Decimal("1"),
        },
    ]


def test_item_taxes_are_numbered_within_their_item(load: Load) -> None:
    assert load("invoices")["invoice_item_taxes"] == [
        {
            "team_id": "team_1",
            "invoice_id": "inv_5tRk20",
            "item_number": 1,
            "tax_number": 1,
            "type": "IVA",
            "factor": "Tasa",
            "rate": Decimal("0.16"),
            "base": Decimal("52.256402"),
            "inclusive": False,
            "withholding": False,
        },
        {
            "team_id": "team_1",
            "invoice_id": "inv_5tRk20",
            "item_number": 1,
            "tax_number": 2,
            "type": "ISR",
            "base": Decimal("1"),
            "withholding": True,
            "extra": '{"rate":"exento"}',
        },
    ]


def test_each_payment_and_each_other_invoice_named_is_one_row(load: Load) -> None:
    tables = load("invoices")
    assert tables["invoice_payments"] == [
        {"team_id": "team_1", "invoice_id": "inv_5tRk20", "payment_id": "payment_Z81"},
    ]
    assert tables["invoice_links"] == [
        {"team_id": "team_1", "invoice_id": "inv_5tRk20", "linked_invoice_id": "inv_6uSl31"},
    ]


def test_related_documents_are_numbered_and_their_uuids_lower_case(load: Load) -> None:
    assert load("invoices")["invoice_related_documents"] == [
        {
            "team_id": "team_1",
            "invoice_id": "inv_5tRk20",
            "relation_number": 1,
            "document_number": 1,
            "relationship": "04",
            "related_uuid": "7b1d9c20-0c3f-4b7e-8f55-6d2f0a9e1c44",
        },
        {
            "team_id": "team_1",
            "invoice_id": "inv_5tRk20",
            "relation_number": 1,
            "document_number": 3,
            "relationship": "04",
            "related_uuid": "inv_e77",
        },
    ]


def test_complements_and_automations_are_numbered(load: Load) -> None:
    tables = load("invoices")
    assert tables["invoice_complements"] == [
        {
            "team_id": "team_1",
            "invoice_id": "inv_5tRk20",
            "complement_number": 1,
            "type": "pago",
            "data": "<pago20:Pagos/>",
        },
    ]
    assert tables["invoice_automations"] == [
        {
            "team_id": "team_1",
            "invoice_id": "inv_5tRk20",
            "automation_number": 1,
            "type": "pue_invoice",
            "action": "stamp",
            "created_via": "api",
            "ref": "payment_Z81",
        },
    ]


@pytest.mark.parametrize(
    ("resource", "kind"),
    [
        ("invoices_income", "income"),
        ("invoices_egress", "egress"),
        ("invoices_payment", "payment_complement"),
        ("invoices_transfer", "transfer"),
    ],
)
def test_the_list_an_invoice_came_from_is_its_document_kind(resource: str, kind: str) -> None:
    rows = tables_of("invoices", [{"id": "inv_1"}], resource)["invoices"]
    assert [row["document_kind"] for row in rows] == [kind]
