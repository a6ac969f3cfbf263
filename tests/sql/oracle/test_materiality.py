"""Support documents and client risk, worked out by hand."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from .client_risk import SatLists, client_risk
from .document_dates import audits, expiring, never_audited
from .hand import TEAM, at, books, cancelled, invoice, note, payment, rep, uuid
from .materiality import Evidence, coverage, evidence

D = Decimal
LISTS = SatLists(
    frozenset({("G03", "601"), ("G03", "612"), ("S01", "616")}),
    {"601": (False, True), "612": (True, False), "616": (True, False)},
)


def document(key: str, kind: str, entity: str, name: str, **more: Any) -> dict[str, Any]:
    return {
        "id": key,
        "document_type": kind,
        "compliance_status": "valid",
        "linked_entities": [{"entity_type": entity, "entity_id": name}],
        "created_at": at("2026-01-05") * 1000,
        "valid_from": 0,
        "valid_until": 0,
        "audits": [],
        **more,
    }


def of_invoice(*documents: dict[str, Any], records: tuple[Any, ...] = (), **more: Any) -> Evidence:
    told = books(invoice(total="60000.00", **more), *records, documents=list(documents))
    return evidence(told)[TEAM, "i"]


def test_documents_of_invoice_payment_receipt_and_client_count() -> None:
    found = of_invoice(
        document("a", "contract", "client", "client_1"),
        document("b", "delivery_proof", "invoice", "i"),
        document("c", "payment_proof", "payment", "p"),
        records=(payment("p", "2026-01-20", "60000.00", "i"),),
    )
    assert (found.score, found.is_complete, found.missing) == (D(1), True, [])
    assert found.payment_evidence_source == "document"


def test_an_invoice_known_by_its_uuid_has_its_documents_too() -> None:
    assert (
        "performance" in of_invoice(document("b", "delivery_proof", "invoice", uuid("i"))).approved
    )


@pytest.mark.parametrize(
    ("first", "last", "counts"),
    [
        ("2026-01-10", "2026-01-10", True),
        ("2026-01-11", None, False),
        (None, "2026-01-09", False),
        (None, None, True),
    ],
)
def test_what_a_client_has_counts_while_it_is_valid(
    first: str | None, last: str | None, counts: bool
) -> None:
    validity = {
        "valid_from": at(first) * 1000 if first else 0,
        "valid_until": at(last) * 1000 if last else None,
    }
    found = of_invoice(document("a", "contract", "client", "client_1", **validity))
    assert ("agreement" in found.approved) == counts


@pytest.mark.parametrize(
    ("status", "approved", "partial"),
    [
        ("valid", True, False),
        ("pending_review", False, True),
        ("requires_update", False, True),
        ("expired", False, False),
        ("rejected", False, False),
    ],
)
def test_only_what_was_approved_counts_in_full(status: str, approved: bool, partial: bool) -> None:
    found = of_invoice(document("a", "contract", "invoice", "i", compliance_status=status))
    assert ("agreement" in found.approved) == approved
    assert ("agreement" in found.partial_roles) == partial


@pytest.mark.parametrize(
    ("kind", "name"), [("client", "client_1"), ("invoice", "i")], ids=["client's", "linked"]
)
@pytest.mark.parametrize(("last", "counts"), [("2026-01-10", True), ("2026-01-09", False)])
def test_what_expired_later_is_evidence_still(
    kind: str, name: str, last: str, counts: bool
) -> None:
    more = {"compliance_status": "expired", "valid_until": at(last) * 1000}
    found = of_invoice(document("a", "contract", kind, name, **more))
    assert ("agreement" in found.approved) == counts


def test_a_complement_and_a_payment_are_evidence_of_payment() -> None:
    paid = payment("p", "2026-01-20", "60000.00", "i")
    assert of_invoice().payment_evidence_source is None
    assert of_invoice(records=(paid,)).payment_evidence_source == "payment"
    complemented = of_invoice(records=(paid, rep("r", "2026-01-21", "60000.00", "p")))
    assert complemented.payment_evidence_source == "rep"
    assert complemented.score == D("0.2222")  # 20 of 30 + 40 + 20
    assert complemented.missing == ["agreement", "performance"]


@pytest.mark.parametrize(
    ("total", "roles"),
    [
        ("2000.00", ["payment"]),
        ("2000.01", ["performance", "payment"]),
        ("50000.00", ["performance", "payment"]),
        ("50000.01", ["agreement", "performance", "payment"]),
    ],
)
def test_the_policy_asks_by_amount(total: str, roles: list[str]) -> None:
    assert list(evidence(books(invoice(total=total)))[TEAM, "i"].required) == roles


def test_coverage_of_a_client_by_amount() -> None:
    told = books(
        invoice("a", total="1000.00"),
        invoice("b", total="1500.00"),
        cancelled(invoice("c"), "2026-02-01"),
        payment("p", "2026-01-20", "1000.00", "a"),
    )
    assert coverage(told) == {
        (TEAM, "client_1", 2026): {
            "invoices_count": D(2),
            "amount_mxn": D("2500.00"),
            "complete_count": D(1),
            "complete_amount_mxn": D("1000.00"),
            "uncovered_amount_mxn": D("1500.00"),
        }
    }


def test_what_ends_soon_and_what_hangs_on_it() -> None:
    ends = {"valid_until": at("2026-02-10") * 1000}
    told = books(
        invoice(),
        invoice("b", client={"id": "client_2"}),
        documents=[
            document("old", "contract", "client", "client_1", **ends),
            document("new", "contract", "client", "client_1", created_at=at("2026-01-08") * 1000),
            document("other", "communication", "client", "client_1"),
            document(
                "gone", "contract", "client", "client_1", compliance_status="rejected", **ends
            ),
        ],
        as_of=date(2026, 2, 3),
    )
    assert expiring(told) == {
        (TEAM, "old"): (date(2026, 2, 10), 7, "0-7", 1, D("1160.00"), "new"),
    }


@pytest.mark.parametrize(
    ("as_of", "window"),
    [
        ("2026-05-11", "expired"),
        ("2026-05-10", "0-7"),
        ("2026-05-02", "8-30"),
        ("2026-04-09", "31-60"),
        ("2026-03-10", "61-90"),
        ("2026-02-09", "61-90"),
        ("2026-02-08", None),
    ],
)
def test_windows_of_expiry(as_of: str, window: str | None) -> None:
    ends = document("a", "contract", "client", "x", valid_until=at("2026-05-10") * 1000)
    rows = expiring(books(documents=[ends], as_of=date.fromisoformat(as_of)))
    assert [row.window for row in rows.values()] == ([window] if window else [])


def test_the_latest_audit_of_each_context_stands() -> None:
    def audit(day: str, result: str, context: str = "i") -> dict[str, Any]:
        about = {"context_type": "invoice", "context_id": context, "summary": result}
        return {**about, "result": result, "audited_at": at(day) * 1000}

    looked = [
        audit("2026-02-02", "valid"),
        audit("2026-01-20", "invalid"),
        audit("2026-03-01", "x"),
    ]
    told = books(
        documents=[
            document(
                "a", "contract", "invoice", "i", audits=[*looked, audit("2026-01-21", "y", "j")]
            ),
            document("b", "contract", "invoice", "i"),
        ],
        as_of=date(2026, 2, 28),
    )
    assert {key[1:]: (row.result, row.is_passed) for key, row in audits(told).items()} == {
        ("a", "invoice", "i"): ("valid", True),
        ("a", "invoice", "j"): ("y", False),
    }
    assert never_audited(told) == {(TEAM, "b")}


def client(key: str = "client_1", **more: Any) -> dict[str, Any]:
    return {
        "id": key,
        "tax_id": "EKU9003173C9",
        "legal_name": "ESCUELA KEMPER URGATE",
        "tax_system": "601",
        "use": "G03",
        "address": {"zip": "64000"},
        "is_valid": True,
        "efos": {"is_valid": True},
        **more,
    }


@pytest.mark.parametrize(
    ("more", "flags"),
    [
        ({}, set()),
        ({"tax_id": "eku-900317 3C9"}, set()),
        ({"tax_id": "EKU9003173C8"}, {"rfc_check_digit_warning"}),
        ({"tax_id": "PEGJ800101ABC", "tax_system": "612"}, {"rfc_format_invalid"}),
        ({"tax_id": None}, {"rfc_format_invalid"}),
        ({"tax_id": "XAXX010101000", "tax_system": "616", "use": "S01"}, {"is_generic_rfc"}),
        ({"tax_id": "XIQB891116QE4", "tax_system": "612"}, set()),
        ({"tax_id": "XIQB891116QE4"}, {"regime_person_mismatch"}),
        ({"use": "P01"}, {"use_regime_mismatch"}),
        ({"tax_system": ""}, {"missing_tax_regime"}),
        ({"address": None, "legal_name": ""}, {"missing_zip", "missing_legal_name"}),
        ({"is_valid": None}, set()),
        ({"is_valid": False, "efos": {"is_valid": False}}, {"api_not_validated", "efos_listed"}),
        ({"sat_status": {"efos": {"is_valid": False}}}, {"efos_listed"}),
    ],
)
def test_flags_of_a_client(more: dict[str, Any], flags: set[str]) -> None:
    risk = client_risk(books(clients=[client(**more)]), LISTS)[TEAM, "client_1"]
    assert {name for name, is_raised in risk.flags.items() if is_raised} == flags


@pytest.mark.parametrize(
    ("checks", "listed"),
    [
        ({"efos": None}, None),
        ({"efos": {"is_valid": None}, "sat_status": None}, None),
        ({"efos": {"is_valid": True}}, False),
        ({"efos": {"is_valid": True}, "sat_status": {"efos": {"is_valid": False}}}, True),
    ],
)
def test_a_client_that_was_never_checked_may_be_listed(
    checks: dict[str, Any], listed: bool | None
) -> None:
    risk = client_risk(books(clients=[client(**checks)]), LISTS)[TEAM, "client_1"]
    assert risk.flags["efos_listed"] is listed


def test_what_is_at_stake_with_a_client() -> None:
    told = books(
        invoice("a", day="2025-12-30"),
        invoice("b", day="2025-12-31"),
        invoice("c", day="2026-12-01", payment_method="PUE"),
        note("e", "2026-12-02", "116.00", "c", subtotal="100.00"),
        clients=[client()],
        as_of=date(2026, 12, 30),
    )
    risk = client_risk(told, LISTS)[TEAM, "client_1"]
    # owed 2 * 1160.00; revenue of the year apart from them 1000.00 - 100.00
    assert (risk.exposure_mxn, risk.overdue_90_mxn) == (D("3220.00"), D("2320.00"))
    assert risk.flags["has_overdue_90"]
