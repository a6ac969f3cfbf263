"""One row per webhook, its events apart."""

from collections.abc import Callable

from tests.sql.rows import WRITTEN, Tables, at

Load = Callable[[str], Tables]


def test_the_query_of_a_webhook_url_is_not_stored(load: Load) -> None:
    assert load("webhooks")["webhooks"][0] == WRITTEN | {
        "webhook_id": "wh_3Kq",
        "url": "https://hooks.example/gs",
        "status": "active",
        "status_raw": "active",
        "description": "Año nuevo",
        "version": "v2",
        "type": "gigstack_connect",
        "revision": "ab12",
        "effect_scope": "shared_team_webhooks",
        "owner": "usr_8H2",
        "security": '{"configured":true,"header_names":["X-Key"]}',
        "signing": '{"enabled":false}',
        "has_url_query": True,
        "created_at": at("2025-09-16T05:20:00"),
        "updated_at": at("2025-09-16T05:20:00"),
        "updated_at_basis": "lifecycle",
    }


def test_a_webhook_without_query_keeps_its_whole_url(load: Load) -> None:
    assert load("webhooks")["webhooks"][1] == WRITTEN | {
        "webhook_id": "wh_4",
        "url": "https://hooks.example/plain",
        "status": "inactive",
        "status_raw": "inactive",
        "has_url_query": False,
        "created_at": at("2025-09-16T05:20:00"),
        "updated_at": at("2025-09-16T05:20:00"),
        "updated_at_basis": "lifecycle",
        "extra": '{"retries":3,"version":{"v":2}}',
    }


def test_an_event_listed_twice_is_one_row(load: Load) -> None:
    assert load("webhooks")["webhook_events"] == [
        {"team_id": "team_1", "webhook_id": "wh_3Kq", "event": "invoice.created"},
        {"team_id": "team_1", "webhook_id": "wh_3Kq", "event": "payment.succeeded"},
    ]
