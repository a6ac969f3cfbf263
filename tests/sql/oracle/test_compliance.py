"""The marts of compliance against the oracle, exactly: two teams, three days."""

import csv
from typing import Any

from pipelines.foundation.paths import SQL

from . import cancellations, client_risk, document_dates, materiality, receipts
from .conftest import Audited
from .tables import of_teams

Table = dict[tuple[Any, ...], tuple[Any, ...]]


def test_findings_of_cancellations_and_their_last_days(audited: Audited) -> None:
    sql = """
        select
            team_id, cfdi_id, problem,
            acceptance_required, acceptance_due_date, cancel_deadline_date, days_left,
        from marts.mart_cancellation_deadlines
    """
    found = of_teams(audited.teams, cancellations.findings)
    assert audited.rows(sql, 3) == {key: tuple(row) for key, row in found.items()}


def test_states_of_cancellations(audited: Audited) -> None:
    sql = "select team_id, cfdi_id, cancellation_state from marts.mart_cancellations"
    expected = {
        (books.team, cfdi.key): (state,)
        for books in audited.teams
        for cfdi in books.cfdis.values()
        if cfdi.is_issued_by(books.as_of) and (state := cancellations.state(books, cfdi))
    }
    assert audited.rows(sql, 2) == expected


def test_open_receipts(audited: Audited) -> None:
    sql = "select team_id, receipt_id from marts.mart_receipts_open"
    expected = {
        (books.team, receipt["id"]): ()
        for books in audited.teams
        for receipt in receipts.existing(books)
        if receipts.state(books, receipt) == "open"
    }
    assert audited.rows(sql, 2) == expected


def test_estimates_of_the_global_invoice(audited: Audited) -> None:
    sql = """
        select
            team_id, created_month,
            pending_count, pending_amount_mxn, pending_net_mxn, pending_taxes_mxn,
            self_invoice_rate, self_invoice_rate_count, estimated_global_amount_mxn,
            estimated_net_mxn, estimated_taxes_mxn, estimated_low_mxn, estimated_high_mxn,
        from marts.mart_global_invoice_estimate
    """
    estimates = of_teams(audited.teams, receipts.estimates)
    expected: Table = {key: tuple(vars(one).values()) for key, one in estimates.items()}
    assert audited.rows(sql, 2) == expected


def test_flags_and_exposure_of_clients(audited: Audited) -> None:
    lists = sat_lists()
    told = of_teams(audited.teams, lambda books: client_risk.client_risk(books, lists))
    flags = list(next(iter(told.values())).flags)
    sql = f"""
        select team_id, client_id, {", ".join(flags)}, overdue_90_mxn, exposure_mxn
        from marts.mart_client_risk
    """
    expected = {
        key: (*(one.flags[flag] for flag in flags), one.overdue_90_mxn, one.exposure_mxn)
        for key, one in told.items()
    }
    assert audited.rows(sql, 2) == expected


def test_evidence_of_invoices(audited: Audited) -> None:
    sql = """
        select
            team_id, cfdi_id, required_roles, missing_roles, partial_roles,
            payment_evidence_source, evidence_score, is_evidence_complete,
        from marts.mart_materiality_invoice
    """
    expected = {
        key: (
            ", ".join(sorted(one.required)),
            ", ".join(one.missing) or None,
            ", ".join(one.partial_roles) or None,
            one.payment_evidence_source,
            one.score,
            one.is_complete,
        )
        for key, one in of_teams(audited.teams, materiality.evidence).items()
    }
    assert audited.rows(sql, 2) == expected


def test_coverage_of_clients_by_year(audited: Audited) -> None:
    sql = """
        select
            coverage.team_id, nullif(client_id, 'unknown'), issue_year, invoices_count, amount_mxn,
            complete_count, complete_amount_mxn, uncovered_amount_mxn,
        from marts.mart_materiality_client as coverage
        inner join core.dim_client using (client_key)
    """
    coverage = of_teams(audited.teams, materiality.coverage)
    expected = {key: tuple(row.values()) for key, row in coverage.items()}
    assert audited.rows(sql, 3) == expected


def test_documents_that_expire_and_what_depends_on_them(audited: Audited) -> None:
    sql = """
        select
            team_id, document_id, valid_until_date, days_to_expiry, expiry_window,
            invoices_depending, amount_depending_mxn, renewal_document_id,
        from marts.mart_documents_expiring
    """
    expiring = of_teams(audited.teams, document_dates.expiring)
    assert audited.rows(sql, 2) == {key: tuple(row) for key, row in expiring.items()}


def test_latest_audits(audited: Audited) -> None:
    sql = """
        select
            team_id, document_id, context_type, context_id,
            audit_result, is_passed, audited_date, audit_summary,
        from marts.mart_document_audits where not is_never_audited
    """
    audits = of_teams(audited.teams, document_dates.audits)
    assert audited.rows(sql, 4) == {key: tuple(row) for key, row in audits.items()}


def test_documents_that_were_never_audited(audited: Audited) -> None:
    sql = "select team_id, document_id from marts.mart_document_audits where is_never_audited"
    never = [document_dates.never_audited(books) for books in audited.teams]
    assert set(audited.rows(sql, 2)) == set().union(*never)


def sat_lists() -> client_risk.SatLists:
    """As the seeds have them."""
    uses = {(one["uso_cfdi_code"], one["regimen_fiscal_code"]) for one in _seed("bridge_UsoCFDI")}
    regimes = {
        one["code"]: (one["applies_fisica"] == "true", one["applies_moral"] == "true")
        for one in _seed("c_RegimenFiscal")
    }
    return client_risk.SatLists(frozenset(uses), regimes)


def _seed(name: str) -> list[dict[str, str]]:
    (path,) = (SQL / "seeds").glob(f"{name}*.csv")
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))
