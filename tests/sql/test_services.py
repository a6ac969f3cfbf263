"""One row per service, its taxes apart."""

from collections.abc import Callable
from decimal import Decimal

from tests.sql.rows import WRITTEN, Tables, at, tables_of

Load = Callable[[str], Tables]


def test_a_service_keeps_leading_zeros_and_six_decimals(load: Load) -> None:
    assert load("services")["services"][2] == WRITTEN | {
        "service_id": "service_7Yb0",
        "description": "Soporte mensual — año 1",
        "sku": "SUP-M",
        "product_key": "01010101",
        "unit_key": "E48",
        "unit_name": "Unidad de servicio",
        "created_via": "api",
        "owner": "usr_8H2",
        "team": "team_1",
        "metadata": '{"a":2,"b":1}',
        "unit_price": Decimal("17.452134"),
        "livemode": True,
        "created_at": at("2025-09-04T16:00:00"),
        "updated_at": at("2025-09-04T16:00:00"),
        "updated_at_basis": "lifecycle",
    }


def test_a_price_sent_as_text_is_exact_to_the_last_of_eighteen_digits(load: Load) -> None:
    assert load("services")["services"][0] == WRITTEN | {
        "service_id": "service_2",
        "currency": "USD",
        "taxability": "02",
        "unit_price": Decimal("123456789012.123456"),
        "created_at": at("2025-09-04T16:00:00"),
        "updated_at": at("2025-09-04T16:00:00"),
        "updated_at_basis": "lifecycle",
        "extra": '{"stock":7}',
    }


def test_a_price_that_is_no_number_and_a_time_of_zero_are_null(load: Load) -> None:
    assert load("services")["services"][1] == WRITTEN | {
        "service_id": "service_3",
        "updated_at": at("2026-12-01T00:00:00"),
        "updated_at_basis": "observed",
        "extra": '{"unit_price":"caro"}',
    }


def test_tax_rates_are_numbers_whether_sent_as_text_or_not(load: Load) -> None:
    assert load("services")["service_taxes"] == [
        {
            "team_id": "team_1",
            "service_id": "service_7Yb0",
            "tax_number": 1,
            "type": "IVA",
            "factor": "Tasa",
            "rate": Decimal("0.16"),
            "inclusive": False,
            "withholding": False,
        },
        {
            "team_id": "team_1",
            "service_id": "service_7Yb0",
            "tax_number": 3,
            "type": "ISR",
            "rate": Decimal("0.106667"),
            "base": Decimal("1"),
            "withholding": True,
            "extra": '{"zone":"norte"}',
        },
        {"team_id": "team_1", "service_id": "service_7Yb0", "tax_number": 4, "extra": '"IEPS"'},
    ]


def test_a_moment_of_more_than_thirteen_digits_is_none_and_harms_no_other_record() -> None:
    records = [{"id": "a", "created_at": 99999999999999999}, {"id": "b", "created_at": 1757001600}]
    rows = tables_of("services", records)["services"]
    assert [row.get("created_at") for row in rows] == [None, at("2025-09-04T16:00:00")]
