"""Which rows of which tables one object of the API becomes, keys first."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pipelines.sandbox.storage.store import Record

Key = tuple[Any, ...]
Add = Callable[[str, Key, Record], None]


def numbered(rows: Iterable[Any] | None) -> Iterator[tuple[int, Any]]:
    return enumerate(rows or (), 1)


def links(table: str, key: Key, ids: Iterable[Any], add: Add) -> None:
    for name in ids:
        add(table, (*key, name), {})


def items(parent: str, key: Key, record: Record, add: Add) -> None:
    for number, item in numbered(record.get("items")):
        add(f"{parent}_items", (*key, number), item)
        for tax_number, tax in numbered(item.get("taxes")):
            add(f"{parent}_item_taxes", (*key, number, tax_number), tax)


def one_team(team_id: str, record: Record, add: Add) -> None:
    add("teams", (team_id,), record)
    links("team_members", (team_id,), (member["id"] for member in record["members"]), add)
    links("team_integrations", (team_id,), record["integrations"], add)


def client(team_id: str, record: Record, add: Add) -> None:
    key = (team_id, record["id"])
    add("clients", key, record)
    for number, hit in numbered((record.get("sat_status") or {}).get("hits")):
        add("client_sat_hits", (*key, number), hit)


def service(team_id: str, record: Record, add: Add) -> None:
    key = (team_id, record["id"])
    add("services", key, record)
    for number, tax in numbered(record["taxes"]):
        add("service_taxes", (*key, number), tax)


def invoice(team_id: str, record: Record, add: Add) -> None:
    key = (team_id, invoice_id(record))
    add("invoices", key, record)
    items("invoice", key, record, add)
    links("invoice_payments", key, record["payments"], add)
    links("invoice_links", key, record["invoices"], add)
    for number, relation in numbered(record["related_documents"]):
        for document_number, _ in numbered(relation["documents"]):
            add("invoice_related_documents", (*key, number, document_number), {})
    for table in ("complements", "automations"):
        for number, _ in numbered(record[table]):
            add(f"invoice_{table}", (*key, number), {})


def draft(team_id: str, record: Record, add: Add) -> None:
    key = (team_id, record["id"])
    add("invoice_drafts", key, record)
    items("invoice_draft", key, record, add)


def sat_invoice(team_id: str, record: Record, add: Add) -> None:
    add("sat_invoices", (team_id, record["uuid"].lower(), record["direction"]), record)


def retention(team_id: str, record: Record, add: Add) -> None:
    key = (team_id, record["id"])
    add("retentions", key, record["totals"])
    for number, tax in numbered(record["totals"]["tax_retained"]):
        add("retention_taxes", (*key, number), tax)


def payment(team_id: str, record: Record, add: Add) -> None:
    key = (team_id, record["id"])
    add("payments", key, record)
    items("payment", key, record, add)
    links("payment_invoices", key, record["invoices"], add)
    links("payment_receipts", key, record["receipts"], add)
    links("payment_related_payments", key, record["payments"], add)
    methods = (method["id"] for method in record["allowed_payment_methods"])
    links("payment_allowed_methods", key, methods, add)
    for number, refund in numbered(record["refunds"]):
        add("payment_refunds", (*key, number), refund)
    for number, _ in numbered(record["automations"]):
        add("payment_automations", (*key, number), {})


def receipt(team_id: str, record: Record, add: Add) -> None:
    key = (team_id, record["id"])
    add("receipts", key, record)
    items("receipt", key, record, add)
    links("receipt_invoices", key, record["invoices"], add)
    links("receipt_payments", key, record["payments"], add)


def user(team_id: str, record: Record, add: Add) -> None:
    add("users", (team_id, record["id"]), {})
    links("user_teams", (team_id, record["id"]), (one["team_id"] for one in record["teams"]), add)


def webhook(team_id: str, record: Record, add: Add) -> None:
    add("webhooks", (team_id, record["id"]), {})
    links("webhook_events", (team_id, record["id"]), record["events"], add)


ROWS: dict[str, Callable[[str, Record, Add], None]] = {
    "clients": client,
    "services": service,
    "income": invoice,
    "egress": invoice,
    "complements": invoice,
    "transfers": invoice,
    "drafts": draft,
    "sat_invoices": sat_invoice,
    "retentions": retention,
    "payments": payment,
    "receipts": receipt,
    "users": user,
    "webhooks": webhook,
}


def document(team_id: str, record: Record, add: Add) -> None:
    key = (team_id, record["id"])
    add("support_documents", key, {})
    for number, _ in numbered(record["audits"]):
        add("support_document_audits", (*key, number), {})
    for number, _ in numbered(record["linked_entities"]):
        add("support_document_linked_entities", (*key, number), {})
    for number, _ in numbered((record["ai_extraction"] or {}).get("warnings")):
        add("support_document_warnings", (*key, number), {})


def invoice_id(record: Record) -> str:
    name: str = record.get("id") or record["uuid"].lower()
    return name
