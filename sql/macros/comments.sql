{#- Descriptions as comments, one statement list a table. In place of dbt's own macro, which asks for
    the columns of each table twice. Here every column that is described exists, or it is an error. -#}
{% macro duckdb__persist_docs(relation, model, for_relation, for_columns) -%}
    {%- set comments -%}
        {%- if for_relation and config.persist_relation_docs() and model.description %}
        {{ duckdb__alter_relation_comment(relation, model.description) }}
        {%- endif %}
        {%- if for_columns and config.persist_column_docs() %}
        {%- for column in model.columns.values() %}
        comment on column {{ relation }}.{{ adapter.quote(column.name) }}
        is {{ duckdb_escape_comment(column.description) }};
        {%- endfor %}
        {%- endif %}
    {%- endset -%}
    {%- if comments | trim %}{% do run_query(comments) %}{% endif -%}
{%- endmacro %}
