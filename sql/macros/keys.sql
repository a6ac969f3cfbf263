{#- The surrogate key of an object: md5 of its team and its id, so that teams never collide. -#}
{% macro key(columns) -%}
    md5(concat_ws('|', {{ columns | join(', ') }}))
{%- endmacro %}

{#- The same where the object may be missing: then the unknown member of its dimension. -#}
{% macro key_or_unknown(columns) -%}
    case when {{ columns | last }} is null then 'unknown' else {{ key(columns) }} end
{%- endmacro %}

{#- A code of a SAT list as facts carry it; what is missing is the list's unknown member. -#}
{% macro code(column) -%}
    coalesce({{ column }}, 'unknown')
{%- endmacro %}
