"""One row per document, with audits, links, warnings and parents."""

import json
from collections.abc import Callable

from pipelines.gigstack.endpoints import ENTITIES
from tests.sql.rows import (
    WRITTEN,
    Tables,
    at,
    fixture,
    normalizer_of,
    page_of,
    rows_of,
    tables_of,
)

Load = Callable[[str], Tables]


def test_a_document_is_as_of_the_updated_at_of_the_api_and_has_no_file_url(load: Load) -> None:
    assert load("support_documents")["support_documents"][1] == WRITTEN | {
        "document_id": "doc_k20",
        "document_type": "contract",
        "name": "Contrato «marco» nº 1",
        "file_name": "contrato.pdf",
        "mime_type": "application/pdf",
        "compliance_status": "valid",
        "ai_extraction_extracted_by": "ai",
        "ai_extraction_model": "m-1",
        "created_by": "usr_8H2",
        "ai_extraction_extracted_data": '{"fechas":{"fin":null,"firma":"2026-01-15"},'
        '"parte":"Peña"}',
        "tags": '["2026","marco"]',
        "metadata": '{"a":2,"b":1}',
        "file_size": 88211,
        "ai_extraction_confidence": 0.8,
        "valid_from": at("2025-09-01T00:00:00"),
        "valid_until": at("2026-08-31T06:00:00"),
        "ai_extraction_extracted_at": at("2025-09-27T19:13:20"),
        "created_at": at("2025-09-27T19:06:40"),
        "updated_at": at("2025-09-27T19:15:00"),
        "updated_at_basis": "api",
        "extra": '{"ai_extraction":{"tokens":512}}',
    }


def test_a_document_without_extraction_has_its_columns_null(load: Load) -> None:
    assert load("support_documents")["support_documents"][0] == WRITTEN | {
        "document_id": "doc_2",
        "created_at": at("2025-09-27T19:06:40"),
        "updated_at": at("2025-09-27T19:06:40"),
        "updated_at_basis": "lifecycle",
        "extra": '{"file_size":"grande","retention_years":5}',
    }


def test_audits_keep_their_place_and_free_details(load: Load) -> None:
    assert load("support_documents")["support_document_audits"] == [
        {
            "team_id": "team_1",
            "document_id": "doc_k20",
            "audit_number": 1,
            "context_type": "invoice",
            "context_id": "inv_5tRk20",
            "result": "valid",
            "summary": "ok",
            "details": '{"puntos":90}',
            "audited_at": at("2025-09-27T19:14:10"),
        },
        {
            "team_id": "team_1",
            "document_id": "doc_k20",
            "audit_number": 3,
            "result": "invalid",
            "extra": '{"audited_at":"ayer","reviewer":"usr_8H2"}',
        },
    ]


def test_linked_entities_keep_their_place(load: Load) -> None:
    assert load("support_documents")["support_document_linked_entities"] == [
        {
            "team_id": "team_1",
            "document_id": "doc_k20",
            "link_number": 1,
            "entity_type": "client",
            "entity_id": "client_Qa71",
        },
        {
            "team_id": "team_1",
            "document_id": "doc_k20",
            "link_number": 2,
            "entity_type": "invoice",
            "entity_id": "inv_5tRk20",
            "linked_at": at("2025-09-27T19:06:40"),
            "extra": '{"by":"ai"}',
        },
    ]


def test_warnings_keep_their_place_and_a_null_warning_is_no_row(load: Load) -> None:
    assert load("support_documents")["support_document_warnings"] == [
        {
            "team_id": "team_1",
            "document_id": "doc_k20",
            "warning_number": 1,
            "warning": "Firma ilegible",
        },
        {"team_id": "team_1", "document_id": "doc_k20", "warning_number": 3, "warning": "Página 2"},
    ]


def test_each_document_is_linked_to_the_parent_it_was_listed_under(load: Load) -> None:
    assert load("support_documents")["support_document_parents"] == [
        {
            "team_id": "team_1",
            "document_id": "doc_2",
            "parent_type": "client",
            "parent_id": "client_1",
        },
        {
            "team_id": "team_1",
            "document_id": "doc_k20",
            "parent_type": "client",
            "parent_id": "client_1",
        },
    ]


def test_the_documented_example_comes_to_the_rows_of_the_contract() -> None:
    records = json.loads(fixture("list-support-documents"))["data"]
    assert tables_of("support_documents", records) == {
        "support_documents": [
            WRITTEN
            | {
                "document_id": "doc_abc123xyz",
                "document_type": "contract",
                "name": "Service Contract.pdf",
                "description": "Main service contract for consulting services",
                "file_name": "contract.pdf",
                "mime_type": "application/pdf",
                "compliance_status": "pending_review",
                "compliance_notes": "string",
                "ai_extraction_extracted_by": "ai",
                "ai_extraction_model": "gemini-3-flash",
                "created_by": "user_abc123",
                "ai_extraction_extracted_data": '{"property1":"string","property2":"string"}',
                "file_size": 245680,
                "ai_extraction_confidence": 0.95,
                "created_at": at("2023-03-01T06:13:54"),
                "updated_at": at("2023-03-01T06:13:54"),
                "updated_at_basis": "api",
            }
        ],
        "support_document_audits": [
            {
                "team_id": "team_1",
                "document_id": "doc_abc123xyz",
                "audit_number": 1,
                "context_type": "invoice",
                "context_id": "string",
                "result": "valid",
                "summary": "string",
                "details": '{"property1":"string","property2":"string"}',
            }
        ],
        "support_document_linked_entities": [
            {
                "team_id": "team_1",
                "document_id": "doc_abc123xyz",
                "link_number": 1,
                "entity_type": "invoice",
                "entity_id": "string",
            }
        ],
        "support_document_warnings": [
            {
                "team_id": "team_1",
                "document_id": "doc_abc123xyz",
                "warning_number": 1,
                "warning": "string",
            }
        ],
        "support_document_parents": [
            {
                "team_id": "team_1",
                "document_id": "doc_abc123xyz",
                "parent_type": "client",
                "parent_id": "client_1",
            }
        ],
    }


def test_a_document_listed_under_two_parents_is_one_row_with_two_links() -> None:
    normalizer = normalizer_of("support_documents")
    document = [{"id": "doc_1", "created_at": 1759000000000}]
    resources = ("client_support_documents", "invoice_support_documents")
    pages = [page_of("support_documents", document, resource) for resource in resources]
    batch = normalizer.normalize([normalizer.check_page(page) for page in pages])
    entity = ENTITIES["support_documents"]
    assert [row["document_id"] for row in rows_of(batch, entity.root)] == ["doc_1"]
    assert [row["parent_type"] for row in rows_of(batch, entity.links[0])] == ["client", "invoice"]
