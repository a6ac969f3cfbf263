"""What becomes of support documents, which are read under the objects that they prove."""

from pipelines.sandbox.expected.rows import Add, ExpectedRows, numbered
from pipelines.sandbox.storage.store import Record


def document(team_id: str, record: Record, add: Add) -> None:
    key = (team_id, record["id"])
    add("support_documents", key, {})
    for number, _ in numbered(record["audits"]):
        add("support_document_audits", (*key, number), {})
    for number, _ in numbered(record["linked_entities"]):
        add("support_document_linked_entities", (*key, number), {})
    for number, _ in numbered((record["ai_extraction"] or {}).get("warnings")):
        add("support_document_warnings", (*key, number), {})


EXPECTED = (
    ExpectedRows(
        (),
        {
            "support_documents": (),
            "support_document_audits": (),
            "support_document_linked_entities": (),
            "support_document_warnings": (),
            "support_document_parents": (),
        },
    ),
)
