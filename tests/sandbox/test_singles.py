"""Single objects, what hangs below a team, and support documents."""

from base64 import b64decode
from typing import Any

import httpx
import pytest

from pipelines.sandbox.api.auth import key_for
from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from pipelines.sandbox.expected.contents import expected
from pipelines.sandbox.simulation.account import Account
from tests.accounts import add_object


@pytest.mark.parametrize(
    "path",
    [
        "/clients",
        "/services",
        "/payments",
        "/receipts",
        "/users",
        "/invoices/income",
        "/invoices/egress",
        "/invoices/payment",
        "/invoices/draft",
        "/retentions",
    ],
)
def test_an_object_is_the_same_alone_as_in_its_list(busy_api: httpx.Client, path: str) -> None:
    row = next(row for row in busy_api.get(path).json()["data"] if row and row.get("id"))
    assert busy_api.get(f"{path}/{row['id']}").json()["data"] == row


def test_an_invoice_is_found_by_its_uuid_in_either_case(api: httpx.Client) -> None:
    rows = api.get("/invoices/income", params={"limit": 100}).json()["data"]
    row = next(row for row in rows if row and row.get("uuid"))
    for uuid in (row["uuid"].upper(), row["uuid"].lower()):
        assert api.get(f"/invoices/income/{uuid}").json()["data"] == row


def test_a_webhook_is_found_by_its_id(api: httpx.Client) -> None:
    row = next(row for row in api.get("/webhooks").json()["data"] if row)
    assert api.get(f"/webhooks/{row['id']}").json()["data"] == row


@pytest.mark.parametrize("direction", ["issued", "received"])
def test_a_sat_invoice_is_found_by_its_uuid(api: httpx.Client, direction: str) -> None:
    rows = api.get("/invoices/sat", params={"direction": direction}).json()["data"]
    uuid = next(row["uuid"] for row in rows if row)
    found = api.get(f"/invoices/sat/{uuid.upper()}").json()["data"]
    assert found["uuid"].lower() == uuid.lower()
    assert api.get(f"/invoices/sat/{'0' * 36}").status_code == 404


@pytest.mark.parametrize(("file_type", "beginning"), [("pdf", b"%PDF-"), ("xml", b"<cfdi:")])
def test_the_files_of_an_invoice_need_no_network(
    api: httpx.Client, file_type: str, beginning: bytes
) -> None:
    rows = api.get("/invoices/income", params={"limit": 50, "status": "valid"}).json()["data"]
    invoice = next(row for row in rows if row and row.get("id") and row["uuid"])
    params = {"file_type": file_type}
    link = api.get(f"/invoices/{invoice['id']}/files", params=params).json()["data"]["url"]
    assert link.startswith(f"data:application/{file_type};base64,")
    assert b64decode(link.partition(",")[2]).startswith(beginning)
    refused = api.get(f"/invoices/{invoice['id']}/files", params={"file_type": "doc"})
    assert refused.status_code == 400


def test_an_object_of_another_team_is_not_found(api: httpx.Client, account: Account) -> None:
    place, record = next(account.store.objects(1, "clients"))
    assert place
    assert api.get(f"/clients/{record['id']}").status_code == 404
    params = {"team": account.teams[1]}
    assert api.get(f"/clients/{record['id']}", params=params).status_code == 200


def test_the_keys_own_team_can_be_read(api: httpx.Client, account: Account) -> None:
    team = api.get(f"/teams/{account.teams[0]}").json()["data"]
    assert team["id"] == account.teams[0]
    members = api.get(f"/teams/{team['id']}/members").json()["data"]
    assert members == team["members"]
    assert api.get(f"/teams/{team['id']}/settings").json()["data"] == team["settings"]


@pytest.mark.parametrize(
    "path",
    ["/teams/{}/onboarding-url", "/invoices/download/invoice/{}", "/invoices/download/package/{}"],
)
def test_what_would_change_something_is_not_there(
    api: httpx.Client, account: Account, path: str
) -> None:
    assert api.get(path.format(account.teams[0])).status_code == 404


def test_series_are_a_list_in_one_team_and_a_map_in_the_next(
    api: httpx.Client, account: Account
) -> None:
    first, second, _ = (
        api.get(f"/teams/{team}/series", params={"team": team}).json()["data"]
        for team in account.teams
    )
    assert isinstance(first, list) and isinstance(second, dict)
    found = {(account.teams[0], row["series"]) for row in first}
    found |= {(account.teams[1], series) for series in second}
    assert found == expected(account, account.teams[:2])["team_series"].keys


def test_integrations_are_an_object_of_the_asked_team(api: httpx.Client, account: Account) -> None:
    team = account.teams[1]
    data = api.get("/teams/integrations", params={"team": team}).json()["data"]
    wanted = expected(account, [team])["team_integrations"].keys
    assert {(team, provider) for provider in data} == wanted


def documents(api: httpx.Client, kind: str, name: str) -> list[dict[str, Any]]:
    answer = api.get(f"/{kind}/{name}/support-documents").raise_for_status().json()
    assert "has_more" not in answer
    found: list[dict[str, Any]] = answer["data"]
    return found


def test_the_documents_of_all_clients_are_the_expected(api: httpx.Client, account: Account) -> None:
    clients = [record["id"] for _, record in account.store.objects(0, "clients")]
    team = account.teams[0]
    found = {
        (team, document["id"], "client", name)
        for name in clients
        for document in documents(api, "clients", name)
    }
    assert found == expected(account, [team])["support_document_parents"].keys


def test_a_client_without_documents_has_an_empty_list(own_account: Account) -> None:
    _, like = next(own_account.store.objects(0, "clients"))
    record = add_object(own_account, 0, "clients", "client_", like)
    headers = {"Authorization": f"Bearer {key_for(own_account)}"}
    with (
        serving(create_app(own_account)) as url,
        httpx.Client(base_url=url, headers=headers) as api,
    ):
        assert documents(api, "clients", record["id"]) == []


def test_invoices_and_payments_inherit_their_clients_documents(
    api: httpx.Client, account: Account
) -> None:
    team = account.teams[0]
    tables = expected(account, [team], document_parents=("clients", "invoices", "payments"))
    parents = tables["support_document_parents"].keys
    of_invoices = [key for key in parents if key[2] == "invoice"][:5]
    of_payments = [key for key in parents if key[2] == "payment"][:5]
    assert of_invoices and of_payments
    for _, document, kind, name in of_invoices + of_payments:
        assert document in {row["id"] for row in documents(api, f"{kind}s", name)}


def test_documents_of_nobody_are_404(api: httpx.Client) -> None:
    answer = api.get("/clients/client_0000000000000000/support-documents")
    assert answer.status_code == 404


def test_documents_have_their_variety(busy_account: Account) -> None:
    rows = [row for team in range(3) for _, row in busy_account.store.objects(team, "documents")]
    assert {row["document_type"] for row in rows} >= {"contract", "delivery_proof"}
    assert any(row["valid_until"] == 0 for row in rows)
    assert any(row["ai_extraction"] is None for row in rows)
    assert any(row["ai_extraction"] and row["ai_extraction"]["warnings"] for row in rows)
    assert {audit["result"] for row in rows for audit in row["audits"]} >= {"valid", "invalid"}
    assert any(len(row["linked_entities"]) > 1 for row in rows)


def test_the_download_history_sits_one_level_deeper(api: httpx.Client) -> None:
    history = api.get("/invoices/download/schedule/history").json()["data"]["history"]
    assert 0 < len(history) <= 20
    moments = [row["createdAt"] for row in history]
    assert moments == sorted(moments, reverse=True)
