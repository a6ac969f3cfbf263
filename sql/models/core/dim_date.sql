-- One row per day, without gaps, for whole years: from the year of the oldest document to the year
-- after the day as of which everything is told.
with bounds as (
    select min(coalesce(issued_date, created_date)) as first_day,
    from {{ ref('stg_invoices') }}
    union all
    select min(coalesce(succeeded_date, created_date)) as first_day,
    from {{ ref('stg_payments') }}
    union all
    select min(created_date) as first_day,
    from {{ ref('stg_receipts') }}
    union all
    select min(as_of_date) as first_day,
    from {{ ref('dim_team') }}
),

days as (
    select cast(unnest(generate_series(
        date_trunc('year', (select min(first_day), from bounds)),
        coalesce(
            (select max(as_of_date), from {{ ref('dim_team') }}), {{ local_date('now()', "''") }}
        ) + interval 1 year,
        interval 1 day
    )) as date) as date_key
),

whole_years as (
    select
        cast(unnest(generate_series(
            cast(min(date_key) as timestamp),
            make_date(year(max(date_key)), 12, 31),
            interval 1 day
        )) as date) as date_key,
    from days
),

marked as (
    select
        whole_years.date_key,
        holidays.name_es as holiday_name_es,
        holidays.date is not null as is_mx_holiday,
    from whole_years
    left join {{ ref('mx_holidays') }} as holidays
        on whole_years.date_key = cast(holidays.date as date)
)

select
    date_key,
    cast(strftime(date_key, '%Y%m%d') as integer) as date_id,
    strftime(date_key, '%Y-%m') as year_month,
    {{ sat_month_code('date_key') }} as sat_month_code,
    {{ sat_bimester_code('date_key') }} as sat_bimester_code,
    [
        'enero', 'febrero', 'marzo', 'abril', 'mayo', 'junio', 'julio', 'agosto', 'septiembre',
        'octubre', 'noviembre', 'diciembre',
    ][month(date_key)] as month_name_es,
    strftime(date_key, '%B') as month_name_en,
    ['lunes', 'martes', 'miércoles', 'jueves', 'viernes', 'sábado', 'domingo'][
        isodow(date_key)
    ] as day_name_es,
    strftime(date_key, '%A') as day_name_en,
    holiday_name_es,
    cast(year(date_key) as integer) as year,
    cast(quarter(date_key) as integer) as quarter,
    cast(month(date_key) as integer) as month_number,
    cast(isoyear(date_key) as integer) as iso_year,
    cast(week(date_key) as integer) as iso_week,
    cast(isodow(date_key) as integer) as day_of_week,
    cast(year(date_key) as integer) as fiscal_year,
    isodow(date_key) >= 6 as is_weekend,
    date_key = last_day(date_key) as is_month_end,
    is_mx_holiday,
    isodow(date_key) < 6 and not is_mx_holiday as is_working_day,
    {{ month_of('date_key') }} as month_start_date,
    last_day(date_key) as month_end_date,
    {{ rep_due_date('date_key') }} as rep_due_date_for_month,
from marked
