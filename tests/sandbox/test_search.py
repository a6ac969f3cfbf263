"""Search, filters on the content of records, and what a list refuses to be asked."""

from typing import Any

import httpx
import pytest

from pipelines.sandbox.simulation.account import Account
from tests.sandbox.pages import Answering, ids, page


@pytest.mark.parametrize("name", ["clients", "invoices", "payments", "receipts"])
def test_a_search_pages_its_hits_by_number(api: httpx.Client, name: str) -> None:
    first, second = (
        page(api, f"/{name}/search", q="*", page=number, per_page=3) for number in (1, 2)
    )
    assert (first["page"], first["per_page"], len(first["hits"])) == (1, 3, 3)
    assert first["found"] == second["found"] > 6
    shown = [hit["document"].get("id") or hit["document"]["uuid"] for hit in first["hits"]]
    assert not set(shown) & set(ids([hit["document"] for hit in second["hits"]]))


def test_a_search_finds_words_in_any_case(api: httpx.Client, account: Account) -> None:
    _, client = next(account.store.objects(0, "clients"))
    found = page(api, "/clients/search", q=client["email"].upper(), limit=100)
    assert client["id"] in [hit["document"]["id"] for hit in found["hits"]]
    assert page(api, "/clients/search", q="nobody is called this")["found"] == 0
    assert api.get("/clients/search").status_code == 400


@pytest.mark.parametrize(
    ("path", "name", "value_of"),
    [
        ("/invoices/income", "series", lambda row: row["series"]),
        ("/payments", "tax_id", lambda row: row["client"]["tax_id"]),
        ("/payments", "client_id", lambda row: row["client"]["id"]),
        ("/invoices/cfdi-errors", "code", lambda row: row["code"]),
        ("/invoices/cfdi-errors", "type", lambda row: row["type"]),
    ],
)
def test_a_list_is_filtered_by_what_its_records_say(
    api: httpx.Client, path: str, name: str, value_of: Any
) -> None:
    rows = [row for row in page(api, path)["data"] if row and row.get("client", True)]
    wanted = value_of(rows[-1])
    found = [row for row in page(api, path, **{name: wanted})["data"] if row]
    assert found and {value_of(row) for row in found} == {wanted}
    assert not [row for row in page(api, path, **{name: "nothing"})["data"] if row]


def test_payments_are_filtered_by_email(api: httpx.Client, account: Account) -> None:
    emails = [
        email
        for _, row in account.store.objects(0, "payments")
        for email in ((row["client"] or {}).get("email"), *(row.get("emails") or ()))
        if email
    ]
    assert [row for row in page(api, "/payments", email=emails[0])["data"] if row]


def test_errors_are_searched_by_their_words(api: httpx.Client) -> None:
    found = page(api, "/invoices/cfdi-errors", q="CERTIFICADO", limit=100)
    assert found["total"] == len(found["data"]) == 13


@pytest.mark.parametrize("sign", [".", "_"])
def test_a_filter_by_metadata_is_paged_by_number(
    api: httpx.Client, account: Account, sign: str
) -> None:
    records = [row for _, row in account.store.objects(0, "income") if row["metadata"]]
    name, value = next(
        (name, value)
        for row in records
        for name, value in row["metadata"].items()
        if isinstance(value, str)
    )
    wanted = sum(row["metadata"].get(name) == value for row in records)
    found: list[Any] = []
    for number in range(1, wanted + 1):
        params = {f"metadata{sign}{name}": value, "limit": 1, "page": number}
        body = page(api, "/invoices/income", **params)
        assert "next" not in body and body["has_more"] == (number < wanted)
        found += [row for row in body["data"] if row]
    assert len(found) == wanted


@pytest.mark.parametrize(
    "params",
    [
        {"limit": "101"},
        {"limit": "0"},
        {"sort": "newest"},
        {"order_by": "zzz"},
        {"next": "MTIzLg"},
        {"next": "%%%"},
    ],
)
def test_what_a_list_does_not_know_is_refused(api: httpx.Client, params: dict[str, str]) -> None:
    answer = api.get("/services", params=params)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "validation_failed")


def test_the_cursor_of_another_list_or_team_is_refused(api: httpx.Client, account: Account) -> None:
    cursor = page(api, "/services", limit=2)["next"]
    assert api.get("/services", params={"next": cursor}).status_code == 200
    assert api.get("/clients", params={"next": cursor}).status_code == 400
    other = {"next": cursor, "team": account.teams[1]}
    assert api.get("/services", params=other).status_code == 400


def test_the_api_knows_no_filter_on_changes(api: httpx.Client) -> None:
    far = {"updated[gte]": 4_000_000_000}
    assert page(api, "/clients", **far)["data"] == page(api, "/clients")["data"]
    assert not any("updated_at" in row for row in page(api, "/clients")["data"] if row)


@pytest.mark.parametrize("path", ["/clients", "/invoices/sat", "/invoices/cfdi-errors", "/teams"])
def test_every_object_may_say_when_it_changed(answering: Answering, path: str) -> None:
    rows = [row for row in page(answering("updated-everywhere"), path)["data"] if row]
    assert rows and all(row["updated_at"] for row in rows)
