-- One row per team, month, way of detection and error: CFDI that were not stamped in time. Only
-- api_error was told by the API; the others are inferred.
with failures as (
    select *, from {{ live('fct_stamping_failure') }}
),

stamped as (
    select
        team_id,
        {{ month_of('coalesce(stamped_date, issue_date)') }} as month,
        count(*) as stamped_count,
    from {{ live('fct_cfdi') }}
    where is_stamped
    group by all
)

select
    {{ key([
        'failures.team_id', 'failures.failed_month', 'failures.detection_method',
        'failures.error_type', 'failures.error_code'
    ]) }} as stamping_error_month_key,
    failures.team_id,
    failures.detection_method,
    failures.error_type,
    failures.error_code,
    any_value(errors.description) as description,
    any_value(errors.solution) as solution,
    cast(count(*) as integer) as failures_count,
    cast(count(distinct failures.entity_id) as integer) as documents_affected,
    {{ money(total('failures.amount_mxn', 'not failures.is_resolved')) }}
        as amount_blocked_mxn,
    cast(count(*) filter (where failures.is_resolved) as integer) as resolved_count,
    {{ ratio('count(*) filter (where failures.is_resolved)', 'count(*)') }} as resolved_pct,
    cast(
        quantile_disc(failures.hours_to_resolve, 0.5) filter (where failures.is_resolved) as integer
    ) as median_hours_to_resolve,
    cast(coalesce(any_value(stamped.stamped_count), 0) as integer) as stamped_count,
    {{ ratio('count(*)', '(count(*) + coalesce(any_value(stamped.stamped_count), 0))') }}
        as failure_rate,
    any_value(failures.is_inferred) as is_inferred,
    failures.failed_month,
    any_value(failures.as_of_date) as as_of_date,
from failures
left join stamped on failures.team_id = stamped.team_id and failures.failed_month = stamped.month
left join {{ ref('dim_cfdi_error') }} as errors on failures.error_code = errors.error_code
group by
    failures.team_id, failures.failed_month, failures.detection_method, failures.error_type,
    failures.error_code
