"""One row per CFDI at SAT and direction."""

from collections.abc import Callable
from decimal import Decimal

from tests.sql.rows import WRITTEN, Tables, at, normalize

Load = Callable[[str], Tables]


def test_a_received_invoice_reads_local_times_in_mexico_city(load: Load) -> None:
    assert load("sat_invoices")["sat_invoices"][1] == WRITTEN | {
        "uuid": "3d7e1f52-6a0b-4c1d-8e9f-10a2b3c4d5e6",
        "direction": "received",
        "invoice_type": "I",
        "status": "cancelado",
        "status_raw": "Cancelado",
        "resource_status": "ready",
        "series": "A",
        "folio_number": "0055",
        "issuer_rfc": "PNO101112AB3",
        "issuer_name": "PAPELERA ÑORTE",
        "receiver_rfc": "TTE190804JK2",
        "receiver_name": "TOVAR TEXTIL",
        "currency": "MXN",
        "pac_rfc": "PAC010101XX1",
        "version": "4.0",
        "certificate_number": "00001000000500000001",
        "exchange_rate": Decimal("1"),
        "total": Decimal("1160.005"),
        "subtotal": Decimal("123456789012.123456"),
        "has_xml": True,
        "issued_at": at("2026-03-04T17:20:09"),
        "stamped_at": at("2026-03-04T17:21:15"),
        "cancelled_at": at("2026-04-01T06:00:00"),
        "updated_at": at("2026-04-01T06:00:00"),
        "updated_at_basis": "lifecycle",
        "extra": '{"issuer":{"regime":"601"}}',
    }


def test_the_issued_side_of_the_same_uuid_is_a_row_of_its_own(load: Load) -> None:
    assert load("sat_invoices")["sat_invoices"][0] == WRITTEN | {
        "uuid": "3d7e1f52-6a0b-4c1d-8e9f-10a2b3c4d5e6",
        "direction": "issued",
        "status": "vigente",
        "status_raw": "Vigente",
        "xml_error": "sin XML",
        "series": "B",
        "folio_number": "56",
        "total": Decimal("17.452134"),
        "subtotal": Decimal("0.1"),
        "livemode": False,
        "issued_at": at("2026-03-04T11:20:09"),
        "created_at": at("2026-03-04T17:40:00"),
        "updated_at": at("2026-03-04T18:46:40"),
        "updated_at_basis": "api",
        "extra": '{"has_xml":"no","payment_method":"PUE"}',
    }


def test_an_invoice_without_direction_is_rejected() -> None:
    batch = normalize("sat_invoices", [{"uuid": "3d7e1f52-6a0b-4c1d-8e9f-10a2b3c4d5e6"}])
    assert [(reject.reason, reject.field) for reject in batch.rejects] == [
        ("no key", "uuid, direction")
    ]
