"""One row per team, its members apart."""

from collections.abc import Callable
from decimal import Decimal

from tests.sql.rows import WRITTEN, Tables, at

Load = Callable[[str], Tables]


def test_a_team_row_carries_its_own_id_not_that_of_the_team_it_was_read_for(load: Load) -> None:
    assert load("teams")["teams"][1] == WRITTEN | {
        "team_id": "team_91Kd",
        "legal_name": "TOVAR SERVICIOS",
        "tax_id": "TSE200101QW4",
        "tax_system": "601",
        "address_country": "MEX",
        "address_zip": "06000",
        "brand_alias": "Tovar",
        "brand_primary_color": "#102030",
        "brand_secondary_color": "#f0e0d0",
        "support_email": "ayuda@example.com",
        "support_phone": "+52 55 0000 2222",
        "owner": "usr_8H2",
        "settings": '{"periodicity":{"label":"Mes","value":"month"},"use":"G03"}',
        "integrations": '{"stripe":{"completed":true}}',
        "metadata": "{}",
        "credit_limit": Decimal("500.5"),
        "used_credits": Decimal("41"),
        "billing_credits": Decimal("123456789012.123456"),
        "sat_completed": True,
        "sat_connected_at": at("2025-01-04T14:13:20"),
        "sat_csd_expires_at": at("2029-01-05T00:00:00"),
        "credit_period_started_at": at("2025-10-01T00:00:00"),
        "created_at": at("2025-01-01T00:00:00"),
        "updated_at": at("2025-10-01T00:00:00"),
        "updated_at_basis": "lifecycle",
        "extra": '{"address":{"floor":3},"billing":{"plan":"pro"}}',
    }


def test_a_team_of_few_fields_keeps_the_rest_null(load: Load) -> None:
    assert load("teams")["teams"][0] == WRITTEN | {
        "team_id": "team_2",
        "name": "Señas",
        "livemode": False,
        "created_at": at("2025-01-01T00:00:00"),
        "updated_at": at("2025-01-01T00:00:00"),
        "updated_at_basis": "lifecycle",
        "extra": '{"deleted_at":1759276800,"sat":{"completed":"yes"}}',
    }


def test_a_member_listed_twice_is_one_row_and_one_may_be_an_id_alone(load: Load) -> None:
    assert load("teams")["team_members"] == [
        {
            "team_id": "team_91Kd",
            "user_id": "invitada@example.com",
            "email": "Invitada@example.com",
            "role": "viewer",
        },
        {"team_id": "team_91Kd", "user_id": "usr_10", "extra": '"usr_10"'},
        {"team_id": "team_91Kd", "user_id": "usr_8H2", "email": "ana@example.com", "role": "admin"},
        {
            "team_id": "team_91Kd",
            "user_id": "usr_9",
            "role": "editor",
            "extra": '{"permissions":{"invoices":"viewer"}}',
        },
    ]
