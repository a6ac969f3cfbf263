"""One row per request for CFDI."""

from collections.abc import Callable
from datetime import date

from tests.sql.rows import WRITTEN, Tables, at

Load = Callable[[str], Tables]


def test_camel_case_fields_become_snake_case_columns(load: Load) -> None:
    assert load("sat_download_requests")["sat_download_requests"][0] == WRITTEN | {
        "request_id": "req_1",
        "rfc_type": "received",
        "status": "completed",
        "status_raw": "completed",
        "status_message": "SAT respondió",
        "source": "manual",
        "owner": "usr_8H2",
        "invoice_count": 12,
        "processed_count": 12,
        "start_date": date.fromisoformat("2026-02-01"),
        "end_date": date.fromisoformat("2026-02-28"),
        "earliest_issued_at": at("2026-02-01T18:20:00"),
        "latest_issued_at": at("2026-02-27T13:46:40"),
        "completed_at": at("2026-02-28T18:33:20"),
        "created_at": at("2026-02-28T17:33:20"),
        "updated_at": at("2026-02-28T18:33:20"),
        "updated_at_basis": "lifecycle",
    }


def test_a_start_that_is_no_date_is_extra(load: Load) -> None:
    assert load("sat_download_requests")["sat_download_requests"][1] == WRITTEN | {
        "request_id": "req_2",
        "status": "cancelled",
        "status_raw": "canceled",
        "created_at": at("2026-02-28T17:33:20"),
        "updated_at": at("2026-02-28T17:33:20"),
        "updated_at_basis": "lifecycle",
        "extra": '{"invoiceCount":1.5,"retries":1,"startDate":"pronto"}',
    }
