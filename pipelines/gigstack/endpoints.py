"""Every list endpoint of the gigstack API v2, declared once.

An `Entity` is what becomes tables. Its file is `sql/loader/normalize/<name>.sql`, its first table
is the root, the others are its children. A `Resource` is one list endpoint that delivers an
entity. CONTRIBUTING.md says how to add one. API reference: https://docs.gigstack.io
"""

from pipelines.gigstack.endpoint_types import (
    Entity,
    Pagination,
    Resource,
    Scope,
    Table,
    WindowField,
)

__all__ = [
    "ENTITIES",
    "RESOURCES",
    "Entity",
    "Pagination",
    "Resource",
    "Scope",
    "Table",
    "WindowField",
]


def _entity(
    name: str,
    key: str,
    links: dict[str, str] | None = None,
    *,
    is_short_lived: bool = False,
    is_in_both_modes: bool = False,
    **children: str,
) -> tuple[str, Entity]:
    """An entity by its name; keys are column names separated by blanks.

    A child's key columns come after those of its root.
    """
    root = Table(name, tuple(key.split()))
    return name, Entity(
        name,
        root,
        tuple(Table(child, (*root.key, *more.split()), name) for child, more in children.items()),
        tuple(Table(link, tuple(columns.split())) for link, columns in (links or {}).items()),
        is_short_lived,
        is_in_both_modes,
    )


ENTITIES: dict[str, Entity] = dict(
    (
        _entity("clients", "client_id", client_sat_hits="hit_number"),
        _entity("services", "service_id", service_taxes="tax_number"),
        _entity(
            "invoices",
            "invoice_id",
            invoice_items="item_number",
            invoice_item_taxes="item_number tax_number",
            invoice_payments="payment_id",
            invoice_links="linked_invoice_id",
            invoice_related_documents="relation_number document_number",
            invoice_complements="complement_number",
            invoice_automations="automation_number",
        ),
        _entity(
            "invoice_drafts",
            "draft_id",
            is_short_lived=True,
            invoice_draft_items="item_number",
            invoice_draft_item_taxes="item_number tax_number",
        ),
        _entity("sat_invoices", "uuid direction"),
        _entity("retentions", "retention_id", retention_taxes="tax_number"),
        _entity("cfdi_errors", "code", is_in_both_modes=True),
        _entity(
            "payments",
            "payment_id",
            payment_items="item_number",
            payment_item_taxes="item_number tax_number",
            payment_invoices="invoice_id",
            payment_receipts="receipt_id",
            payment_related_payments="related_payment_id",
            payment_refunds="refund_number",
            payment_allowed_methods="method",
            payment_automations="automation_number",
        ),
        _entity(
            "receipts",
            "receipt_id",
            receipt_items="item_number",
            receipt_item_taxes="item_number tax_number",
            receipt_invoices="invoice_id",
            receipt_payments="payment_id",
        ),
        _entity("teams", "", is_in_both_modes=True, team_members="user_id"),
        _entity("team_integrations", "provider", is_in_both_modes=True),
        _entity("team_series", "series", is_in_both_modes=True),
        _entity("users", "user_id", is_in_both_modes=True, user_teams="member_team_id"),
        _entity("webhooks", "webhook_id", is_in_both_modes=True, webhook_events="event"),
        _entity(
            "support_documents",
            "document_id",
            {"support_document_parents": "document_id parent_type parent_id"},
            support_document_audits="audit_number",
            support_document_linked_entities="link_number",
            support_document_warnings="warning_number",
        ),
        _entity("sat_download_requests", "request_id"),
        _entity("sat_lists", "list_id", is_in_both_modes=True),
    )
)


def _invoices(
    name: str, kind: str, title: tuple[str, str], needed_field: str | None = "items"
) -> Resource:
    """One of the lists of CFDI that the team issued. A CFDI always has items, but a complement."""
    path = f"/invoices/{name}"
    return Resource(
        f"invoices_{name}",
        "invoices",
        (path,),
        kind=kind,
        created_filter=True,
        window=WindowField.CREATED,
        single_path=f"{path}/{{id}}",
        needed_field=needed_field,
        title=title,
    )


def _support_documents(
    parent: str, title: tuple[str, str], *, is_optional: bool = False
) -> Resource:
    """The support documents of the objects of a list."""
    return Resource(
        f"{parent}_support_documents",
        "support_documents",
        (f"/{parent}s/{{parent}}/support-documents",),
        Pagination.SINGLE,
        Scope.PARENT,
        kind=parent,
        parents=f"{parent}s",
        is_optional=is_optional,
        title=title,
    )


RESOURCES: dict[str, Resource] = {
    resource.name: resource
    for resource in (
        Resource(
            "teams",
            "teams",
            ("/teams",),
            scope=Scope.KEY,
            own_path="/teams/{team}",
            title=("Equipos", "Teams"),
        ),
        Resource(
            "team_integrations",
            "team_integrations",
            ("/teams/integrations",),
            Pagination.SINGLE,
            map_key="provider",
            title=("Integraciones", "Integrations"),
        ),
        Resource(
            "team_series",
            "team_series",
            ("/teams/{team}/series",),
            Pagination.SINGLE,
            map_key="series",
            title=("Series", "Series"),
        ),
        Resource("users", "users", ("/users",), title=("Usuarios", "Users")),
        Resource(
            "webhooks",
            "webhooks",
            ("/webhooks",),
            Pagination.CURSOR,
            title=("Webhooks", "Webhooks"),
        ),
        Resource(
            "clients",
            "clients",
            ("/clients",),
            created_filter=True,
            single_path="/clients/{id}",
            title=("Clientes", "Clients"),
        ),
        Resource(
            "services",
            "services",
            ("/services",),
            created_filter=True,
            single_path="/services/{id}",
            title=("Productos y servicios", "Products and services"),
        ),
        _invoices("income", "income", ("Facturas de ingreso", "Income invoices")),
        _invoices("egress", "egress", ("Notas de crédito (egreso)", "Credit notes (egress)")),
        _invoices(
            "payment",
            "payment_complement",
            ("Complementos de pago", "Payment complements"),
            needed_field=None,
        ),
        _invoices("transfer", "transfer", ("Facturas de traslado", "Transfer invoices")),
        Resource(
            "invoice_drafts",
            "invoice_drafts",
            ("/invoices/draft",),
            created_filter=True,
            title=("Borradores de factura", "Invoice drafts"),
        ),
        Resource(
            "sat_invoices",
            "sat_invoices",
            ("/invoices/sat",),
            Pagination.STARTING_AFTER,
            window=WindowField.ISSUED,
            title=("Facturas según el SAT", "Invoices as SAT sees them"),
        ),
        Resource(
            "retentions",
            "retentions",
            ("/retentions",),
            created_filter=True,
            is_silent_on_team=True,
            window=WindowField.CREATED,
            title=("Retenciones", "Retentions"),
        ),
        Resource(
            "payments",
            "payments",
            ("/payments",),
            created_filter=True,
            window=WindowField.CREATED,
            single_path="/payments/{id}",
            title=("Pagos", "Payments"),
        ),
        Resource(
            "receipts",
            "receipts",
            ("/receipts",),
            created_filter=True,
            window=WindowField.CREATED,
            single_path="/receipts/{id}",
            needed_field="items",
            title=("Recibos", "Receipts"),
        ),
        _support_documents("client", ("Documentos de clientes", "Documents of clients")),
        _support_documents(
            "invoice", ("Documentos de facturas", "Documents of invoices"), is_optional=True
        ),
        _support_documents(
            "payment", ("Documentos de pagos", "Documents of payments"), is_optional=True
        ),
        Resource(
            "cfdi_errors",
            "cfdi_errors",
            ("/invoices/cfdi-errors", "/invoices/errors", "/cfdi-errors"),
            Pagination.PAGE,
            Scope.KEY,
            title=("Errores de CFDI", "CFDI errors"),
        ),
        Resource(
            "sat_lists",
            "sat_lists",
            ("/sat-lists", "/sat/lists"),
            Pagination.SINGLE,
            Scope.KEY,
            title=("Listas del SAT", "SAT lists"),
        ),
        Resource(
            "sat_download_requests",
            "sat_download_requests",
            ("/invoices/download/schedule/history",),
            Pagination.SINGLE,
            list_at="history",
            is_optional=True,  # the call makes gigstack ask SAT
            title=("Solicitudes de descarga al SAT", "Download requests to SAT"),
        ),
    )
}
