"""One row per retention, its taxes apart."""

from collections.abc import Callable
from decimal import Decimal

from tests.sql.rows import WRITTEN, Tables, at

Load = Callable[[str], Tables]


def test_a_retention_whose_id_is_its_uuid_goes_by_it_in_lower_case(load: Load) -> None:
    assert load("retentions")["retentions"][0] == WRITTEN | {
        "retention_id": "a81d0c34-7e2b-4f5a-9c6d-1b2e3f405162",
        "uuid": "a81d0c34-7e2b-4f5a-9c6d-1b2e3f405162",
        "document_type": "retenciones",
        "retention_key": "06",
        "status": "cancelled",
        "status_raw": "canceled",
        "series": "R",
        "folio_number": "0007",
        "issuer_legal_name": "TOVAR SERVICIOS",
        "issuer_tax_id": "TSE200101QW4",
        "issuer_tax_system": "601",
        "receiver_legal_name": "ANA MUÑOZ",
        "receiver_tax_id": "RUAA850505H10",
        "receiver_nationality": "Nacional",
        "stamp_uuid": "a81d0c34-7e2b-4f5a-9c6d-1b2e3f405162",
        "stamp_provider": "prodigia",
        "period_start": 2,
        "period_end": 2,
        "period_year": 2026,
        "total_operation": Decimal("8000"),
        "total_taxable": Decimal("8000"),
        "total_exempt": Decimal("0"),
        "total_retained": Decimal("1653.34"),
        "livemode": True,
        "stamp_stamped_at": at("2026-02-27T15:15:00"),
        "created_at": at("2026-02-27T09:15:00"),
        "updated_at": at("2026-02-27T15:15:00"),
        "updated_at_basis": "lifecycle",
        "extra": '{"receiver":{"curp":"RUAA850505"}}',
    }


def test_a_retention_without_issuer_and_receiver_has_them_null(load: Load) -> None:
    assert load("retentions")["retentions"][1] == WRITTEN | {
        "retention_id": "ret_2",
        "uuid": "b81d0c34-7e2b-4f5a-9c6d-1b2e3f405162",
        "status": "valid",
        "status_raw": "valid",
        "series": "R",
        "folio_number": "8",
        "total_retained": Decimal("0.1"),
        "livemode": True,
        "stamp_stamped_at": at("2026-02-27T15:15:00.250"),
        "created_at": at("2026-02-27T09:15:00"),
        "updated_at": at("2026-02-27T15:15:00.250"),
        "updated_at_basis": "lifecycle",
        "extra": '{"client_id":"client_Qa71","period":{"start":"febrero"}}',
    }


def test_retained_taxes_keep_the_code_as_sent(load: Load) -> None:
    assert load("retentions")["retention_taxes"] == [
        {
            "team_id": "team_1",
            "retention_id": "a81d0c34-7e2b-4f5a-9c6d-1b2e3f405162",
            "tax_number": 1,
            "tax": "001",
            "payment_type": "03",
            "base": Decimal("8000"),
            "amount": Decimal("800"),
        },
        {
            "team_id": "team_1",
            "retention_id": "a81d0c34-7e2b-4f5a-9c6d-1b2e3f405162",
            "tax_number": 3,
            "tax": "IVA",
            "base": Decimal("123456789012.123456"),
            "amount": Decimal("853.34"),
            "extra": '{"rate":0.106667}',
        },
        {
            "team_id": "team_1",
            "retention_id": "a81d0c34-7e2b-4f5a-9c6d-1b2e3f405162",
            "tax_number": 4,
            "tax": "002",
            "extra": '{"base":"mucho"}',
        },
    ]
