"""One row per client, its SAT hits apart."""

from collections.abc import Callable

from tests.sql.rows import WRITTEN, Tables, at

Load = Callable[[str], Tables]


def test_a_client_keeps_its_codes_as_text_and_its_tax_data_in_prefixed_columns(load: Load) -> None:
    assert load("clients")["clients"][0] == WRITTEN | {
        "client_id": "client_Qa71",
        "name": "Marisol Tovar",
        "company": "Tovar Textil",
        "email": "pagos@tovartextil.example",
        "phone": "+52 81 0000 1111",
        "legal_name": "TOVAR TEXTIL",
        "tax_id": "TTE190804JK2",
        "tax_system": "601",
        "cfdi_use": "G03",
        "address_country": "MEX",
        "address_street": "Padre Mier",
        "address_zip": "06000",
        "address_city": "Monterrey",
        "address_state": "NL",
        "address_exterior": "77",
        "fiscal_validation_status": "valid",
        "fiscal_validation_message": "ok",
        "created_via": "api",
        "owner": "usr_8H2",
        "team": "team_1",
        "bcc": '["copia@tovartextil.example"]',
        "metadata": '{"crm":"A-93","tier":{"a":[1,{"x":2,"y":1}],"b":2}}',
        "is_valid": True,
        "efos_is_valid": True,
        "sat_status_is_risky": True,
        "sat_status_efos_is_valid": False,
        "defaults_keep_full_legal_name": False,
        "defaults_issue_automatic_invoices": True,
        "defaults_issue_invoiceable_receipts": True,
        "livemode": True,
        "sat_status_checked_at": at("2025-09-05T16:00:00.123"),
        "created_at": at("2025-09-04T16:00:00"),
        "updated_at": at("2025-09-05T16:00:00.123"),
        "updated_at_basis": "lifecycle",
        "extra": '{"address":{"between":"Ocampo y Zaragoza"}}',
    }


def test_an_older_spelling_of_a_client_is_merged_and_what_does_not_fit_is_extra(load: Load) -> None:
    assert load("clients")["clients"][1] == WRITTEN | {
        "client_id": "cus_0007",
        "name": 'Ñandú & Cía "Ü" 😀',
        "tax_id": "ÑAC010101AB1",
        "tax_system": "612",
        "efos_status": "valid",
        "document_type": "31",
        "organization_type": "2",
        "tribute_code": "01",
        "dv": "7",
        "municipality_code": "05001",
        "bcc": "[]",
        "fiscal_responsibilities": '["O-13"]',
        "efos_checked_at": at("2025-09-04T16:00:00"),
        "created_at": at("2025-09-04T16:00:00"),
        "updated_at": at("2025-09-04T16:00:00"),
        "updated_at_basis": "lifecycle",
        "extra": '{"is_valid":"sí","loyalty":{"points":123456789012.123456}}',
    }


def test_sat_hits_keep_their_place_in_the_list_and_a_null_hit_is_no_row(load: Load) -> None:
    assert load("clients")["client_sat_hits"] == [
        {
            "team_id": "team_1",
            "client_id": "client_Qa71",
            "hit_number": 1,
            "list": "69-B",
            "label": "Operaciones inexistentes",
            "source": "SAT",
            "detail": '{"oficio":"500-05","situación":"Presunto"}',
            "is_risky": True,
        },
        {
            "team_id": "team_1",
            "client_id": "client_Qa71",
            "hit_number": 3,
            "list": "69",
            "extra": '{"is_risky":"no","rank":2}',
        },
        {"team_id": "team_1", "client_id": "client_Qa71", "hit_number": 4, "extra": '"69-BIS"'},
    ]
