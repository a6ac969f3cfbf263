{#- Rows of a recursive query are known by these columns, and `recurring.NAME` is all of them so far
    (DuckDB 1.3 and later). The linter cannot read it, and there `adapter` is not defined. -#}
{% macro using_key(columns) -%}
    {%- if adapter is defined -%}using key ({{ columns | join(', ') }}){%- endif -%}
{%- endmacro %}
