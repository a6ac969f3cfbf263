"""One row per draft, with its lines."""

from collections.abc import Callable
from decimal import Decimal

from tests.sql.rows import WRITTEN, Tables, at

Load = Callable[[str], Tables]


def test_a_draft_is_as_of_the_updated_at_of_the_api(load: Load) -> None:
    assert load("invoice_drafts")["invoice_drafts"][0] == WRITTEN | {
        "draft_id": "drf_09Lx",
        "invoice_type": "I",
        "status": "draft",
        "status_raw": "draft",
        "series": "F",
        "folio_number": "0",
        "client_id": "client_Qa71",
        "client_legal_name": "TOVAR TEXTIL",
        "client_tax_id": "TTE190804JK2",
        "client_address_zip": "06000",
        "client_snapshot": '{"is_valid":true}',
        "currency": "USD",
        "cfdi_use": "G03",
        "payment_form": "03",
        "payment_method": "PUE",
        "payment_conditions": "30 días",
        "exports": "01",
        "global_periodicity": "04",
        "global_months": "10",
        "global_year": "2025",
        "created_via": "api",
        "owner": "usr_8H2",
        "team": "team_1",
        "emails": '["ventas@example.com"]',
        "related_documents": '[{"documents":[],"relationship":"01"}]',
        "complements": "[]",
        "metadata": '{"a":{"c":2,"d":1},"b":1}',
        "exchange_rate": Decimal("17.452134"),
        "total": Decimal("1160.005"),
        "subtotal": Decimal("1000"),
        "taxes": Decimal("0.1"),
        "discount": Decimal("0"),
        "withholding_taxes": Decimal("1"),
        "is_draft": True,
        "livemode": True,
        "created_at": at("2025-10-09T08:53:20"),
        "updated_at": at("2025-10-09T09:53:20"),
        "updated_at_basis": "api",
    }


def test_a_draft_without_updated_at_is_as_of_its_creation(load: Load) -> None:
    assert load("invoice_drafts")["invoice_drafts"][1] == WRITTEN | {
        "draft_id": "drf_2",
        "series": "G",
        "folio_number": "0007",
        "client_name": "Sin cliente",
        "total": Decimal("123456789012.123456"),
        "created_at": at("2025-10-09T08:53:20"),
        "updated_at": at("2025-10-09T08:53:20"),
        "updated_at_basis": "lifecycle",
        "extra": '{"draft":"yes","preview":"JVBERi0="}',
    }


def test_draft_items_and_their_taxes_skip_null_elements(load: Load) -> None:
    tables = load("invoice_drafts")
    assert tables["invoice_draft_items"] == [
        {
            "team_id": "team_1",
            "draft_id": "drf_09Lx",
            "item_number": 1,
            "service_id": "service_1",
            "description": "Diseño",
            "quantity": Decimal("2"),
            "unit_price": Decimal("500"),
            "discount": Decimal("0"),
            "extra": '{"color":"rojo"}',
        },
    ]
    assert tables["invoice_draft_item_taxes"] == [
        {
            "team_id": "team_1",
            "draft_id": "drf_09Lx",
            "item_number": 1,
            "tax_number": 1,
            "type": "IVA",
            "rate": Decimal("0.16"),
            "base": Decimal("1000"),
        },
        {
            "team_id": "team_1",
            "draft_id": "drf_09Lx",
            "item_number": 1,
            "tax_number": 3,
            "type": "ISR",
            "extra": '{"rate":"n/a"}',
        },
    ]
