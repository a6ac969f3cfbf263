"""Every list, in its own paging dialect, read to its end, shows exactly what is expected."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import msgspec
import pytest

from pipelines.sandbox.api.auth import key_for
from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from pipelines.sandbox.expected.contents import ExpectedTable, expected
from pipelines.sandbox.simulation.account import Account
from pipelines.sandbox.storage import positions

KINDS = ("income", "egress", "payment", "transfer")
SIMPLE = {
    "/clients": "clients",
    "/services": "services",
    "/payments": "payments",
    "/receipts": "receipts",
    "/retentions": "retentions",
    "/users": "users",
    "/invoices/draft": "invoice_drafts",
}

ReadAll = Callable[..., list[Any]]


def keys(account: Account, table: str) -> set[Any]:
    return {key[1:] for key in _expected(account)[table].keys}


def _expected(account: Account) -> dict[str, ExpectedTable]:
    return expected(account, account.teams[:1])


@pytest.mark.parametrize(("path", "table"), SIMPLE.items())
def test_a_list_read_by_next_is_complete(
    read_all: ReadAll, api: httpx.Client, account: Account, path: str, table: str
) -> None:
    found = [record["id"] for record in read_all(api, path, limit=7)]
    assert len(found) == len(set(found))
    assert {(name,) for name in found} == keys(account, table)


def test_the_four_invoice_lists_are_complete(
    read_all: ReadAll, api: httpx.Client, account: Account
) -> None:
    rows = [row for kind in KINDS for row in read_all(api, f"/invoices/{kind}")]
    found = [row.get("id") or row["uuid"] for row in rows]
    assert len(found) == len(set(found))
    assert {(name,) for name in found} == keys(account, "invoices")


def test_sat_invoices_are_read_by_starting_after(
    read_all: ReadAll, api: httpx.Client, account: Account
) -> None:
    rows = read_all(api, "/invoices/sat", asks="starting_after", limit=33)
    assert {(row["uuid"].lower(), row["direction"]) for row in rows} == keys(
        account, "sat_invoices"
    )


def test_sat_invoices_ignore_next(api: httpx.Client) -> None:
    first = api.get("/invoices/sat", params={"limit": 5}).json()
    again = api.get("/invoices/sat", params={"limit": 5, "next": first["next"]}).json()
    assert again == first


@pytest.mark.parametrize("number", [0, 1])
def test_webhooks_are_read_by_cursor_past_an_empty_page(
    read_all: ReadAll, api: httpx.Client, account: Account, number: int
) -> None:
    team = account.teams[number]
    rows = read_all(api, "/webhooks", asks="cursor", answers="next_cursor", limit=1, team=team)
    assert {(team, row["id"]) for row in rows} == expected(account, [team])["webhooks"].keys


def test_cfdi_errors_are_read_by_page(api: httpx.Client, account: Account) -> None:
    first = api.get("/invoices/cfdi-errors").json()
    assert (first["page"], first["limit"], len(first["data"])) == (1, 50, 50)
    pages = range(1, -(-first["total"] // 50) + 1)
    rows = [
        row
        for page in pages
        for row in api.get("/invoices/cfdi-errors", params={"page": page}).json()["data"]
    ]
    assert {(row["code"],) for row in rows} == keys(account, "cfdi_errors")
    assert api.get("/invoices/cfdi-errors", params={"page": 99}).json()["data"] == []


def test_sat_lists_are_one_shot(api: httpx.Client, account: Account) -> None:
    answer = api.get("/sat-lists").json()
    assert "has_more" not in answer
    assert {(row["id"],) for row in answer["data"]} == keys(account, "sat_lists")


def test_teams_leave_out_the_keys_own(
    read_all: ReadAll, api: httpx.Client, account: Account
) -> None:
    assert {row["id"] for row in read_all(api, "/teams")} == set(account.teams[1:])


def test_a_page_is_ten_rows_newest_first(api: httpx.Client) -> None:
    rows = api.get("/services").json()["data"]
    places = [positions.place_of(row["id"]) or 0 for row in rows if row]
    moments = [positions.second_of(place) for place in places]
    assert len(moments) == 10
    assert moments == sorted(moments, reverse=True)


def test_ascending_is_the_reverse_of_descending(read_all: ReadAll, api: httpx.Client) -> None:
    up = [row["id"] for row in read_all(api, "/payments", sort="asc", limit=9)]
    assert up == [row["id"] for row in read_all(api, "/payments")][::-1]


@pytest.mark.parametrize("limit", ["101", "0", "-1", "many"])
def test_a_limit_outside_1_to_100_is_refused(api: httpx.Client, limit: str) -> None:
    answer = api.get("/clients", params={"limit": limit})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "validation_failed"


def test_a_broken_cursor_is_refused(api: httpx.Client) -> None:
    assert api.get("/clients", params={"next": "%%%"}).status_code == 400


def test_unknown_parameters_are_ignored(api: httpx.Client) -> None:
    plain, odd = api.get("/clients"), api.get("/clients", params={"zzz": "1"})
    assert odd.status_code == 200
    assert odd.json()["data"] == plain.json()["data"]


def test_the_creation_filter_is_inclusive_and_in_seconds(
    read_all: ReadAll, api: httpx.Client, account: Account
) -> None:
    seconds = sorted(
        positions.second_of(place) for place, _ in account.store.objects(0, "receipts")
    )
    low, high = seconds[3], seconds[-4]
    rows = read_all(api, "/receipts", **{"created[gte]": low, "created[lte]": high})
    assert len(rows) == sum(low <= second <= high for second in seconds)


@pytest.mark.parametrize(
    ("spelling", "name", "is_honoured"),
    [
        ("bracket", "created_gte", False),
        ("underscore", "created_gte", True),
        ("underscore", "created[gte]", False),
        ("none", "created[gte]", False),
    ],
)
def test_an_account_honours_one_spelling_of_the_filter(
    account: Account, spelling: str, name: str, is_honoured: bool
) -> None:
    with serving(create_app(account, date_filter=spelling)) as url:
        headers = {"Authorization": f"Bearer {key_for(account)}"}
        future = str(int(account.now.timestamp() + 86_400))
        answer = httpx.get(f"{url}/clients", params={name: future}, headers=headers, timeout=10)
    assert (answer.json()["data"] == []) == is_honoured


def test_retentions_accept_milliseconds(busy_account: Account) -> None:
    with serving(create_app(busy_account, date_filter="underscore")) as url:
        headers = {"Authorization": f"Bearer {key_for(busy_account)}"}
        future = str(int(busy_account.now.timestamp() + 86_400) * 1000)
        params = {"created_gte": future}
        answer = httpx.get(f"{url}/retentions", params=params, headers=headers, timeout=10)
    assert answer.json()["data"] == []
    assert answer.json()["total_count"] > 0


def test_an_unknown_spelling_of_the_filter_is_refused(account: Account) -> None:
    with pytest.raises(ValueError, match="bracket, underscore, none"):
        create_app(account, date_filter="braces")


@pytest.mark.parametrize(
    "to",
    ["2026-10-01", "2026-10", "2026-10-01T12:00", "2026-10-01T23:59:59", "2026-10-01T10:00:00Z"],
)
def test_sat_dates_are_compared_letter_by_letter(
    read_all: ReadAll, api: httpx.Client, account: Account, to: str
) -> None:
    since = "2026-09-10"
    rows = read_all(api, "/invoices/sat", asks="starting_after", **{"from": since, "to": to})
    dates = [record["issue_date"] for _, record in account.store.objects(0, "sat_invoices")]
    assert sorted(row["issue_date"] for row in rows) == sorted(
        date for date in dates if since <= date <= to
    )
    assert 0 < len(rows) < len(dates)


def test_a_sat_date_that_is_none_is_refused(api: httpx.Client) -> None:
    assert api.get("/invoices/sat", params={"from": "yesterday"}).status_code == 400


def test_what_the_wire_shows_is_worth_what_is_expected(api: httpx.Client, account: Account) -> None:
    total = Decimal(0)
    cursor = None
    decoder = msgspec.json.Decoder(float_hook=Decimal)
    while True:
        more: dict[str, Any] = {"next": cursor} if cursor else {}
        page = decoder.decode(api.get("/payments", params={"limit": 100} | more).content)
        total += sum((Decimal(row.get("total") or 0) for row in page["data"] if row), Decimal(0))
        cursor = page.get("next")
        if not cursor:
            break
    assert total == _expected(account)["payments"].money["total"]


@pytest.mark.parametrize("direction", ["issued", "received"])
def test_sat_invoices_can_be_asked_for_by_direction(
    read_all: ReadAll, api: httpx.Client, account: Account, direction: str
) -> None:
    rows = read_all(api, "/invoices/sat", asks="starting_after", limit=20, direction=direction)
    wanted = {key[0] for key in keys(account, "sat_invoices") if key[1] == direction}
    assert {row["uuid"].lower() for row in rows} == wanted


@pytest.mark.parametrize("spelling", ["canceled", "cancelled"])
def test_a_status_filter_takes_either_spelling(
    read_all: ReadAll, busy_api: httpx.Client, busy_account: Account, spelling: str
) -> None:
    rows = read_all(busy_api, "/invoices/income", status=spelling)
    records = [record for _, record in busy_account.store.objects(0, "income")]
    assert len(rows) == sum(record["status"] == "cancelled" for record in records) > 0


def test_the_complements_of_an_invoice_can_be_asked_for(
    read_all: ReadAll, busy_api: httpx.Client
) -> None:
    one = read_all(busy_api, "/invoices/payment")[0]
    invoice = one["invoices"][0]
    rows = read_all(busy_api, "/invoices/payment", invoice_id=invoice)
    assert rows and all(row["invoices"] == [invoice] for row in rows)


def test_payment_method_is_no_filter(read_all: ReadAll, api: httpx.Client) -> None:
    assert read_all(api, "/invoices/income", payment_method="PPD") == read_all(
        api, "/invoices/income"
    )
