"""One row per team and user, the user's teams apart."""

from collections.abc import Callable

from tests.sql.rows import WRITTEN, Tables, at

Load = Callable[[str], Tables]


def test_a_user_is_as_of_the_last_login(load: Load) -> None:
    assert load("users")["users"][0] == WRITTEN | {
        "user_id": "usr_8H2",
        "name": "Ana Muñoz",
        "first_name": "Ana",
        "last_name": "Muñoz",
        "email": "ana@example.com",
        "phone": "+52 55 0000 3333",
        "role": "admin",
        "company_role": "Contaduría",
        "address_zip": "06000",
        "address_city": "CDMX",
        "last_login_at": at("2025-01-02T00:00:00"),
        "created_at": at("2025-01-01T00:00:00"),
        "updated_at": at("2025-01-02T00:00:00"),
        "updated_at_basis": "lifecycle",
    }


def test_both_spellings_of_a_name_are_one_column(load: Load) -> None:
    assert load("users")["users"][1] == WRITTEN | {
        "user_id": "usr_9",
        "first_name": "Luz",
        "created_at": at("2025-01-01T00:00:00"),
        "updated_at": at("2025-01-01T00:00:00"),
        "updated_at_basis": "lifecycle",
        "extra": '{"locale":"es","phone":["1"]}',
    }


def test_a_membership_listed_twice_is_one_row(load: Load) -> None:
    assert load("users")["user_teams"] == [
        {"team_id": "team_1", "user_id": "usr_8H2", "member_team_id": "#5", "extra": '"team_3"'},
        {
            "team_id": "team_1",
            "user_id": "usr_8H2",
            "member_team_id": "team_1",
            "team_name": "Tovar",
            "role": "admin",
            "extra": '{"since":2024}',
        },
        {"team_id": "team_1", "user_id": "usr_8H2", "member_team_id": "team_2", "role": "editor"},
    ]
