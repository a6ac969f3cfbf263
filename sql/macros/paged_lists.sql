{#- `make generate` writes this file: the lists of a team that are read page by page, the
    view of each, and what document_kind its rows have there. -#}
{% macro paged_lists() -%}
    {{ return([
        {'name': 'users', 'view': 'stg_users', 'kind': none},
        {'name': 'webhooks', 'view': 'stg_webhooks', 'kind': none},
        {'name': 'clients', 'view': 'stg_clients', 'kind': none},
        {'name': 'services', 'view': 'stg_services', 'kind': none},
        {'name': 'invoices_income', 'view': 'stg_invoices', 'kind': 'income'},
        {'name': 'invoices_egress', 'view': 'stg_invoices', 'kind': 'egress'},
        {'name': 'invoices_payment', 'view': 'stg_invoices', 'kind': 'payment_complement'},
        {'name': 'invoices_transfer', 'view': 'stg_invoices', 'kind': 'transfer'},
        {'name': 'invoice_drafts', 'view': 'stg_invoice_drafts', 'kind': none},
        {'name': 'sat_invoices', 'view': 'stg_sat_invoices', 'kind': none},
        {'name': 'retentions', 'view': 'stg_retentions', 'kind': none},
        {'name': 'payments', 'view': 'stg_payments', 'kind': none},
        {'name': 'receipts', 'view': 'stg_receipts', 'kind': none},
    ]) }}
{%- endmacro %}
