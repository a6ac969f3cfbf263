{#- Before anything is built. The loader's tables must be there; and the note of the last whole build
    loses its fingerprint, by which `gigstack-etl transform` knows that it may leave seeds and staging
    alone: whoever builds next, whole or in part, may leave other models behind. -#}
{% macro begin_build() -%}
    {%- if execute and flags.WHICH in ('build', 'run', 'seed') -%}
        {%- set invoices = adapter.get_relation(target.database, 'gigstack', 'invoices') -%}
        {%- if invoices is none -%}
            {{ exceptions.raise_compiler_error(
                'Nothing is loaded in ' ~ target.path ~ '. Run `gigstack-etl load` first, '
                ~ 'or name another warehouse in GIGSTACK_WAREHOUSE.'
            ) }}
        {%- endif -%}
        {%- if adapter.get_relation(target.database, 'ops', 'transforms') -%}
            {%- do run_query("update ops.transforms set fingerprint = '' where fingerprint <> ''") -%}
            {%- do adapter.commit() -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
