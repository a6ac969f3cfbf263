"""Variants of date filters, of records and of the bytes of a body."""

import gzip
import zlib
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from pipelines.sandbox.api.variants import records
from pipelines.sandbox.api.variants.bodies import BOMB_MEGABYTES, bomb
from pipelines.sandbox.simulation.account import Account
from tests.sandbox.pages import Answering, ids, page, since


def test_seconds_may_be_compared_with_milliseconds(answering: Answering, small: Account) -> None:
    api = answering("filter-in-milliseconds-only")
    every = page(api, "/payments", limit=100)["data"]
    middle = since(small, 10)
    assert page(api, "/payments", limit=100, **{"created[gte]": middle})["data"] == every
    assert ids(page(api, "/payments", limit=100, **{"created[lte]": middle})["data"]) == []
    right = page(api, "/payments", limit=100, **{"created[gte]": middle * 1000})["data"]
    assert 0 < len(right) < len(every)


def test_a_filter_may_drop_what_has_no_date(answering: Answering) -> None:
    api = answering("filter-drops-undated")
    paths = ("/payments", "/receipts", "/invoices/draft", "/services", "/clients")
    every, found = (
        [name for path in paths for name in ids(page(api, path, limit=100, **bound)["data"])]
        for bound in ({}, {"created[gte]": 1})
    )
    assert set(found) < set(every)
    assert len(found) > len(every) * 0.7


@pytest.mark.parametrize(
    ("name", "path", "params", "status"),
    [
        ("filter-refused", "/clients", {"created_gte": 1}, 400),
        ("filter-needs-index", "/clients", {"created[gte]": 1}, 500),
        ("filter-empty-404", "/clients", {"created[gte]": 4_000_000_000}, 404),
        ("filter-past-refused", "/clients", {"created[gte]": 1_000_000_000}, 400),
        ("filter-past-refused", "/invoices/sat", {"from": "2001-01-01"}, 400),
        ("filter-past-refused", "/clients", {"created[gte]": 1_790_000_000}, 200),
        ("sat-filter-by-day", "/invoices/sat", {"from": "2026-01-01T00:00:00"}, 400),
        ("sat-filter-by-day", "/invoices/sat", {"from": "2026-01-01"}, 200),
    ],
)
def test_a_filter_may_be_refused(
    answering: Answering, name: str, path: str, params: dict[str, Any], status: int
) -> None:
    api = answering(name)
    assert api.get(path).status_code == 200
    assert api.get(path, params=params).status_code == status


def test_a_filter_may_be_refused_with_a_cursor(answering: Answering, small: Account) -> None:
    api = answering("filter-or-cursor")
    bound = {"created[gte]": since(small, 20)}
    found = page(api, "/payments", limit=100, **bound)
    wanted, rows = ids(found["data"]), []
    body = page(api, "/payments", limit=5, **bound)
    assert api.get("/payments", params=bound | {"next": body["next"]}).status_code == 400
    while True:
        rows += ids(body["data"])
        if not body["has_more"]:
            break
        body = page(api, "/payments", limit=5, next=body["next"])
    assert rows == wanted


def test_a_filter_may_be_ignored(answering: Answering) -> None:
    api = answering("filter-ignored")
    assert page(api, "/clients", **{"created[gte]": 4_000_000_000})["data"]


def test_rows_of_invoices_may_be_reduced(answering: Answering) -> None:
    api = answering("reduced-rows")
    rows = [row for row in page(api, "/invoices/income")["data"] if row and row.get("id")]
    assert not any("items" in row for row in rows)
    assert page(api, f"/invoices/income/{rows[0]['id']}")["data"]["items"]


def test_singles_may_have_more_fields(answering: Answering) -> None:
    api = answering("richer-singles")
    row = page(api, "/services")["data"][0]
    single = page(api, f"/services/{row['id']}")["data"]
    assert single.keys() - row.keys() == {"notes", "portal_url", "history"}


def test_ids_and_objects_may_change_places(answering: Answering) -> None:
    rows = page(answering("objects-for-ids"), "/invoices/income")["data"]
    assert all(isinstance(row["client"], str) and row["owner"]["id"] for row in rows if row)


def test_an_account_may_be_in_test_mode(answering: Answering) -> None:
    rows = page(answering("test-mode"), "/payments")["data"]
    assert {row["livemode"] for row in rows if row} == {False}


def test_records_may_have_new_fields(answering: Answering) -> None:
    rows = page(answering("new-fields"), "/invoices/sat")["data"]
    assert all(row.keys() >= {"beta_score", "risk", "labels"} for row in rows if row)


def test_client_ids_may_need_quoting(answering: Answering) -> None:
    plain = ids(page(answering(), "/clients", limit=100)["data"])
    api = answering("odd-ids")
    odd = ids(page(api, "/clients", limit=100)["data"])
    assert len(set(odd)) == len(plain)
    assert [name.replace("../", "").replace("/", "") for name in odd] == plain
    assert any("/" in name for name in odd)
    for name in odd:
        assert page(api, f"/clients/{quote(name, safe='')}")["data"]["id"] == name
    rows = page(api, "/invoices/income", limit=100)["data"]
    assert {row["client"]["id"] for row in rows if row and row["client"]} & set(odd)


def test_a_record_may_be_huge(answering: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "HUGE", 300_000)
    answer = answering("huge-record").get("/services", params={"limit": 2})
    assert len(answer.content) > 300_000


def test_the_key_may_come_back(answering: Answering) -> None:
    api = answering("key-echo")
    key = api.headers["authorization"].removeprefix("Bearer ")
    first = page(api, "/clients", limit=2)
    assert first["data"][0]["metadata"] == {"requested_with": key}
    assert key in first["next"]
    assert ids(page(api, "/clients", limit=2, next=first["next"])["data"]) != ids(first["data"])


def test_a_body_may_begin_with_a_mark_or_be_latin_1(answering: Answering) -> None:
    wanted = page(answering(), "/users")["data"]
    assert answering("bom").get("/users").content.startswith(b"\xef\xbb\xbf{")
    answer = answering("latin-1").get("/users")
    assert answer.headers["content-type"] == "application/json; charset=iso-8859-1"
    assert "Contaduría".encode("latin-1") in answer.content
    assert httpx.Response(200, text=answer.text).json()["data"] == wanted


def test_a_body_may_never_end(answering: Answering) -> None:
    with answering("endless-body").stream("GET", "/webhooks") as answer:
        chunks = [chunk for chunk, _ in zip(answer.iter_raw(), range(4), strict=False)]
    assert chunks == [b'{"data":[', b" ", b" ", b" "]


def test_a_small_body_may_unpack_to_a_huge_one(answering: Answering) -> None:
    assert len(bomb()) < 400_000
    with answering("gzip-bomb").stream("GET", "/users") as answer:
        assert (answer.headers["content-encoding"], b"".join(answer.iter_raw())) == ("gzip", bomb())
    with answering("gzip-bomb-twice").stream("GET", "/users") as answer:
        packed = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip, gzip"
    assert len(packed) < 8_000
    assert gzip.decompress(packed) == bomb()
    first = zlib.decompressobj(wbits=31).decompress(bomb(), 1_000)
    assert first.startswith(b'{"data":[{"id":"   ') and BOMB_MEGABYTES == 300
