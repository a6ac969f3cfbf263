{#- Whole weeks from the due date to a day: 0 is the week that begins with the due date, -1 the one
    before. Integer division cuts towards zero, so all is moved far into the positive first. -#}
{% macro weeks_past_due(day, due_date='due_date') -%}
    ((({{ day }} - {{ due_date }}) + 70000) // 7 - 10000)
{%- endmacro %}

{#- Clients that pay alike, as far as the RFC tells: companies, persons, the general public. -#}
{% macro client_segment(person_type) -%}
    case
        when {{ person_type }} in ('moral', 'fisica') then {{ person_type }}
        when {{ person_type }} in ('generico_nacional', 'generico_extranjero') then 'generico'
        else 'otro'
    end
{%- endmacro %}

{#- Where there is no history: gigstack's own command line expects 90, 75, 50, 30 and 15 % by age.
    As a part of what is left each week, so that thirteen weeks bring that share: 1 - (1 - p)^(1/13). -#}
{% macro fallback_weekly_rate(bucket) -%}
    case {{ bucket }}
        when '0 Por vencer' then 0.162322
        when '1 1-30' then 0.162322
        when '2 31-60' then 0.101149
        when '3 61-90' then 0.051922
        when '4 91-120' then 0.027064
        else 0.012424
    end
{%- endmacro %}

{#- How far back the curve looks, and how many invoices it takes to trust it. -#}
{% macro history_days() -%}
    cast('{{ var("forecast_history_days") }}' as integer)
{%- endmacro %}

{% macro least_invoices() -%}
    cast('{{ var("forecast_least_invoices") }}' as integer)
{%- endmacro %}
