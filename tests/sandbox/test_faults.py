"""What goes wrong on purpose, and that a patient client still gets everything."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from pipelines.sandbox.api.auth import key_for
from pipelines.sandbox.api.faults import MAX_IN_A_ROW, NAMES, Faults
from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from pipelines.sandbox.simulation.account import Account

ReadAll = Callable[..., list[Any]]


@contextmanager
def asking(account: Account, *faults: str, rate: float = 1.0) -> Iterator[httpx.Client]:
    app = create_app(account, faults=faults, fault_rate=rate)
    headers = {"Authorization": f"Bearer {key_for(account)}"}
    with serving(app) as url, httpx.Client(base_url=url, headers=headers, timeout=10) as api:
        yield api


def statuses(api: httpx.Client, times: int) -> list[int]:
    return [api.get("/clients").status_code for _ in range(times)]


def test_throttling_tells_how_long_to_wait_or_not(account: Account) -> None:
    with asking(account, "throttle") as api:
        answers = [api.get("/clients") for _ in range(6)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) == 4
    assert {answer.headers.get("retry-after") for answer in refused} == {"0.05", None, "1", "0"}


def test_a_transient_fault_hits_at_most_twice_in_a_row(account: Account) -> None:
    with asking(account, "server_error") as api:
        assert statuses(api, 6) == [500, 503, 200, 500, 503, 200]


def test_a_gateway_answers_html(account: Account) -> None:
    with asking(account, "html_error") as api:
        answer = api.get("/clients")
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html")


def test_a_connection_is_cut_in_mid_body(account: Account) -> None:
    with asking(account, "cut") as api:
        for _ in range(MAX_IN_A_ROW):
            with pytest.raises(httpx.RemoteProtocolError):
                api.get("/clients")
        assert api.get("/clients").status_code == 200


def test_json_may_be_half_there(account: Account) -> None:
    with asking(account, "bad_json") as api:
        answer = api.get("/clients")
        assert answer.status_code == 200
        with pytest.raises(ValueError):
            answer.json()


def test_success_may_be_false_with_200(account: Account) -> None:
    with asking(account, "success_false") as api:
        answer = api.get("/clients")
    assert answer.status_code == 200
    assert answer.json()["success"] is False
    assert answer.json()["error"]["code"] == "service_unavailable"


def test_a_redirect_leads_to_another_host(account: Account) -> None:
    with asking(account, "redirect") as api:
        answer = api.get("/clients", follow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("https://elsewhere.example")


def test_empty_pages_lose_nothing(read_all: ReadAll, account: Account) -> None:
    with asking(account, "empty_page", rate=0.5) as api:
        found = read_all(api, "/payments", limit=5)
        hits = api.get(f"http://{api.base_url.host}:{api.base_url.port}/_sandbox/stats").json()
    assert len(found) == sum(1 for _ in account.store.objects(0, "payments"))
    assert hits["faults"]["empty_page"] > 5


def test_a_stuck_cursor_comes_back_for_ever(account: Account) -> None:
    with asking(account, "stuck_cursor") as api:
        cursor = api.get("/payments").json()["next"]
        pages = [api.get("/payments", params={"next": cursor}).json() for _ in range(3)]
    assert all(page["next"] == cursor and page["has_more"] for page in pages)


def test_a_list_may_end_with_more_to_come_and_no_cursor(
    read_all: ReadAll, account: Account
) -> None:
    with asking(account, "missing_cursor") as api:
        found = read_all(api, "/payments")
        last = api.get("/users", params={"limit": 100}).json()
    assert len(found) == sum(1 for _ in account.store.objects(0, "payments"))
    assert last["has_more"] is True
    assert "next" not in last


def test_bad_records_are_extra(account: Account) -> None:
    with asking(account, "bad_records") as api:
        data = api.get("/clients", params={"limit": 100}).json()["data"]
    good = [row for row in data if isinstance(row, dict) and "id" in row]
    assert len(good) == sum(1 for _ in account.store.objects(0, "clients"))
    assert any(isinstance(row, str) for row in data)
    assert any(isinstance(row, dict) and not row.keys() & {"id", "uuid"} for row in data)


def test_unknown_fields_are_rare(read_all: ReadAll, busy_account: Account) -> None:
    with asking(busy_account, "unknown_fields") as api:
        rows = [row for team in busy_account.teams for row in read_all(api, "/payments", team=team)]
    assert 0 < sum("beta_score" in row for row in rows) < 0.05 * len(rows)


def test_a_stream_may_be_forbidden_to_the_last_team(account: Account) -> None:
    with asking(account, "forbidden_stream") as api:
        refused = api.get("/retentions", params={"team": account.teams[-1]})
        allowed = api.get("/retentions")
    assert (refused.status_code, allowed.status_code) == (403, 200)


def test_streams_may_be_missing(account: Account) -> None:
    with asking(account, "missing_stream") as api:
        found = [api.get(path).status_code for path in ("/invoices/transfer", "/sat-lists")]
    assert found == [404, 404]


def test_a_patient_client_gets_everything_through_all_transient_faults(account: Account) -> None:
    with asking(account, "throttle", "server_error", "html_error", "bad_json", rate=0.5) as api:
        found: set[str] = set()
        cursor = None
        while True:
            page = _patiently(api, {"limit": 20} | ({"next": cursor} if cursor else {}))
            found |= {row["id"] for row in page["data"] if row}
            cursor = page.get("next")
            if not cursor:
                break
    assert found == {record["id"] for _, record in account.store.objects(0, "payments")}


def _patiently(api: httpx.Client, params: dict[str, Any]) -> dict[str, Any]:
    for _ in range(MAX_IN_A_ROW + 1):
        answer = api.get("/payments", params=params)
        if answer.status_code == 200:
            try:
                page: dict[str, Any] = answer.json()
            except ValueError:
                continue
            return page
    raise AssertionError("three in a row")


def test_faults_depend_on_seed_and_url_alone() -> None:
    one, two = (Faults(("throttle", "cut"), 0.3) for _ in range(2))
    urls = [f"/v2/clients?{number}" for number in range(50)]
    forwards = {url: one.transient(url) for url in urls}
    backwards = {url: two.transient(url) for url in reversed(urls)}
    assert forwards == backwards
    assert None in forwards.values() and {"throttle", "cut"} <= set(forwards.values())


def test_an_unknown_fault_is_named() -> None:
    with pytest.raises(ValueError, match="no fault gremlins"):
        Faults(("gremlins",))
    assert len(NAMES) == 14
